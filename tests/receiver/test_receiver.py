"""What `receiver.receiver` promises, with real connections."""

import contextlib
import queue
import socket
import threading
import time
from collections.abc import Iterable
from pathlib import Path

import httpx
import pytest

from cammra_edge.receiver import Answer, Receiver, Way
from tests.emulation import PATIENCE
from tests.receiver.samples import VEHICLE, body, encoded, multipart, with_pictures_inside
from tests.servers import wait_until

BOUNDARY = {"Content-Type": "multipart/form-data; boundary=----x"}
JSON = {"Content-Type": "application/json"}
WAIT_S = 20 * PATIENCE


def _event(packet: int, **changes: object) -> bytes:
    return encoded(body(packetCounter=str(packet), carID=str(packet), **changes))


def _post(url: str, content: bytes | Iterable[bytes]) -> httpx.Response:
    return httpx.post(url, content=content, headers=JSON, timeout=WAIT_S)


def _connected(receiver: Receiver) -> socket.socket:
    host, port = receiver.tcp_address.rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=WAIT_S)


def test_an_event_with_pictures_comes_by_each_way() -> None:
    with Receiver(tcp=("127.0.0.1", 0)) as receiver, httpx.Client(timeout=WAIT_S) as client:
        assert (
            client.post(receiver.http_url, content=multipart(), headers=BOUNDARY).status_code == 200
        )
        inside = with_pictures_inside(packetCounter="8", carID="8")
        assert client.post(receiver.http_url, content=inside, headers=JSON).json() == {
            "Result": True
        }
        with _connected(receiver) as connection:
            connection.sendall(with_pictures_inside(packetCounter="9", carID="9"))
        assert receiver.wait_for(lambda: len(receiver.events) == 3, WAIT_S)
        assert [event.way for event in receiver.events] == [Way.MULTIPART, Way.HTTP_JSON, Way.TCP]
        for event in receiver.events:
            assert event.problems == ()
            assert [(picture.kind, picture.width) for picture in event.pictures] == [
                ("vehicle", 64),
                ("plate", 32),
            ]
            assert event.pictures[0].jpeg == VEHICLE
        assert receiver.problems == []


def test_chunks_and_expect_are_understood() -> None:
    with Receiver() as receiver:
        content = _event(1)
        answer = _post(receiver.http_url, iter([content[:100], content[100:]]))
        assert answer.status_code == 200
        with socket.create_connection(
            ("127.0.0.1", httpx.URL(receiver.http_url).port or 0), WAIT_S
        ) as connection:
            content = _event(2)
            connection.sendall(
                b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Type: application/json\r\n"
                + f"Content-Length: {len(content)}\r\n\r\n".encode()
            )
            assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
            connection.sendall(content)
            assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
        assert [event.packet for event in receiver.events] == [1, 2]


@pytest.mark.parametrize("length", ["-1", "9" * 30, "x", "\xb9"])
def test_a_length_that_is_absurd_is_refused(length: str) -> None:
    with Receiver() as receiver:
        port = httpx.URL(receiver.http_url).port or 0
        with socket.create_connection(("127.0.0.1", port), WAIT_S) as connection:
            connection.sendall(
                f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode()
            )
            assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


def test_one_tcp_connection_may_carry_many_events_and_an_answer_to_each() -> None:
    with Receiver(http=None, tcp=("127.0.0.1", 0), tcp_answer=b"OK\n") as receiver:
        with _connected(receiver) as connection:
            for packet in range(1, 4):
                connection.sendall(_event(packet) + b"\n")
                assert connection.recv(3) == b"OK\n"
        assert [event.packet for event in receiver.events] == [1, 2, 3]


def test_what_is_no_event_is_told_with_its_sender() -> None:
    faults: queue.Queue[tuple[str, str]] = queue.Queue()
    with Receiver(
        http=None, tcp=("127.0.0.1", 0), on_fault=lambda *fault: faults.put(fault)
    ) as receiver:
        with _connected(receiver) as connection:
            sender = "{}:{}".format(*connection.getsockname())
            connection.sendall(b'{"a":1')
        assert faults.get(timeout=WAIT_S) == (sender, "6 bytes of an object that was cut off")
        assert receiver.problems == [f"{sender} sent 6 bytes of an object that was cut off"]


