"""What the package costs when nothing happens: import time, memory, wheel, threads, wake-ups; and what an event writes.

Everything is measured in several fresh processes, in random order; reported are medians. Time is CPU time. Wake-ups are
voluntary context switches of all threads: each is a sleeping thread that was woken. Bytes written are those that the
kernel charges to the process (`write_bytes`), each page as often as it is written.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from benches.report import Result, Table, number

ROOT = Path(__file__).resolve().parents[1]
SCRATCH = ROOT / "target" / "bench"

IMPORTS = ("", "cammra_edge", "cammra_edge.engine", "numpy", "PIL.Image", "httpx", "cv2")
"""What a fresh Python imports; the first is the bare interpreter."""

_IMPORT = """
import sys, time
started_ns = time.process_time_ns()
if sys.argv[1]:
    __import__(sys.argv[1])
cpu_ns = time.process_time_ns() - started_ns
rss_kib = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmRSS"))
unasked = [name for name in ("numpy", "PIL", "httpx") if name in sys.modules]
import json
print(json.dumps({"cpu_ms": cpu_ns / 1e6, "rss_mib": rss_kib / 1024, "unasked": unasked}))
"""

_IDLE = """
import sys
from pathlib import Path
from cammra_edge import Engine, Ftp, HttpPost, OutboxSettings, Profile, Tcp
engine = Engine(
    profiles=[
        Profile("barrier", HttpPost("http://127.0.0.1:9/"), events={"reliable"}, image="vehicle crop", two_images=True),
        Profile("vms", Tcp("127.0.0.1:9"), events={"new", "update", "lost"}),
        Profile("archive", Ftp("ftp://127.0.0.1:9"), events={"lost"}, image="full frame"),
    ],
    outbox=OutboxSettings(path=Path(sys.argv[1]) / "outbox"),
)
if sys.argv[2] == "page":
    from cammra_edge.web import serve_page
    page = serve_page(engine, port=0, say=False)
else:
    from contextlib import nullcontext
    page = nullcontext()
with engine.running(), page:
    print("ready", "numpy" in sys.modules, flush=True)
    sys.stdin.read()
