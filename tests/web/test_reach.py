"""A page that listens to the network: what is printed can be typed, and it answers by the machine's names alone."""

from __future__ import annotations

import argparse
import ipaddress
import socket
from typing import TYPE_CHECKING

import httpx
import pytest

from cammra_edge.cli.paging import host_name
from cammra_edge.web import reach, serve_page
from tests.web.still import PATIENT_S, StillEngine, still_settings

if TYPE_CHECKING:
    from pathlib import Path

EVERYWHERE = "0.0.0.0"  # noqa: S104 - the case


def status(url: str, host: str) -> int:
    """What a request with this `Host` is answered."""
    with httpx.Client(trust_env=False, timeout=PATIENT_S) as http:
        return http.get(url, headers={"Host": host}).status_code


def test_every_address_that_is_printed_answers_and_none_is_that_of_everywhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = StillEngine(still_settings(tmp_path))
    with serve_page(engine, EVERYWHERE, 0, folder=tmp_path / "p", hosts=["gate.example"]) as page:
        told = capsys.readouterr().err
        assert EVERYWHERE not in told
        assert page.url == page.urls[0]
        assert all(f"{url}\n" in told for url in page.urls)
        *addresses, name = page.urls
        assert httpx.URL(name).host == "gate.example"
        assert addresses
        for url in addresses:
            ipaddress.ip_address(httpx.URL(url).host)
            assert httpx.get(url, trust_env=False, timeout=PATIENT_S).status_code == 200


def test_it_answers_by_its_own_names_and_by_those_that_were_given_and_by_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "Kamera-7.Depot.Example")
    engine = StillEngine(still_settings(tmp_path))
    with serve_page(
        engine, EVERYWHERE, 0, folder=tmp_path / "p", hosts=["gate.example"], say=False
    ) as page:
        port = httpx.URL(page.url).port
        url = f"http://127.0.0.1:{port}/"
        for own in ("kamera-7.depot.example", "KAMERA-7", "kamera-7.local", "gate.example"):
            assert status(url, f"{own}:{port}") == 200, own
        for other in ("evil.example", "depot.example", "kamera-7.evil.example", "local", ""):
            assert status(url, other) == 421, other


def test_a_page_of_this_machine_alone_knows_no_name_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "kamera-7")
    engine = StillEngine(still_settings(tmp_path))
    with serve_page(engine, port=0, folder=tmp_path / "p", say=False) as page:
        assert page.urls == (page.url,)
        assert status(page.url, "kamera-7") == 421


@pytest.mark.parametrize("name", ["", "."])
def test_a_machine_without_a_name_has_none(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: name)
    assert reach.own_names() == ()


def test_where_there_is_no_network_its_own_loopback_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reach, "own_addresses", lambda **_: [])
    assert reach.urls("http", "0.0.0.0", 8080, ()) == ("http://127.0.0.1:8080/",)  # noqa: S104 - the case
    assert reach.urls("https", "::", 443, ()) == ("https://[::1]/",)


def test_the_network_that_leads_to_the_world_comes_first_and_both_kinds_of_addresses_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    routes, addresses = tmp_path / "route", tmp_path / "if_inet6"
    routes.write_text("Iface Destination Gateway\nwan0 00000000 0101A8C0\nlan0 0000A8C0 0\n")
    addresses.write_text(
        "20010db8000000000000000000000007 02 40 00 80 wan0\n"
        "fe800000000000000000000000000007 02 40 20 80 wan0\n"
        "00000000000000000000000000000001 01 80 10 80 lo\n"
    )
    monkeypatch.setattr(reach, "_ROUTES", routes)
    monkeypatch.setattr(reach, "_ADDRESSES_6", addresses)
    found = [("lan0", "192.168.0.7"), ("wan0", "10.0.0.7")]
    monkeypatch.setattr(reach, "_addresses_4", lambda: iter(found))
    assert reach.own_addresses() == ["10.0.0.7", "192.168.0.7"]
    assert reach.own_addresses(version_6=True)[2:] == ["2001:db8::7"]
    assert reach.urls("https", "::", 8443, ["gate"])[-2:] == (
        "https://[2001:db8::7]:8443/",
        "https://gate:8443/",
    )
    routes.unlink()
    addresses.unlink()
    assert sorted(reach.own_addresses(version_6=True)) == ["10.0.0.7", "192.168.0.7"]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("gate-1", "gate-1"),
        ("Gate-1.Depot.example", "gate-1.depot.example"),
        ("gate_1", "gate_1"),
        ("tür.example", "xn--tr-xka.example"),
        ("gate.example.", "gate.example"),
    ],
)
def test_a_name_is_taken_as_browsers_send_it(typed: str, name: str) -> None:
    assert host_name(typed) == name


@pytest.mark.parametrize(
    "typed",
    ["", ".", "a b", "*.example", "http://gate", "gate:8080", "-gate", "a..b", "x" * 64, "a\n"],
)
def test_what_is_no_name_is_refused(typed: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="want a name"):
        host_name(typed)
