"""FTP paths: the vendor's own examples, and texts that try to leave the folder."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cammra_edge.errors import ConfigError
from cammra_edge.message import Files
from cammra_edge.model import Device, Direction, EventKind, Plate, VehicleInfo
from cammra_edge.payload import paths, render
from cammra_edge.profile import NAMING_1_3, NAMING_2_0, PATH_1_3, PATH_2_0, Ftp, Profile
from cammra_edge.profile.sender import Sender
from tests.payload.events import BOUNDARY_KEY, EVENT, JPEGS, unchecked_device

# 2024-09-13 14:14:23.613, the time of the example in the manual of CAMMRA 1.3.
MANUAL_UTC_NS = 1_726_236_863_613_000_000
EVENT_1_3 = replace(
    EVENT,
    kind=EventKind.UPDATE,
    at_utc_ns=MANUAL_UTC_NS,
    car_id=7543,
    direction=Direction.IN,
    plate=Plate(text="47ATDPN", country="USA"),
    info=VehicleInfo(make="Ford", model="Explorer", kind="SUV", colour="BLACK"),
)


def sender(device_id: str = "defaultID", mac: str = "00:11:22:33:44:55") -> Sender:
    device = unchecked_device(mac=mac)
    return Sender(device=device, profile_id=1, device_id=device_id, latitude=0, longitude=0)


def test_the_example_of_cammra_1_3() -> None:
    assert paths.base_path(PATH_1_3, NAMING_1_3, EVENT_1_3, sender()) == (
        "defaultID/202409/13/20240913141423_613_roi_1_in_7543_47ATDPN_USA_Ford_Explorer_SUV_BLACK"
    )


def test_the_example_of_cammra_2_0() -> None:
    event = replace(EVENT_1_3, at_utc_ns=1_765_195_721_000_000_000, roi_id=2)  # 2025-12-08 12:08:41
    assert paths.base_path("#M/%Y/%H/%M/%S/#ROI", "#M_%Y_%H_%M", event, sender()) == (
        "001122334455/2025/12/08/41/2/001122334455_2025_12_08"
    )


def test_the_default_of_2_0() -> None:
    assert paths.base_path(PATH_2_0, NAMING_2_0, EVENT_1_3, sender()) == (
        "001122334455/2024/09/13/20240913141423_613_1_IN_7543_47ATDPN_USA"
    )


def test_the_variables_that_are_left() -> None:
    event = replace(EVENT_1_3, direction=Direction.UNKNOWN)
    assert paths.base_path("", "%b-%d-#DIR", event, sender()) == "Sep-13-UNK"


def test_plates_are_spelled_as_the_vendor_spells_them() -> None:
    for text, spelled in [("M WR6677", "MWR6677"), ("TÖL SL123", "TOLSL123"), ("", "_")]:
        event = replace(EVENT_1_3, plate=Plate(text=text))
        assert paths.base_path("", "#PLATE", event, sender()) == spelled


@pytest.mark.parametrize(
    "text", ["../../etc/passwd", "a/b\\c", "A\0B\r\nC", ".hidden", "\u202egnp.exe", "A" * 300]
)
def test_no_value_leaves_its_component(text: str) -> None:
    event = replace(EVENT_1_3, plate=Plate(text=text, country=text))
    path = paths.base_path("#DEVICE_ID", "#PLATE_#COUNTRY", event, sender(device_id=text))
    assert_safe(path, folders=1)


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=40))
def test_any_text_gives_a_safe_path(plate: str, device_id: str, mac: str) -> None:
    event = replace(EVENT_1_3, plate=Plate(text=plate, country=plate), info=VehicleInfo(make=plate))
    path = paths.base_path("#M/#DEVICE_ID", NAMING_1_3, event, sender(device_id=device_id, mac=mac))
    assert_safe(path, folders=2)


def assert_safe(path: str, *, folders: int) -> None:
    components = path.split("/")
    assert len(components) == folders + 1
    for component in components:
        assert re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,119}", component), component
    assert len(components[-1]) <= 120 - len(".jpg")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("path", "a/../b"),
        ("naming", "a/b"),
        ("naming", ""),
        ("naming", "%Q"),
        ("path", "#NOPE"),
        ("naming", "a\r\n"),
    ],
)
def test_a_template_that_cannot_be_is_refused(field: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"^Ftp: {field} is"):
        Ftp("ftp://h", **{field: value})  # type: ignore[arg-type] # wrong on purpose


def files(profile: Profile) -> list[tuple[str, bytes]]:
    message = render(
        EVENT,
        JPEGS,
        profile=profile,
        profile_id=1,
        device=Device(time_zone="UTC"),
        packet=7,
        boundary_key=BOUNDARY_KEY,
    )
    assert isinstance(message, Files)
    return [(file.path, file.content) for file in message.files]


def test_the_sidecar_comes_first_and_the_selected_image_last() -> None:
    ftp = Ftp("ftp://h", path="d", naming="n", sidecar=True)
    sidecar, plate, vehicle = files(Profile("p", ftp, two_images=True))
    assert sidecar[0] == "d/n.json"
    assert sidecar[1].startswith(b'{"packetCounter":"7"')
    assert (plate, vehicle) == (("d/n_lp.jpg", JPEGS["p"]), ("d/n.jpg", JPEGS["v"]))


def test_without_image_and_sidecar_there_is_nothing_to_send() -> None:
    assert files(Profile("p", Ftp("ftp://h"), image=None)) == []
