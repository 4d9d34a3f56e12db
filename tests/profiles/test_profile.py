"""Profiles: what is taken, what is refused and how, and that secrets stay secret."""

from __future__ import annotations

import copy
import dataclasses
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cammra_edge.config import Settings
from cammra_edge.errors import ConfigError
from cammra_edge.model import Direction, EventKind, ImageKind, ImageWord, ListMatch
from cammra_edge.profile import (
    Auth,
    Endpoint,
    Framing,
    Ftp,
    HttpPost,
    Keepalive,
    Mqtt,
    NetworkMode,
    Order,
    Profile,
    Tcp,
    Timeouts,
    Tls,
    Utmc,
)
from tests.payload.events import EVENT

URL = "http://10.0.5.223:8077/listener.php"


@pytest.mark.parametrize(
    ("url", "mode", "endpoint"),
    [
        ("10.0.5.223", NetworkMode.HTTPS, Endpoint("https", "10.0.5.223", 443, "/")),
        ("10.0.5.223", NetworkMode.HTTP, Endpoint("http", "10.0.5.223", 80, "/")),
        (URL, NetworkMode.HTTPS, Endpoint("http", "10.0.5.223", 8077, "/listener.php")),
        ("https://h", NetworkMode.HTTP, Endpoint("https", "h", 443, "/")),
        ("HTTP://H:1/A", NetworkMode.HTTPS, Endpoint("http", "h", 1, "/A")),
        ("h/x?a=b&c=%20", NetworkMode.HTTPS, Endpoint("https", "h", 443, "/x?a=b&c=%20")),
        ("http://[fe80::1]:81", NetworkMode.HTTP, Endpoint("http", "fe80::1", 81, "/")),
        ("http://[fe80::1%eth0]", NetworkMode.HTTP, Endpoint("http", "fe80::1%eth0", 80, "/")),
        ("http://[fe80::1%25eth0]", NetworkMode.HTTP, Endpoint("http", "fe80::1%eth0", 80, "/")),
        ("faß.de", NetworkMode.HTTPS, Endpoint("https", "xn--fa-hia.de", 443, "/")),
        ("βόλος.com", NetworkMode.HTTPS, Endpoint("https", "xn--nxasmm1c.com", 443, "/")),
        (
            "http://münchen.example/ü",
            NetworkMode.HTTP,
            Endpoint("http", "xn--mnchen-3ya.example", 80, "/%C3%BC"),
        ),
    ],
)
def test_a_url_without_a_scheme_takes_the_network_mode(
    url: str, mode: NetworkMode, endpoint: Endpoint
) -> None:
    settings = Settings(
        profiles=[Profile("a", HttpPost(url)), Profile("b", Utmc(url)), Profile("c", Tcp("h:1"))],
        keepalive=Keepalive(server_url=url),
        network_mode=mode,
    )
    post, template, tcp = (profile.protocol.endpoint() for profile in settings.profiles)
    assert post == template == settings.keepalive.transport().endpoint() == endpoint
    assert tcp == Endpoint("tcp", "h", 1)


def test_another_network_mode_is_another_destination() -> None:
    settings = Settings(profiles=[Profile("a", HttpPost("h")), Profile("b", Tcp("h:1"))])
    changed = replace(settings, network_mode="http")
    assert changed.profiles[0] != settings.profiles[0]
    assert changed.profiles[1] == settings.profiles[1]
    assert replace(changed, network_mode="https") == settings


@pytest.mark.parametrize(
    "url",
    [
        "",
        " ",
        "http://",
        "ftp://h/",
        "h:0",
        "h:65536",
        "h:x",
        "http://u:geheim@h/",
        "u@h",
        "h/a b",
        "h/a\r\nX: y",
        "h/a#b",
        "h\\..\\x",
        "http://[::1",
        "http://[zz]/",
        "http://-h/",
        "http://h..x/",
        "http://999.1.1.1/",
        "http://" + "h" * 64 + "/",
        "http://h\0/",
    ],
)
def test_a_bad_url_is_refused_by_name(url: str) -> None:
    with pytest.raises(ConfigError, match=r"^HttpPost: server_url is .*: want ") as caught:
        HttpPost(url)
    assert "geheim" not in str(caught.value)


@given(st.text(max_size=60))
def test_whatever_is_typed_becomes_a_clean_endpoint_or_an_error(url: str) -> None:
    try:
        endpoint = HttpPost(url).endpoint()
    except ConfigError:
        return
    written = f"{endpoint.host}{endpoint.target}"
    assert written.isascii()
    assert not any(sign.isspace() or not sign.isprintable() for sign in written)
    assert 1 <= endpoint.port <= 65535
    assert endpoint.target.startswith("/")