"""

_EVENTS = """
import json, sys
from pathlib import Path
from cammra_edge import Engine, FrameTime, HttpPost, OutboxSettings, PlateRead, Profile, TrackingSettings
url, folder, count, apart = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "apart"
width, height = 1920, 1080
luma = bytes((x * 5 + y * 3) // 8 + (x * 7 ^ y * 13) % 8 & 0xFF for y in range(height) for x in range(width))
frame = memoryview(luma + bytes([128]) * (width * height // 2)).cast("B", (height * 3 // 2, width))
def written():
    return {name: int(value) for name, _, value in (line.partition(": ") for line in open("/proc/self/io"))}
engine = Engine(
    profiles=[Profile("archive", HttpPost(url), events={"new"}, image="vehicle crop", two_images=True)],
    outbox=OutboxSettings(path=folder / "outbox"),
    frame_format="nv12-full",
    tracking=TrackingSettings(relink=False),  # all vehicles stand in one place
)
with engine.running(live=False):
    before = written()
    for number in range(count):
        at_ns = number * 40_000_000
        read = PlateRead(track=number, text=f"1AB{number:04}", confidence=0.9,
                         vehicle=(560, 40, 640, 400), plate=(800, 300, 160, 48))
        engine.observe(frame, [read], FrameTime(at_ns, at_ns))
        engine.wait_for_room(16)
        assert not apart or engine.drain(120.0)
    assert engine.drain(120.0)
    after = written()
print(json.dumps({"device_bytes": after["write_bytes"] - before["write_bytes"], "rss_kib": next(
    int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))}))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """A fresh Python that imports one package."""

    package: str
    cpu_ms: float
    best_ms: float
    rss_mib: float
    unasked: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """A running engine of three profiles with nothing to do."""

    page: bool
    rss_mib: float
    threads: int
    wakeups_per_s: float
    switches_per_s: float
    cpu_ms_per_s: float
    device_bytes_per_s: float
    numpy: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What reached the disk and the receiver, and of how many events."""

    apart: bool
    events: int
    device_bytes: float
    body_bytes: float
    peak_rss_mib: float


def environment() -> dict[str, str]:
    """Our environment, with byte code cached as for an installed package."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(SCRATCH / "pycache")}


def python(script: str, *arguments: str) -> dict[str, Any]:
    """Run a script in a fresh Python; what it prints is JSON."""
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def imports(rounds: int) -> list[Import]:
    """Every installed package, in random order; the first import of each, which compiles it, does not count."""
    here = [package for package in IMPORTS if not package or _installed(package)]
    seen: dict[str, list[dict[str, Any]]] = {package: [] for package in here}
    for package in here:
        python(_IMPORT, package)
    for _ in range(rounds):
        for package in random.sample(here, len(here)):
            seen[package].append(python(_IMPORT, package))
    return [
        Import(
            package=package or "(bare Python)",
            cpu_ms=statistics.median(run["cpu_ms"] for run in runs),
            best_ms=min(run["cpu_ms"] for run in runs),
            rss_mib=statistics.median(run["rss_mib"] for run in runs),
            unasked=tuple(runs[0]["unasked"]),
        )
        for package, runs in seen.items()
    ]


def _installed(package: str) -> bool:
    done = subprocess.run(
        [sys.executable, "-c", f"import {package}"],
        env=environment(),
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


def idle(*, page: bool, settle_s: float, seconds: float) -> Idle:
    """Start an engine, let it settle, and watch it from outside."""
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        engine = subprocess.Popen(
            [sys.executable, "-c", _IDLE, folder, "page" if page else ""],
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert engine.stdin is not None
        assert engine.stdout is not None
        ready = engine.stdout.readline().split()
        if ready[:1] != ["ready"]:
            raise RuntimeError("the engine did not start")
        time.sleep(settle_s)
        before = _watch(engine.pid)
        time.sleep(seconds)
        after = _watch(engine.pid)
        engine.stdin.close()
        engine.wait(30)
    return Idle(
        page=page,
        rss_mib=after["rss_kib"] / 1024,
        threads=int(after["threads"]),
        wakeups_per_s=(after["voluntary"] - before["voluntary"]) / seconds,
        switches_per_s=(after["all"] - before["all"]) / seconds,
        cpu_ms_per_s=(after["cpu_ms"] - before["cpu_ms"]) / seconds,
        device_bytes_per_s=(after["written"] - before["written"]) / seconds,
        numpy=ready[1] == "True",
    )


def _watch(pid: int) -> dict[str, float]:
    process = Path("/proc") / str(pid)
    status = _fields(process / "status")
    tasks = [_fields(task / "status") for task in (process / "task").iterdir()]
    voluntary = sum(int(task["voluntary_ctxt_switches"]) for task in tasks)
    forced = sum(int(task["nonvoluntary_ctxt_switches"]) for task in tasks)
    times = (process / "stat").read_text().rpartition(")")[2].split()
    return {
        "rss_kib": int(status["VmRSS"].split()[0]),
        "threads": len(tasks),
        "voluntary": voluntary,
        "all": voluntary + forced,
        "cpu_ms": (int(times[11]) + int(times[12])) * 1000 / os.sysconf("SC_CLK_TCK"),
        "written": int(_fields(process / "io")["write_bytes"]),
    }


def _fields(path: Path) -> dict[str, str]:
    lines = (line.partition(":") for line in path.read_text().splitlines())
    return {name: value.strip() for name, _, value in lines}


class _Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.rfile.read(length)
        server = self.server
        assert isinstance(server, _Counting)
        server.body_bytes += length
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Log nothing: requests are counted."""


class _Counting(ThreadingHTTPServer):
    daemon_threads = True
    body_bytes = 0


def written(events: int, *, apart: bool) -> Written:
    """Let an engine store and deliver events of two pictures, and read what the kernel wrote for it.

    Args:
        events: How many.
        apart: Each is delivered before the next comes, as on a quiet road; else all come at once.
    """
    server = _Counting(("127.0.0.1", 0), _Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        totals = python(
            _EVENTS,
            f"http://127.0.0.1:{server.server_port}/",
            folder,
            str(events),
            "apart" if apart else "",
        )
    server.shutdown()
    server.server_close()
    return Written(
        apart=apart,
        events=events,
        device_bytes=totals["device_bytes"] / events,
        body_bytes=server.body_bytes / events,
        peak_rss_mib=totals["rss_kib"] / 1024,
    )


def wheel_bytes() -> int:
    """Size of the wheel that would be published for this machine."""
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        maturin = Path(sys.executable).with_name("maturin")
        subprocess.run(
            [maturin, "build", "--release", "--quiet", "--out", folder], cwd=ROOT, check=True
        )
        (wheel,) = Path(folder).glob("*.whl")
        return wheel.stat().st_size


def run(*, quick: bool) -> Result:
    SCRATCH.mkdir(parents=True, exist_ok=True)
    size = wheel_bytes()
    fresh = imports(3 if quick else 11)
    resting = [
        idle(page=page, settle_s=3.0, seconds=5.0 if quick else 30.0) for page in (False, True)
    ]
    lives = [written(50 if quick else 500, apart=apart) for apart in (True, False)]
    ours = next(row for row in fresh if row.package == "cammra_edge")
    return Result(
        tables=[
            _imports_table(fresh, size),
            _resting_table(resting),
            _written_table(lives),
        ],
        bars={
            "wheel_mb": size / 1e6,
            "import_ms": ours.cpu_ms,
            "idle_rss_mib": resting[0].rss_mib,
        },
    )


def _imports_table(fresh: list[Import], size: int) -> Table:
    return Table(
        "Import, in a fresh Python",
        ("package", "ms", "best ms", "MiB resident", "brings"),
        tuple(
            (
                row.package,
                number(row.cpu_ms),
                number(row.best_ms),
                number(row.rss_mib),
                ", ".join(row.unasked) or "-",
            )
            for row in fresh
        ),
        f"The wheel has {size / 1e6:.2f} MB. Byte code is there, as pip leaves it. `cammra_edge` loads a name's module "
        "when the name is asked for; `cammra_edge.engine` is the whole event path. Neither loads numpy or Pillow.",
    )


def _resting_table(resting: list[Idle]) -> Table:
    return Table(
        "At rest: an engine of three profiles, no frames, receivers away",
        ("", "MiB resident", "threads", "wake-ups/s", "switches/s", "ms CPU/s", "bytes written/s"),
        tuple(
            (
                "with the page served" if row.page else "without page",
                number(row.rss_mib),
                str(row.threads),
                f"{row.wakeups_per_s:.1f}",
                f"{row.switches_per_s:.1f}",
                f"{row.cpu_ms_per_s:.2f}",
                f"{row.device_bytes_per_s:.0f}",
            )
            for row in resting
        ),
        "The page wakes once a second, for the date of its answers.",
    )


def _written_table(lives: list[Written]) -> Table:
    return Table(
        "Disk: events of two pictures, stored, delivered and removed",
        ("", "events", "kB sent each", "kB written each", "x", "peak MiB"),
        tuple(
            (
                "each delivered before the next" if row.apart else "all at once",
                str(row.events),
                number(row.body_bytes / 1e3),
                number(row.device_bytes / 1e3),
                f"{row.device_bytes / row.body_bytes:.2f}",
                number(row.peak_rss_mib),
            )
            for row in lives
        ),
        "Events that come at once share commits.",
    )
