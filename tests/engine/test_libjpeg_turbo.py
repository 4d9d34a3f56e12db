"""The setting `libjpeg_turbo` reaches whatever encodes; the bytes are the same, say `tests/native`."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from cammra_edge import Engine, FrameFormat, FrameTime, OutboxSettings, PlateRead, Settings
from cammra_edge.engine import assembly, snapshot, writer
from cammra_edge.imaging import EncodedImage, encode_image
from tests.emulation import PATIENCE
from tests.payload.events import EVENT, PLATE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cammra_edge.model import ImageSpec

PATIENCE_S = 20.0 * PATIENCE
WIDTH, HEIGHT = 64, 48
FRAME = memoryview(bytes(WIDTH * HEIGHT * 3 // 2)).cast("B", (HEIGHT * 3 // 2, WIDTH))
READ = PlateRead(
    track=1,
    text="1AB1234",
    confidence=0.9,
    vehicle=(0.0, 0.0, 64.0, 48.0),
    plate=(16.0, 16.0, 32.0, 16.0),
)


def noting(noted: list[bool], encode: Any) -> Any:  # noqa: ANN401 - whatever encodes
    def encode_and_note(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - as above
        noted.append(named["libjpeg_turbo"])
        return encode(*given, **named)

    return encode_and_note


@pytest.mark.parametrize("chosen", [True, False])
def test_events_and_the_view_are_encoded_as_the_settings_say(
    *, chosen: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[bool] = []
    monkeypatch.setattr(writer, "with_images", noting(noted, assembly.with_images))
    monkeypatch.setattr(snapshot, "encode_image", noting(noted, encode_image))
    settings = Settings(
        frame_format=FrameFormat.NV12,
        outbox=OutboxSettings(path=tmp_path / "outbox"),
        libjpeg_turbo=chosen,
    )
    engine = Engine(settings)
    with engine.running():
        engine.observe(FRAME, [READ], FrameTime(1, 1))
        assert engine.drain(PATIENCE_S)
        assert noted == [chosen]
        viewed: list[bytes | None] = []
        asker = threading.Thread(target=lambda: viewed.append(engine.operator.view(PATIENCE_S)))
        asker.start()
        while asker.is_alive():
            engine.observe(FRAME, [], FrameTime(2, 2))
            asker.join(0.001)
        assert viewed[0] is not None
        assert noted == [chosen, chosen]
        engine.apply(replace(settings, libjpeg_turbo=not chosen))
    # The last words of the vehicle.
    assert noted[2:]
    assert set(noted[2:]) == {not chosen}


class Shot:
    """Stands for a shot, and notes how its images are asked for."""

    shot_no = 1

    def __init__(self) -> None:
        self.asked: list[bool] = []

    def encode(self, specs: Sequence[ImageSpec], *, libjpeg_turbo: bool) -> list[EncodedImage]:
        self.asked.append(libjpeg_turbo)
        return [EncodedImage(b"jpeg", 2, 2, PLATE.shows) for _ in specs]


def test_an_event_s_images_are_asked_for_so() -> None:
    shot = Shot()
    for chosen in (True, False):
        assembly.with_images(EVENT, shot, [PLATE.spec], libjpeg_turbo=chosen)  # type: ignore[arg-type]  # stands for a shot
    assert shot.asked == [True, False]
