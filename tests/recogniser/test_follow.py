"""What `recogniser.follow` promises: numbers that stay, for plates that move, cross, leave and come."""

from cammra_edge.model import Box
from cammra_edge.recogniser import PlateFollower, vehicle_around
from cammra_edge.recording.scene import Scene

FRAME_NS = 40_000_000


def _plate(x: float, y: float, width: float = 80) -> Box:
    return (x, y, width, width / 5)


def test_a_plate_keeps_its_number_however_far_it_goes() -> None:
    follower = PlateFollower()
    tracks = {
        follower.follow([_plate(10 + 60 * step, 20 + 30 * step)], step * FRAME_NS)[0]
        for step in range(20)
    }
    assert tracks == {1}


def test_two_plates_that_pass_each_other_keep_their_numbers() -> None:
    follower = PlateFollower()
    first: tuple[int, int] | None = None
    for step in range(21):
        left, right = _plate(100 + 40 * step, 200), _plate(900 - 40 * step, 240)
        order = [left, right] if step % 2 else [right, left]
        tracks = follower.follow(order, step * FRAME_NS)
        numbers = dict(zip(order, tracks, strict=True))
        first = first or (numbers[left], numbers[right])
        assert (numbers[left], numbers[right]) == first


def test_a_plate_that_was_gone_for_long_is_another_one() -> None:
    follower = PlateFollower(forget_after_s=1.0)
    assert follower.follow([_plate(10, 20)], 0) == [1]
    assert follower.follow([], 900_000_000) == []
    assert follower.follow([_plate(10, 20)], 1_000_000_000) == [1]
    assert follower.follow([_plate(10, 20)], 2_100_000_000) == [2]


def test_a_far_one_and_a_much_larger_one_are_others() -> None:
    follower = PlateFollower()
    assert follower.follow([_plate(10, 20)], 0) == [1]
    assert follower.follow([_plate(10, 20), _plate(500, 20)], FRAME_NS) == [1, 2]
    assert follower.follow([_plate(10, 20, width=400)], 2 * FRAME_NS) == [3]


def test_the_plates_of_the_drawn_scene_get_one_number_each() -> None:
    follower = PlateFollower()
    numbers: dict[int, set[int]] = {}
    for frame in Scene().moments():
        plates = [read.plate for read in frame.reads if read.plate is not None]
        for read, track in zip(frame.reads, follower.follow(plates, frame.t_ns), strict=True):
            numbers.setdefault(read.track, set()).add(track)
    assert sorted(map(len, numbers.values())) == [1] * 5
    assert len(set.union(*numbers.values())) == 5


def test_the_guessed_vehicle_holds_its_plate() -> None:
    x, y, width, height = vehicle_around((100, 300, 80, 20))
    assert x < 100
    assert x + width > 180
    assert y < 300
    assert y + height > 320
