"""A Test, step by step, against real servers: what each step says when it works, and when it does not."""

from __future__ import annotations

import base64
import json
import ssl
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.model import Device, ImageKind, ImageSpec
from cammra_edge.profile import Endpoint, Ftp, HttpPost, Profile, Tcp, Tls, Utmc, Utmc2
from cammra_edge.trial import Step, certificate, picture, trial
from cammra_edge.trial.run import Trial
from tests import ftp_servers
from tests.certificates import DAY, NOW, issue
from tests.fakes import FakeClock
from tests.scripted_ftp import Faulty
from tests.servers import LOOPBACK, PATIENT, Scripted, answer, answering, free_port, headers_of
from tests.sinks.test_tcp import until_eof
from tests.sinks.test_tls import SecureServer

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from cammra_edge.profile import Protocol

DEVICE = Device(serial="ACCC8EBFB452", time_zone="UTC")


def steps(protocol: Protocol, **settings: object) -> list[Step]:
    profile = Profile("p", protocol, two_images=True, **settings)  # type: ignore[arg-type] # the tests' own
    told = list(trial(profile, profile_id=1, device=DEVICE, clock=SYSTEM_CLOCK))
    assert told[-1].name == "done"
    running: set[str] = set()
    for step in told[:-1]:
        if step.state == "running":
            running.add(step.name)
        else:
            running.discard(step.name)
    assert not running, "a step that began did not end"
    assert "geheim" not in repr(told)
    return [step for step in told if step.state != "running"]


def ends(told: list[Step]) -> dict[str, str]:
    return {step.name: step.state for step in told}


class Nowhere(HttpPost):
    """A way that leads over no network."""

    def endpoint(self) -> Endpoint:
        return Endpoint("file", "", 0, "/events")


def test_a_way_over_no_network_has_no_steps_before_it_sends() -> None:
    way = Nowhere("h")
    run = Trial(way, Profile("p", way), profile_id=1, device=DEVICE, clock=FakeClock())
    assert next(run.run("AXIS1234")) == Step("send", "running")


def test_every_step_of_a_post_that_works() -> None:
    with Scripted(answering(answer())) as server:
        told = steps(
            HttpPost(
                f"http://{LOOPBACK}:{server.port}/", user="u", password="geheim", timeouts=PATIENT
            )
        )
        (request,) = server.received
    assert ends(told) == {
        "dns": "ok",
        "tcp": "ok",
        "auth": "ok",
        "send": "ok",
        "answer": "ok",
        "done": "ok",
    }
    assert headers_of(request)["x-test"] == "1"
    sent = base64.b64decode(told[-1].sent)
    assert request.endswith(sent)
    assert b'"plateText":"AXIS1234"' in sent
    assert b'"carMoveDirection":"in"' in sent
    jpeg = base64.b64decode(told[-1].picture)
    assert jpeg.startswith(b"\xff\xd8")
    assert jpeg in sent


def test_a_closed_port_names_what_was_tried() -> None:
    port = free_port()
    told = steps(HttpPost(f"{LOOPBACK}:{port}", timeouts=PATIENT))
    assert ends(told) == {"dns": "ok", "tcp": "failed", "done": "ok"}
    assert f"https://{LOOPBACK}:{port}/" in told[1].detail
    assert told[1].remedy
    assert told[-1].sent == ""


def test_a_name_that_nobody_knows() -> None:
    told = steps(Tcp("receiver.invalid:7001", timeouts=PATIENT))
    assert ends(told) == {"dns": "failed", "done": "ok"}
    assert "receiver.invalid" in told[0].detail
    assert "DNS" in told[0].remedy


def test_a_wrong_password_is_the_step_that_signs_in() -> None:
    asks = answer("401 No", b"", 'WWW-Authenticate: Basic realm="r"')
    with Scripted(answering(asks)) as server:
        told = steps(
            HttpPost(
                f"http://{LOOPBACK}:{server.port}/", user="u", password="geheim", timeouts=PATIENT
            )
        )
    assert ends(told)["auth"] == "failed"
    assert "answer" not in ends(told)


def test_a_proxy_that_refuses_us_is_the_step_that_signs_in() -> None:
    def script(connection: socket.socket, _: int, __: Scripted) -> None:
        connection.recv(1000)
        connection.sendall(answer("407 Who"))

    with Scripted(script) as server:
        proxy = f"http://{LOOPBACK}:{server.port}"
        told = steps(HttpPost("https://receiver.invalid/", proxy=proxy, timeouts=PATIENT))
    assert ends(told)["auth"] == "failed"


def test_a_refusal_is_the_answer() -> None:
    with Scripted(answering(answer("404 Not Found"))) as server:
        told = steps(HttpPost(f"http://{LOOPBACK}:{server.port}/wrong", timeouts=PATIENT))
    assert ends(told)["answer"] == "failed"
    assert "404" in told[-2].detail


