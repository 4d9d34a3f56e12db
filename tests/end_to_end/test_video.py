"""What `make run-video` does, on its film itself; over RTSP, by the clock: `make soak`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from tools.video import film
from tools.video.serving import ServingError, free_port, rtsp_server
from tools.video.watching import Watcher, missing, watch

from cammra_edge.receiver import Receiver

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_drawn_vehicle_is_read_and_arrives_as_it_was_drawn(tmp_path: Path) -> None:
    path = tmp_path / "scene.mp4"
    film.draw(path, slower=4, every=4)
    watcher = Watcher()
    with Receiver() as receiver:
        status = watch(str(path), watcher, receiver, tmp_path / "outbox")
        assert missing(receiver) == []
    assert (status.pictures, status.skipped_frames) == (film.FRAMES / 4, 0)
    assert watcher.picture()


def test_a_receiver_that_got_nothing_lacks_every_vehicle() -> None:
    with Receiver() as receiver:
        (lack,) = missing(receiver)
    assert lack.endswith("4BX7381, 52BKT7, AB12CDE, MLB84R, TOLSL123 were drawn")


def test_what_is_missing_is_named_as_it_is_installed(tmp_path: Path) -> None:
    packages = (
        "python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-good gstreamer1.0-plugins-bad"
    )
    # The tests' own Python has none of GStreamer's bindings.
    for python, says in (
        (sys.executable, f"apt-get install {packages}"),
        ("/nowhere/python3", "/nowhere/python3 is missing: apt-get install python3"),
    ):
        served = rtsp_server(tmp_path / "film.mp4", free_port(), python=python)
        with pytest.raises(ServingError) as error, served:
            pass
        assert str(error.value).endswith(says)


def test_the_slower_the_machine_the_slower_the_vehicles() -> None:
    assert [film.slower_for(read_s) for read_s in (0.1, 0.6, 1.0, 1.5, 5.0)] == [3, 4, 6, 9, 12]
