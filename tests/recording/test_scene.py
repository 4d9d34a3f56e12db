"""What `recording.scene` promises: clear reads that show in the picture, the same for the same seed."""

import io
from itertools import islice

import numpy as np
import pytest
from PIL import Image

from cammra_edge.recording import Recording
from cammra_edge.recording.scene import VISITS, Scene
from cammra_edge.recording.scene.pen import lettering
from cammra_edge.recording.scene.plates import draw_plate


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """The scene, drawn once."""
    drawn: list[int] = []
    recording = Scene().record(tmp_path_factory.mktemp("scene") / "scene", progress=drawn.append)
    assert sum(drawn) == 300
    return recording


def test_every_vehicle_is_read_clearly_and_long_enough_to_be_sure_before_the_timer() -> None:
    texts: dict[int, list[tuple[str | None, float]]] = {}
    first_ns: dict[int, int] = {}
    third_sure_ns: dict[int, int] = {}
    middles: dict[int, list[float]] = {}
    for frame in Scene().moments():
        for read in frame.reads:
            texts.setdefault(read.track, []).append((read.text, read.confidence))
            first_ns.setdefault(read.track, frame.t_ns)
            assert read.vehicle is not None
            middles.setdefault(read.track, []).append(read.vehicle[1] + read.vehicle[3] / 2)
            sure = [text for text, confidence in texts[read.track] if confidence > 0.8]
            if len(sure) >= 3:
                third_sure_ns.setdefault(read.track, frame.t_ns)
    assert sorted(texts) == [1, 2, 3, 4, 5]
    for track, visit in enumerate(VISITS, start=1):
        wrong = [text for text, _ in texts[track] if text != visit.look.text]
        assert wrong == ([visit.misread] * 2 if visit.misread else [])
        assert third_sure_ns[track] - first_ns[track] < 500_000_000
        moved_px = middles[track][-1] - middles[track][0]
        assert (moved_px > 60) if visit.inward else (moved_px < -60)


def test_the_picture_shows_the_plate_where_the_read_says_and_as_it_reads(
    recording: Recording,
) -> None:
    seen = set()
    for frame in recording.frames():
        for read in frame.reads:
            assert read.plate is not None
            x, y, width, height = (round(side) for side in read.plate)
            if width < 110:
                continue
            picture = Image.open(io.BytesIO(frame.jpeg or b""))
            drawn = picture.crop((x, y, x + width, y + height)).convert("L")
            likeness = {}
            for track, visit in enumerate(VISITS, start=1):
                wanted = (
                    draw_plate(visit.look)
                    .convert("L")
                    .resize((width, height), Image.Resampling.LANCZOS)
                )
                likeness[track] = np.corrcoef(
                    np.asarray(drawn).ravel(), np.asarray(wanted).ravel()
                )[0, 1]
            assert max(likeness, key=lambda track: likeness[track]) == read.track
            assert likeness[read.track] > 0.65  # half a pixel beside costs this much
            seen.add(read.track)
    assert seen == {1, 2, 3, 4, 5}


def test_the_same_seed_draws_the_same_scene() -> None:
    for one, other in zip(islice(Scene(3).frames(), 3), islice(Scene(3).frames(), 3), strict=True):
        assert one.picture.tobytes() == other.picture.tobytes()
        assert one.reads == other.reads
    assert next(Scene(4).frames()).picture.tobytes() != next(Scene(3).frames()).picture.tobytes()


def test_the_recording_holds_every_frame_with_its_picture_and_reads(recording: Recording) -> None:
    frames = list(recording.frames())
    assert len(frames) == 300
    assert {read.text for frame in frames for read in frame.reads} == {
        text for visit in VISITS for text in (visit.look.text, visit.misread) if text
    }
    assert Image.open(io.BytesIO(frames[-1].jpeg or b"")).size == (1280, 720)


def test_two_dots_are_drawn_above_their_letter() -> None:
    plain, dotted = lettering("TOL", 100, (0, 0, 0)), lettering("TÖL", 100, (0, 0, 0))
    added = np.asarray(dotted)[..., 3].astype(int) - np.asarray(plain)[..., 3]
    rows, columns = np.nonzero(added)
    letter_o = plain.width * 0.33, plain.width * 0.75
    assert letter_o[0] < columns.min() < columns.max() < letter_o[1]
    assert rows.max() < 30