def test_tcp_wants_host_and_port() -> None:
    assert Tcp("10.0.5.224:7001").endpoint() == Endpoint("tcp", "10.0.5.224", 7001, "")
    for bad in ("10.0.5.224", "h:7001/path", "http://h:1"):
        with pytest.raises(ConfigError, match=r"^Tcp: server_url"):
            Tcp(bad)


def test_ftp_knows_its_ports() -> None:
    ports = [
        Ftp(f"{scheme}://h").endpoint().port for scheme in ("ftp", "ftps", "ftps-implicit", "sftp")
    ]
    assert ports == [21, 21, 990, 22]


SECRETS: list[tuple[type, str, dict[str, Any]]] = [
    (HttpPost, "h", {"password": "geheim"}),
    (HttpPost, "h", {"auth_header": "X-Api-Key: geheim"}),
    (HttpPost, "h", {"proxy": "http://p:1", "proxy_user": "u", "proxy_password": "geheim"}),
    (HttpPost, "h", {"tls": Tls(client_key_password="geheim")}),
    (Ftp, "ftp://h", {"password": "geheim"}),
]


@pytest.mark.parametrize(("kind", "url", "settings"), SECRETS)
def test_a_secret_is_masked_in_every_view(kind: type, url: str, settings: dict[str, Any]) -> None:
    profile = Profile("p", kind(url, **settings))
    for shown in (repr(profile), str(profile), f"{profile.protocol}", repr([profile])):
        assert "geheim" not in shown
        assert "***" in shown


@pytest.mark.parametrize(
    ("field", "value"),
    [("password", "geheim\r\n"), ("auth_header", "X: geheim\n"), ("auth_header", "X Y: geheim")],
)
def test_a_secret_is_masked_in_errors(field: str, value: str) -> None:
    with pytest.raises(ConfigError, match=rf"^HttpPost: {field} is '\*\*\*'") as caught:
        HttpPost("h", **{field: value})  # type: ignore[arg-type] # wrong on purpose
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("auth", "kerberos"),
        ("multipart", "yes"),
        ("user", "a:b"),
        ("user", "a\r\nb"),
        ("auth_header", "Content-Length: 5"),
        ("auth_header", "X: ü"),
        ("part_names", ("a", "b")),
        ("part_names", ("a", "b", 'c"')),
        ("part_names", ("a", "b", "c\r\n")),
        ("proxy", "ftp://p"),
        ("success_body", "a\nb"),
    ],
)
def test_a_bad_http_setting_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(ConfigError, match=f"^HttpPost: {field}"):
        HttpPost("h", **{field: value})  # type: ignore[arg-type] # wrong on purpose


def test_settings_that_need_each_other() -> None:
    with pytest.raises(ConfigError, match=r"^HttpPost: user is ''"):
        HttpPost("h", auth="basic")
    with pytest.raises(ConfigError, match=r"^HttpPost: auth_header"):
        HttpPost("h", auth="bearer")
    for header in ("abc", "Authorization: Token abc"):
        with pytest.raises(
            ConfigError, match=r"^HttpPost: auth_header is '\*\*\*'.* one Authorization"
        ):
            HttpPost("h", user="u", auth_header=header)
        assert HttpPost("h", auth_header=header).extra_header()
    assert HttpPost("h", user="u", auth_header="X-Api-Key: k").extra_header() == ("X-Api-Key", "k")
    with pytest.raises(ConfigError, match=r"^Tcp: framing"):
        Tcp("h:1", persistent=True, framing="none")
    with pytest.raises(ConfigError, match="client_key"):
        Tls(client_key="k.pem")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("events", {"newest"}),
        ("events", "new"),
        ("image", "thumbnail"),
        ("two_images", 1),
        ("quality", 0),
        ("quality", 101),
        ("quality", True),
        ("subsampling", "4:1:1"),
        ("max_image_bytes", 10),
        ("downsized_into", (640,)),
        ("downsized_into", (0, 360)),
        ("expires_s", {"reliable": -1}),
        ("expires_s", {"soon": 1}),
        ("expires_s", {"lost": float("nan")}),
        ("order", "random"),
        ("window", 0),
        ("latitude", 91),
        ("longitude", float("inf")),
        ("device_id", "a\r\nb"),
        ("device_id", 7),
        ("device_id", "\ud800"),
        ("min_confidence", 2),
        ("rois", {0}),
        ("directions", {"up"}),
    ],
)
def test_a_bad_setting_is_refused_by_name_and_profile(field: str, value: object) -> None:
    with pytest.raises(ConfigError, match=rf"^profile 'gate': {field}"):
        Profile("gate", HttpPost("h"), **{field: value})  # type: ignore[arg-type] # wrong on purpose


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 65])
def test_a_bad_name_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=r"^profile .*: name is "):
        Profile(name, HttpPost("h"))


