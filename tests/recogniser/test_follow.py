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
    for step in range(1, 25):
        assert follower.follow([], step * FRAME_NS) == []
    assert follower.follow([_plate(10, 20)], 25 * FRAME_NS) == [1]
    for step in range(26, 51):
        assert follower.follow([], step * FRAME_NS) == []
    assert follower.follow([_plate(10, 20)], 51 * FRAME_NS) == [2]


def test_a_gap_in_the_stream_is_long_too() -> None:
    follower = PlateFollower(forget_after_s=1.0)
    for step in range(5):
        assert follower.follow([_plate(10, 20)], step * FRAME_NS) == [1]
    assert follower.follow([_plate(10, 20)], 1_200_000_000) == [2]


def test_a_reader_that_takes_longer_than_that_sees_the_same_plate_again() -> None:
    follower = PlateFollower(forget_after_s=1.0)
    tracks = [
        follower.follow([_plate(10 + 5 * step, 20)], step * 4_000_000_000) for step in range(5)
    ]
    assert tracks == [[1]] * 5
    assert follower.follow([], 20_000_000_000) == []
    assert follower.follow([_plate(40, 20)], 24_000_000_000) == [1], "missing in one frame"
    assert follower.follow([], 28_000_000_000) == []
    assert follower.follow([], 32_000_000_000) == []
    assert follower.follow([_plate(40, 20)], 36_000_000_000) == [2]


def test_a_far_one_and_a_much_larger_one_are_others() -> None:
    follower = PlateFollower()
    assert follower.follow([_plate(10, 20)], 0) == [1]
    assert follower.follow([_plate(10, 20), _plate(500, 20)], FRAME_NS) == [1, 2]
    assert follower.follow([_plate(10, 20, width=400)], 2 * FRAME_NS) == [3]


def test_a_plate_that_says_the_same_is_the_same_however_far_it_went_between_two_slow_reads() -> (
    None
):
    follower = PlateFollower(forget_after_s=3.0)
    far, near = _plate(10, 20, width=30), _plate(700, 600, width=110)
    assert follower.follow([far], 0, ["AB123"]) == [1]
    assert follower.follow([near], 25 * FRAME_NS, ["AB123"]) == [1]
    assert follower.follow([far, near], 50 * FRAME_NS, ["AB123", "CD456"]) == [1, 2]
    assert follower.follow([_plate(12, 21, width=30)], 51 * FRAME_NS, [None]) == [1], "by its place"
    both = follower.follow([near, far], 52 * FRAME_NS, ["AB123", "AB123"])
    assert both == [2, 1], "the nearest of those that say the same, the other by its place"
    assert follower.follow([near], 200 * FRAME_NS, ["AB123"]) == [3], "gone for long"


def test_plates_without_a_text_are_not_taken_for_each_other() -> None:
    follower = PlateFollower()
    assert follower.follow([_plate(10, 20)], 0, [""]) == [1]
    assert follower.follow([_plate(700, 20)], FRAME_NS, [""]) == [2]


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
