"""Config scripts and recordings for the tests of the commands."""

from pathlib import Path

from cammra_edge.model import PlateRead
from cammra_edge.recording import RecordingWriter
from tests.receiver.samples import jpeg


def write_script(path: Path, url: str, *, outbox: Path | None = None, more: str = "") -> Path:
    """A script with one profile that wants everything."""
    path.write_text(
        "from pathlib import Path\n"
        "from cammra_edge import Engine, HttpPost, OutboxSettings, Profile\n"
        f"engine = Engine(profiles=[Profile('gate', HttpPost({url!r}), device_id='G1',\n"
        "    events={'new', 'reliable', 'update', 'lost'})],\n"
        f"    outbox=OutboxSettings(path=Path({str(outbox or path.with_suffix(''))!r})))\n" + more
    )
    return path


def write_recording(path: Path, *, vehicles: int = 2, pictures: bool = True) -> Path:
    """Vehicles one after another, each read ten times while it drives down the frame."""
    writer = RecordingWriter(
        path, size=(320, 240), fps=10.0, start_utc_ns=1_718_373_600_000_000_000, pictures=pictures
    )
    picture = jpeg(320, 240) if pictures else None
    for number in range(vehicles * 15):
        vehicle, step = divmod(number, 15)
        reads = [
            PlateRead(
                track=vehicle + 1,
                text=f"AB{vehicle}CD",
                confidence=0.95,
                vehicle=(50, 10 + 12 * step, 100, 80),
                plate=(80, 70 + 12 * step, 40, 10),
            )
        ]
        writer.add(picture, reads if step < 10 else [], number * 100_000_000)
    writer.finish()
    return path
