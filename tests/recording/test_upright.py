"""Pictures that ask to be turned are turned once, at import; their boxes fit what trackers saw."""

from __future__ import annotations

import builtins
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from cammra_edge.errors import RecordingError
from cammra_edge.recording.importer import ImportWishes, import_recording
from cammra_edge.recording.upright import upright

if TYPE_CHECKING:
    from pathlib import Path


def photo(orientation: int | None) -> bytes:
    """A grey picture with one bright corner."""
    pixels = np.full((48, 64, 3), 60, np.uint8)
    pixels[:16, :16] = 240
    made = io.BytesIO()
    exif = Image.Exif()
    if orientation is not None:
        exif[0x0112] = orientation
    Image.fromarray(pixels).save(made, "JPEG", exif=exif, quality=95)
    return made.getvalue()


def shown(jpeg: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(jpeg)) as picture:
        return np.asarray(ImageOps.exif_transpose(picture)).astype(int)


@pytest.mark.parametrize("orientation", range(2, 9))
def test_every_orientation_is_turned_for_good(orientation: int) -> None:
    jpeg = photo(orientation)
    turned = upright(jpeg)
    with Image.open(io.BytesIO(turned)) as picture:
        assert picture.getexif().get(0x0112, 1) == 1
        stored = np.asarray(picture).astype(int)
    assert stored.shape == shown(jpeg).shape
    assert np.abs(stored - shown(jpeg)).mean() < 2


@pytest.mark.parametrize("jpeg", [photo(None), photo(1), b"Exif\0\0 no picture", b""])
def test_other_pictures_keep_their_bytes(jpeg: bytes) -> None:
    assert upright(jpeg) is jpeg


def test_a_folder_of_turned_pictures_becomes_an_upright_recording(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number in range(3):
        (pictures / f"{number}.jpg").write_bytes(photo(6))
    target = tmp_path / "recording"
    imported = import_recording(target, table=None, pictures=pictures, wishes=ImportWishes())
    assert (imported.recording.width, imported.recording.height) == (48, 64)
    for frame in imported.recording.frames():
        assert frame.jpeg is not None
        assert np.abs(shown(frame.jpeg) - shown(photo(6))).mean() < 2


def test_without_pillow_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:  # noqa: ANN401 - as the original
        if name == "PIL":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(RecordingError, match="draw"):
        upright(photo(6))
