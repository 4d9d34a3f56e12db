"""Reads that another program prints become events at a receiver.

python examples/text_feed.py http://127.0.0.1:8080/ < reads.txt
"""

import sys

from cammra_edge import Engine, FrameTime, HttpPost, Profile
from cammra_edge.recogniser.text_feed import TextFeed

FRAME_NS = 40_000_000


def main(url: str) -> None:
    """Every line of the standard input is a frame."""
    feed = TextFeed()
    engine = Engine(profiles=[Profile("gate", HttpPost(url), image=None)])
    with engine.running(live=False):
        for number, line in enumerate(sys.stdin):
            at = FrameTime(number * FRAME_NS, 1_700_000_000_000_000_000 + number * FRAME_NS)
            engine.observe(None, feed.read(line, at), at)
        engine.finish()
        engine.drain(10.0)


if __name__ == "__main__":
    main(sys.argv[1])