def test_repeats_are_kept_apart() -> None:
    with Receiver() as receiver:
        for _ in range(3):
            _post(receiver.http_url, _event(1))
        assert [arrival.repeat for arrival in receiver.arrivals] == [False, True, True]
        assert len(receiver.events) == 1
        assert receiver.problems == []


def test_it_refuses_as_told_and_notes_nothing_meanwhile() -> None:
    with Receiver(tcp=("127.0.0.1", 0)) as receiver:
        receiver.answer(Answer(503, {"Retry-After": "7"}), times=2)
        answers = [_post(receiver.http_url, _event(1)) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [503, 503, 200]
        assert answers[0].headers["Retry-After"] == "7"
        receiver.answer(Answer(500))
        assert _post(receiver.http_url, _event(2)).status_code == 500
        with _connected(receiver) as connection:
            connection.sendall(_event(3))
            with pytest.raises(ConnectionResetError):
                connection.recv(1)
        receiver.behave()
        assert _post(receiver.http_url, _event(4)).status_code == 200
        assert [event.packet for event in receiver.events] == [1, 4]
        assert receiver.refused == 4


def test_away_means_away_and_back_means_the_same_place() -> None:
    with Receiver(tcp=("127.0.0.1", 0)) as receiver, httpx.Client(timeout=WAIT_S) as client:
        url = receiver.http_url
        client.post(url, content=_event(1), headers=JSON)
        connection = _connected(receiver)
        connection.sendall(_event(3))
        assert receiver.wait_for(lambda: len(receiver.events) == 2, WAIT_S)
        receiver.go_away()
        assert connection.recv(1) == b""
        connection.close()
        with pytest.raises(httpx.TransportError):
            client.post(url, content=_event(2), headers=JSON)
        receiver.come_back()
        assert receiver.http_url == url
        assert client.post(url, content=_event(2), headers=JSON).status_code == 200
        assert [event.packet for event in receiver.events] == [1, 3, 2]


def _listens(address: tuple[str, int]) -> bool:
    with contextlib.suppress(ConnectionResetError):
        try:
            socket.create_connection(address, timeout=WAIT_S).close()
        except ConnectionRefusedError:
            return False
    return True


def test_who_has_an_event_taken_is_told_so_even_when_the_receiver_ends() -> None:
    def ends_it(_: object) -> None:
        closing.start()
        wait_until(lambda: not _listens(address), "the receiver to listen no more")
        time.sleep(0.2)  # it hangs up next

    receiver = Receiver(on_arrival=ends_it)
    url = httpx.URL(receiver.http_url)
    address = (url.host, url.port or 0)
    closing = threading.Thread(target=receiver.close)
    assert _post(str(url), _event(1)).status_code == 200
    closing.join()


def test_success_leaves_only_after_the_event_is_on_disk(tmp_path: Path) -> None:
    with Receiver(folder=tmp_path / "in") as receiver:
        _post(receiver.http_url, _event(1))
        (file,) = (tmp_path / "in").iterdir()
        assert file.read_bytes() == _event(1)
        file.unlink()
        (tmp_path / "in").rmdir()
        assert _post(receiver.http_url, _event(2)).status_code == 507
        assert [event.packet for event in receiver.events] == [1]


def test_it_listens_on_ipv6_too() -> None:
    with Receiver(http=("::1", 0)) as receiver:
        assert receiver.http_url.startswith("http://[::1]:")
        assert _post(receiver.http_url, _event(1)).status_code == 200
        assert len(receiver.events) == 1


def test_only_the_latest_events_stay_in_memory() -> None:
    with Receiver(keep=3) as receiver:
        for packet in range(1, 8):
            _post(receiver.http_url, _event(packet))
        assert [event.number for event in receiver.events] == [5, 6, 7]
        assert receiver.missing_packets == 0


def test_many_senders_at_once_are_all_noted() -> None:
    with Receiver() as receiver:

        def send(first: int) -> None:
            with httpx.Client(timeout=WAIT_S) as client:
                for packet in range(first, first + 20):
                    client.post(receiver.http_url, content=_event(packet), headers=JSON)

        threads = [threading.Thread(target=send, args=(1 + 20 * number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(event.packet for event in receiver.events) == list(range(1, 121))
        assert sorted(event.number for event in receiver.events) == list(range(1, 121))
        assert receiver.missing_packets == 0
        assert receiver.problems == []
