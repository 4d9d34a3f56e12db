"""What twenty open pages cost the engine, and somebody who searches: `python -m tests.web.viewers [rounds]`.

A measurement, no test: it depends on what else the machine does. The drawn scene passes again and again at full
speed; a round without anybody, one with twenty live streams, and one with somebody who types plates into SEARCH (ten
letters a second, each asks, and gives up the question before) take turns, and the median of the rounds' ratios counts,
so that what else the machine does falls on all. Who looks and who types are processes of their own. The bars: CPU
per frame changes by less than a tenth, `observe` p99 stays within 1.5 times. What was measured is in
`benches/README.md`. `test_live.py` holds what it depends on: twenty viewers are one question, and their queues
are bounded.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import httpx

from cammra_edge import Device, Engine, FrameFormat, HttpPost, OutboxSettings, Profile
from cammra_edge.receiver import Receiver
from cammra_edge.recording.scene import Scene
from cammra_edge.web import serve_page
from tests.web.still import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cammra_edge.recording.reader import RecordedFrame

VIEWERS = 20
ROUNDS = 9
FRAMES = 1500
CPU_BAR, P99_BAR = 1.1, 1.5

_LOOK = """
import asyncio, sys
from urllib.parse import urlsplit
url, cookie, count = urlsplit(sys.argv[1]), sys.argv[2], int(sys.argv[3])
async def look():
    reader, writer = await asyncio.open_connection(url.hostname, url.port, limit=1 << 24)
    head = ["GET /api/events/stream HTTP/1.1", f"Host: {url.netloc}", f"Cookie: cammra={cookie}", "", ""]
    writer.write("\\r\\n".join(head).encode())
    assert b" 200 " in await reader.readline()
    await reader.readuntil(b"event: status")
    return reader
async def main():
    readers = [await look() for _ in range(count)]
    print("looking", flush=True)
    async def drain(reader):
        while await reader.read(65536):
            pass
    await asyncio.gather(*map(drain, readers))
asyncio.run(main())
"""


_TYPE = """
import asyncio, itertools, sys
from urllib.parse import urlsplit
url, cookie = urlsplit(sys.argv[1]), sys.argv[2]
async def ask(path):
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    head = [f"GET {path} HTTP/1.1", f"Host: {url.netloc}", f"Cookie: cammra={cookie}", "Connection: close", "", ""]
    writer.write("\\r\\n".join(head).encode())
    try:
        async with asyncio.timeout(0.1):
            assert b" 200 " in await reader.readline()
            while await reader.read(65536):
                pass
    except TimeoutError:
        pass
    writer.close()
async def main():
    await ask("/api/events?limit=25")
    print("looking", flush=True)
    for number in itertools.count():
        plate = f"{number % 9 + 1}AB{number * 7919 % 10000:04}"
        for length in range(1, len(plate) + 1):
            next_letter = asyncio.create_task(asyncio.sleep(0.1))
            await ask(f"/api/events?plate={plate[:length]}*&limit=25")
            await next_letter
asyncio.run(main())
"""


class Round(NamedTuple):
    """One round: CPU of the whole process per frame and the calling thread's p99, both in µs, and resident MiB."""

    cpu_us: float
    p99_us: float
    rss_mib: float


def replay(engine: Engine, frames: Iterator[RecordedFrame]) -> Round:
    """So many frames at full speed."""
    took: list[int] = []
    began = time.process_time()
    for _ in range(FRAMES):
        frame = next(frames)
        engine.wait_for_room()
        before = time.perf_counter_ns()
        engine.observe(frame.jpeg, frame.reads, frame.at)
        took.append(time.perf_counter_ns() - before)
    cpu_us = (time.process_time() - began) / FRAMES * 1e6
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    rss_mib = pages * resource.getpagesize() / (1 << 20)
    return Round(cpu_us, sorted(took)[int(FRAMES * 0.99)] / 1000, rss_mib)


@contextmanager
def visitors(script: str, *words: str) -> Iterator[None]:
    """A process of visitors, from when each has its first answer."""
    command = [sys.executable, "-c", script, *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "looking\n"
            yield
        finally:
            process.terminate()


def rounds(count: int) -> Iterator[tuple[Round, Round, Round]]:
    """So many times a round alone, one with viewers, and one with somebody who searches."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        receiver = stack.enter_context(Receiver(keep=1))
        engine = Engine(
            device=Device(serial="B8A44F960ACE"),
            profiles=[Profile("bench", HttpPost(receiver.http_url), events={"new", "lost"})],
            frame_format=FrameFormat.JPEG,
            outbox=OutboxSettings(path=folder / "outbox.db"),
        )
        stack.enter_context(engine.running(live=False))
        served = stack.enter_context(serve_page(engine, port=0, folder=folder / "page", say=False))
        body = {"code": served.setup_code, "password": PASSWORD}
        answer = httpx.post(f"{served.url}api/setup", json=body, trust_env=False)
        frames = Scene().record(folder / "scene").frames(loops=None)
        replay(engine, frames)
        who = (served.url, answer.cookies["cammra"])
        for _ in range(count):
            alone = replay(engine, frames)
            with visitors(_LOOK, *who, str(VIEWERS)):
                watched = replay(engine, frames)
            with visitors(_TYPE, *who):
                yield alone, watched, replay(engine, frames)


def main() -> int:
    """Print the figures; the exit code says whether they keep the bars."""
    kept = True
    taken = list(rounds(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))
    for index, (name, bar) in enumerate((("CPU per frame", CPU_BAR), ("observe p99", P99_BAR))):
        before = statistics.median(alone[index] for alone, *_ in taken)
        print(f"{name}: {before:.0f} us alone")  # noqa: T201 - what it is for
        for who, with_ in ((f"{VIEWERS} viewers", 1), ("somebody who searches", 2)):
            ratio = statistics.median(one[with_][index] / one[0][index] for one in taken)
            kept &= ratio <= bar
            print(f"  x{ratio:.2f} with {who}; bar x{bar}")  # noqa: T201 - what it is for
    grown = statistics.median(watched.rss_mib - alone.rss_mib for alone, watched, _ in taken)
    print(f"resident memory: {grown:+.1f} MiB with {VIEWERS} viewers")  # noqa: T201 - what it is for
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