def test_words_become_values() -> None:
    profile = Profile(
        "p",
        Tcp("h:1", persistent=True),
        events={"reliable", EventKind.LOST},
        image="full frame",
        order="live_first",
    )
    assert profile.events == {EventKind.RELIABLE, EventKind.LOST}
    assert profile.image is ImageKind.FULL_FRAME
    assert profile.order is Order.LIVE_FIRST
    assert profile.protocol == Tcp("h:1", persistent=True, framing="newline")
    assert Tcp("h:1").framing is Framing.NONE
    assert HttpPost("h", auth="basic", user="u").auth is Auth.BASIC


def test_a_profile_can_be_copied_and_changed() -> None:
    profile = Profile("p", HttpPost("h", password="x"), expires_s={"reliable": 5.0})
    assert replace(profile, device_id="GATE-1").device_id == "GATE-1"
    assert copy.deepcopy(profile) == profile
    assert dataclasses.asdict(profile)["expires_s"] == {EventKind.RELIABLE: 5.0}


@pytest.mark.parametrize(
    ("image", "two", "kinds"),
    [
        (None, True, []),
        ("vehicle crop", False, [ImageKind.VEHICLE_CROP]),
        ("vehicle crop", True, [ImageKind.VEHICLE_CROP, ImageKind.PLATE_CROP]),
        ("license plate crop", True, [ImageKind.PLATE_CROP]),
    ],
)
def test_which_images_are_asked_for(
    image: ImageWord | None,
    two: bool,  # noqa: FBT001 - pytest's
    kinds: list[ImageKind],
) -> None:
    specs = Profile("p", HttpPost("h"), image=image, two_images=two, quality=70).image_specs()
    assert [spec.kind for spec in specs] == kinds
    assert all(spec.quality == 70 and spec.fit is None for spec in specs)


@pytest.mark.parametrize(
    ("protocol", "pictured"),
    [
        (HttpPost("h"), set(EventKind)),
        (Mqtt("h"), {EventKind.RELIABLE, EventKind.LOST}),
        (Mqtt("h", images="all"), set(EventKind)),
        (Mqtt("h", images="none"), set()),
        (Mqtt("h", version="3.1.1"), set()),
    ],
)
def test_images_are_asked_for_where_events_go_with_them(
    protocol: HttpPost | Mqtt, pictured: set[EventKind]
) -> None:
    profile = Profile("p", protocol)
    assert {kind for kind in EventKind if profile.image_specs(kind)} == pictured
    assert bool(profile.image_specs()) == bool(pictured)


def test_only_a_downsized_frame_has_a_size_to_fit_into() -> None:
    (spec, plate) = Profile(
        "p", HttpPost("h"), image="downsized frame", two_images=True
    ).image_specs()
    assert (spec.fit, plate.fit) == ((640, 360), None)


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({}, True),
        ({"enabled": False}, False),
        ({"events": {"new"}}, False),
        ({"directions": {"out"}}, True),
        ({"directions": {Direction.IN}}, False),
        ({"rois": {2}}, False),
        ({"lists": {"block"}}, True),
        ({"lists": {"Residents"}}, False),
        ({"min_confidence": 0.9}, False),
    ],
)
def test_the_filters(settings: dict[str, Any], wanted: bool) -> None:  # noqa: FBT001 - pytest's
    event = replace(EVENT, listed=ListMatch(name="Stolen", mode="block"))
    assert Profile("p", HttpPost("h"), **({"events": {"update"}} | settings)).wants(event) is wanted


def test_a_pin_is_taken_as_it_is_printed() -> None:
    pin = ":".join(["AB"] * 32)
    assert Tls(pin=pin).pin == "ab" * 32
    with pytest.raises(ConfigError, match=r"^Tls: pin"):
        Tls(pin="ab")


def test_a_time_limit_must_be_one() -> None:
    with pytest.raises(ConfigError, match=r"^Timeouts: total_s"):
        Timeouts(total_s=0)