def test_the_receivers_own_words_are_told() -> None:
    with Scripted(answering(answer("400 Bad", b"Image file missing"))) as server:
        told = steps(HttpPost(f"http://{LOOPBACK}:{server.port}/", timeouts=PATIENT))
    assert told[-2].words == "Image file missing"


def test_tls_shows_the_certificate_that_is_not_believed(tmp_path: Path) -> None:
    own = issue("gate.example")
    with Scripted(SecureServer(tmp_path, own)) as server:
        url = f"https://{LOOPBACK}:{server.port}/"
        told = steps(HttpPost(url, timeouts=PATIENT))
        assert ends(told) == {"dns": "ok", "tcp": "ok", "tls": "failed", "done": "ok"}
        assert own.fingerprint in told[2].detail
        assert "CN=gate.example, O=Tests" in told[2].detail
        assert "self-signed" in told[2].detail
        pinned = steps(HttpPost(url, tls=Tls(pin=own.fingerprint), timeouts=PATIENT))
        assert ends(pinned)["answer"] == "ok"
        assert "TLSv1.3" in pinned[2].detail


@pytest.mark.timeout(400)  # some of the servers are fetched first
@pytest.mark.parametrize("name", ftp_servers.ALL)
def test_every_step_of_an_upload_and_nothing_stays_behind(tmp_path: Path, name: str) -> None:
    with ftp_servers.START[name](tmp_path) as server:
        told = steps(
            Ftp(
                server.url,
                user=server.user,
                password=server.password,
                path="in/#M",
                timeouts=PATIENT,
            )
        )
        left = [path for path in server.home.rglob("*") if path.is_file()]
    names = ["dns", "tcp", "login", "passive", "folder", "upload", "rename", "delete", "done"]
    assert ends(told) == dict.fromkeys(names, "ok")
    assert left == []
    assert all(step.detail for step in told[:-1])


RIGHTS = [("elr", "upload"), ("elradmwMT", "rename"), ("elrafmwMT", "delete")]


@pytest.mark.parametrize(("permissions", "failing"), RIGHTS)
def test_the_right_that_is_missing_is_the_step_that_fails(
    tmp_path: Path, permissions: str, failing: str
) -> None:
    with ftp_servers.pyftpdlib(tmp_path, permissions=permissions) as server:
        told = steps(
            Ftp(server.url, user=server.user, password=server.password, path="in", timeouts=PATIENT)
        )
    assert told[-2].name == failing
    assert told[-2].state == "failed"
    assert told[-2].remedy


def uploading(faulty: Faulty, **settings: object) -> list[Step]:
    with Scripted(faulty) as server:
        url = f"ftp://{LOOPBACK}:{server.port}"
        told = steps(Ftp(url, path="d", sidecar=True, timeouts=PATIENT, **settings))  # type: ignore[arg-type] # the tests' own
    assert faulty.files == {}, "a file stayed behind"
    return told


def test_an_upload_is_tested_on_the_final_names_of_all_files() -> None:
    faulty = Faulty()
    assert set(ends(uploading(faulty)).values()) == {"ok"}
    uploads = [line for line in faulty.commands if line.startswith("RNTO ")]
    assert [line.rpartition(".")[2] for line in uploads] == ["json", "jpg", "jpg"]
    assert all("AXIS1234" in line for line in uploads)


@pytest.mark.parametrize("answer", ["450 no", "550 no", "502 what", "213 many"])
def test_a_server_that_tells_no_sizes_passes_as_it_does_for_events(answer: str) -> None:
    told = uploading(Faulty(SIZE=f"{answer}\r\n"))
    assert set(ends(told).values()) == {"ok"}
    assert any("does not tell sizes" in step.detail for step in told)


@pytest.mark.parametrize("answer", ["502 what", "550 no", "450 no"])
def test_a_refused_rename_is_found_and_the_switch_for_it_proposed(answer: str) -> None:
    told = uploading(Faulty(RNFR=f"{answer}\r\n"))
    assert (told[-2].name, told[-2].state) == ("rename", "failed")
    assert "takes files but refuses to rename" in told[-2].detail
    assert "«Rename when complete» off" in told[-2].remedy
    assert told[-2].words == answer
    told = uploading(Faulty(RNFR=f"{answer}\r\n"), rename=False)
    assert "rename" not in ends(told)
    assert set(ends(told).values()) == {"ok"}


def test_a_firewall_in_the_way_of_data_is_the_step_that_fails() -> None:
    closed = free_port()
    with Scripted(Faulty(EPSV="500 no\r\n", PASV=pasv(LOOPBACK, closed))) as server:
        told = steps(Ftp(f"ftp://{LOOPBACK}:{server.port}", timeouts=PATIENT))
    assert (told[-2].name, told[-2].state) == ("passive", "failed")
    assert "passive" in told[-2].remedy


