"""The program texts of the guide's page about recognisers do what it says."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
import pytest

from cammra_edge import (
    Engine,
    FrameFormat,
    FrameTime,
    HttpPost,
    OutboxSettings,
    PlateRead,
    Profile,
)
from cammra_edge.camera import VideoSource
from cammra_edge.recogniser import PlateFollower, Recogniser, vehicle_around

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PAGE = Path(__file__).resolve().parents[2] / "docs" / "guide" / "recognisers.md"
FRAME = np.zeros((48, 64, 3), np.uint8)
BOX = (10.0, 20.0, 30.0, 8.0)


def text_under(heading: str, number: int = 1) -> str:
    """A program text of that part of the page."""
    part = PAGE.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return part.split("```python\n")[number].partition("```")[0]


def run(text: str, **names: object) -> dict[str, Any]:
    names = {"PlateRead": PlateRead, "FrameTime": FrameTime, **names}
    exec(compile(text, str(PAGE), "exec"), names)  # noqa: S102 - our own page
    return names


def at(number: int) -> FrameTime:
    return FrameTime(1_000_000_000 + number * 40_000_000, 1_764_000_000_000_000_000)


# ---- an ONNX model, written by hand: a protocol buffer of one constant ----------------------------


def field(number: int, content: bytes | int) -> bytes:
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes((number & 127 | 128,))
        number >>= 7
    return out + bytes((number,))


def tensor_type(*sizes: str | int) -> bytes:
    dims = b"".join(
        field(1, field(2, size.encode()) if isinstance(size, str) else field(1, size))
        for size in sizes
    )
    return field(1, field(1, 1) + field(2, dims))


def model_that_finds(path: Path, rows: Sequence[tuple[float, ...]]) -> Path:
    """A detector that finds these rows in every picture."""
    numbers = [number for row in rows for number in row]
    tensor = field(1, len(rows)) + field(1, 5) + field(2, 1)
    tensor += field(9, struct.pack(f"<{len(numbers)}f", *numbers))
    constant = field(2, b"rows") + field(4, b"Constant")
    constant += field(5, field(1, b"value") + field(20, 4) + field(5, tensor))
    graph = field(1, constant) + field(2, b"finds")
    graph += field(11, field(1, b"picture") + field(2, tensor_type(1, 3, "height", "width")))
    graph += field(12, field(1, b"rows") + field(2, tensor_type(len(rows), 5)))
    path.write_bytes(field(1, 8) + field(7, graph) + field(8, field(1, b"") + field(2, 17)))
    return path


def test_an_onnx_model_reads_plates_and_gives_them_numbers_that_stay(tmp_path: Path) -> None:
    x, y, width, height = BOX
    rows = [(x, y, x + width, y + height, 0.9), (0.0, 0.0, 5.0, 5.0, 0.1)]
    names = run(
        text_under("An ONNX model"),
        np=np,
        onnxruntime=onnxruntime,
        PlateFollower=PlateFollower,
        vehicle_around=vehicle_around,
        read_text=lambda frame, box: (f"AB{frame.shape[0]}{round(box[0])}", 0.93),
    )
    path = str(model_that_finds(tmp_path / "plates.onnx", rows))
    recogniser: Recogniser[Any] = names["OnnxPlates"](path)
    for number in range(3):
        (read,) = recogniser.read(FRAME, at(number))
        assert (read.track, read.text, read.confidence) == (1, "AB4810", 0.93)
        assert read.plate == pytest.approx(BOX)
        assert read.vehicle == pytest.approx(vehicle_around(BOX))
    nothing = names["OnnxPlates"](str(model_that_finds(tmp_path / "none.onnx", [(0.0,) * 5])))
    assert list(nothing.read(FRAME, at(0))) == []


def test_the_source_of_the_page_takes_it() -> None:
    names = run(
        text_under("An ONNX model", 2),
        VideoSource=VideoSource,
        OnnxPlates=lambda _: SimpleNamespace(),
    )
    assert isinstance(names["source"], VideoSource)


def events_of(triples: Iterator[tuple[Any, list[PlateRead], FrameTime]], folder: Path) -> list[str]:
    profile = Profile("gate", HttpPost("http://127.0.0.1:9/"), events={"new", "lost"})
    engine = Engine(
        profiles=[profile],
        frame_format=FrameFormat.BGR8,
        outbox=OutboxSettings(path=folder / "outbox"),
    )
    with engine.running(live=False, local_socket=False):
        for frame, reads, when in triples:
            engine.observe(frame, reads, when)
        engine.finish()
        assert engine.status().input_troubles == ()
    return [f"{event.kind} {event.plate.text}" for event in engine.recent_events()]


def test_a_cameras_own_engine_feeds_ours(tmp_path: Path) -> None:
    plate = SimpleNamespace(id=7, text="1AB1234", score=0.9, box=BOX, car=(0.0, 0.0, 60.0, 40.0))
    sdk = SimpleNamespace(results=lambda: iter([(FRAME, [plate])] * 5))
    names = run(text_under("A camera's own engine"), camera_sdk=sdk, time=time)
    events = events_of(names["source"](), tmp_path)
    assert events[0] == "new 1AB1234"
    assert events[-1] == "lost 1AB1234"


class Process(threading.Thread):
    """The other process: answers so many frames, or says nothing, then hangs up."""

    def __init__(self, place: socket.socket, answer: Callable[[dict[str, Any]], bytes]) -> None:
        super().__init__(daemon=True)
        self.place = place
        self.answer = answer
        self.got: list[tuple[dict[str, Any], bytes]] = []

    def run(self) -> None:
        link, _ = self.place.accept()
        with link, link.makefile("rwb") as lines:
            for line in lines:
                head = json.loads(line)
                self.got.append((head, lines.read(int(np.prod(head["shape"])))))
                lines.write(self.answer(head))
                lines.flush()
                if self.answer(head) == b"":
                    return


def test_a_process_at_a_socket_is_asked_frame_by_frame_and_anew_where_it_ended(
    tmp_path: Path,
) -> None:
    path = str(tmp_path / "reads")
    names = run(text_under("A process that answers at a socket"), socket=socket, json=json)
    recogniser = names["AtSocket"](path)
    with pytest.raises(OSError, match="No such file"):
        recogniser.read(FRAME, at(0))
    answer = PAGE.read_text(encoding="utf-8").partition("for one car: `")[2].partition("`")[0]
    with socket.socket(socket.AF_UNIX) as place:
        place.bind(path)
        place.listen()
        ends = Process(place, lambda _: b"")
        ends.start()
        with pytest.raises(ValueError, match="Expecting value"):
            recogniser.read(FRAME, at(1))
        ends.join()
        answers = Process(place, lambda _: answer.encode() + b"\n")
        answers.start()
        triples = [(FRAME, recogniser.read(FRAME, at(n)), at(n)) for n in range(2, 7)]
        recogniser.link.close()
        recogniser.link = None
        answers.join(60)
    assert answers.got[0] == ({"at_ns": at(2).mono_ns, "shape": [48, 64, 3]}, FRAME.tobytes())
    events = events_of(iter(triples), tmp_path)
    assert events[0] == "new 1AB1234"


def test_what_a_recogniser_has_to_be_is_what_the_protocol_says() -> None:
    text = text_under("What it has to do")
    names = run("from typing import Protocol\nfrom collections.abc import Sequence\n" + text)
    assert names["Recogniser"].__mro__[0].__dict__.keys() >= {"read"}
    assert "def read(self, frame" in text