def test_an_address_that_pasv_makes_up_is_pointed_out() -> None:
    with Scripted(Faulty(EPSV=f"229 go (|||{free_port()}|)\r\n")) as server:
        told = steps(Ftp(f"ftp://{LOOPBACK}:{server.port}", timeouts=PATIENT))
    (passive,) = [step for step in told if step.name == "passive"]
    assert passive.state == "ok"
    assert passive.detail.startswith("PASV, port ")
    assert "10.9.8.7" in passive.detail


def pasv(host: str, port: int) -> str:
    return f"227 go ({host.replace('.', ',')},{port // 256},{port % 256})\r\n"


def test_ftp_with_the_wrong_password_and_ftps(tmp_path: Path) -> None:
    own = issue()
    with ftp_servers.pyftpdlib(tmp_path, certificate=own.write(tmp_path / "server.pem")) as server:
        url = f"ftps://{LOOPBACK}:{server.port}"
        tls = Tls(pin=own.fingerprint)
        told = steps(Ftp(url, user=server.user, password="geheim!", tls=tls, timeouts=PATIENT))
        assert (told[-2].name, told[-2].state) == ("login", "failed")
        good = steps(
            Ftp(
                url,
                user=server.user,
                password=server.password,
                path="in",
                tls=tls,
                timeouts=PATIENT,
            )
        )
    assert ends(good)["delete"] == "ok"
    assert own.fingerprint in good[2].detail


def test_a_profile_that_sends_nothing_says_so(tmp_path: Path) -> None:
    with ftp_servers.pyftpdlib(tmp_path) as server:
        told = steps(Ftp(server.url, timeouts=PATIENT), image=None)
    assert (told[-2].name, told[-2].state) == ("upload", "skipped")


def test_utmc_goes_through_its_own_payload() -> None:
    with Scripted(answering(answer())) as server:
        told = steps(Utmc(f"http://{LOOPBACK}:{server.port}/", timeouts=PATIENT))
    assert b"b1dffd</Tag>" in base64.b64decode(told[-1].sent)


def test_utmc_2_goes_over_tcp_too() -> None:
    with Scripted(until_eof) as server:
        told = steps(Utmc2(f"tcp://{LOOPBACK}:{server.port}", timeouts=PATIENT))
        received = set(server.wait_received(2))
    sent = base64.b64decode(told[-1].sent)
    assert ends(told)["answer"] == "ok"
    assert received == {b"", sent}  # the step that connects says nothing
    assert b"<VRM>AXIS1234</VRM>" in sent


def test_a_whole_test_is_json_for_the_page() -> None:
    with Scripted(answering(answer())) as server:
        told = steps(Tcp(f"{LOOPBACK}:{server.port}", timeouts=PATIENT))
    assert json.dumps([step.detail for step in told])


@pytest.mark.parametrize("kind", list(ImageKind))
def test_the_picture_shows_what_was_asked_for(kind: ImageKind) -> None:
    made = picture.encoded(
        ImageSpec(kind=kind, fit=(320, 180) if kind is ImageKind.DOWNSIZED_FRAME else None)
    )
    sizes = {
        ImageKind.FULL_FRAME: (640, 360),
        ImageKind.DOWNSIZED_FRAME: (320, 180),
        ImageKind.VEHICLE_CROP: (400, 260),
        ImageKind.PLATE_CROP: (200, 48),
    }
    assert (made.width, made.height) == sizes[kind]
    assert made.jpeg.endswith(b"\xff\xd9")


def test_a_certificate_says_what_it_says() -> None:
    own = issue("gate.example", by=issue("Test CA", authority=True))
    said = certificate.read(own.certificate.public_bytes(Encoding.DER))
    assert said.subject == "CN=gate.example, O=Tests"
    assert said.issuer == "CN=Test CA, O=Tests"
    assert said.not_after == f"{NOW + DAY:%Y-%m-%d}"


@given(st.binary(max_size=200))
def test_bytes_that_are_no_certificate_say_nothing_and_raise_nothing(data: bytes) -> None:
    assert isinstance(certificate.read(data), certificate.Certificate)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_an_old_receiver_is_named_with_what_it_offers_and_taken_where_that_is_set(
    tmp_path: Path,
) -> None:
    own = issue(LOOPBACK)
    receiver = SecureServer(tmp_path, own)
    receiver.context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    receiver.context.maximum_version = ssl.TLSVersion.TLSv1_1
    receiver.context.set_ciphers("DEFAULT@SECLEVEL=0")
    with Scripted(receiver) as server:
        url = f"https://{LOOPBACK}:{server.port}/"
        told = steps(HttpPost(url, timeouts=PATIENT))
        (failed,) = [step for step in told if step.state == "failed"]
        assert "it offers TLSv1.1 with ECDHE-ECDSA-AES256-SHA" in failed.detail
        assert "Old receivers" in failed.remedy
        old = Tls(old=True, verify=False)
        assert ends(steps(HttpPost(url, tls=old, timeouts=PATIENT)))["answer"] == "ok"
