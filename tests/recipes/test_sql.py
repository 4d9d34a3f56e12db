"""The recipes' SQL, on a real PostgreSQL."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.engines import RECIPES, Database, database

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
INSERT = (
    "INSERT INTO event VALUES (%s, %s, 'site', %s, %s, %s, normal(%s), 'DEU', 0.9, 'in', %s)"
    " ON CONFLICT DO NOTHING"
)


@pytest.fixture(scope="module")
def server() -> Iterator[Database]:
    with database() as found:
        found.run(
            *(RECIPES / "postgresql" / f"{name}.sql" for name in ("schema", "search", "forgetting"))
        )
        yield found


@pytest.fixture
def fleet(server: Database) -> Database:
    server.rows("TRUNCATE event, image, passage, day_key")
    return server


def passes(  # noqa: PLR0913 - what an event is made of
    fleet: Database,
    plate: str,
    *,
    device: str = "gate-1",
    after: timedelta = timedelta(),
    kind: str = "reliable",
    car_id: int = 1,
    body: dict[str, object] | None = None,
) -> str:
    at = NOW + after
    event_id = f"{plate}-{device}-{kind}-{at.isoformat()}"
    fleet.rows(INSERT, event_id, at, device, kind, car_id, plate, json.dumps(body or {}))
    return event_id


def plates(fleet: Database, query: str, *values: object) -> list[object]:
    return [row[0] for row in fleet.rows(query, *values)]


def test_a_repeat_is_removed_by_its_id_and_months_are_tables(fleet: Database) -> None:
    passes(fleet, "B XY-1234")
    passes(fleet, "B XY-1234")
    assert fleet.rows("SELECT plate, tableoid::regclass::text FROM event") == [
        ("BXY1234", f"event_{NOW:%Y_%m}")
    ]


def test_a_camera_without_a_clock_loses_nothing_and_its_month_may_come_later(
    fleet: Database,
) -> None:
    fleet.rows(INSERT, "old", datetime(1970, 1, 5, tzinfo=UTC), "gate-1", "new", 1, "A", "{}")
    assert fleet.number("SELECT count(*) FROM event_other") == 1
    fleet.rows("SELECT make_month('1970-01-20'), make_month('1970-01-20')")
    assert fleet.number("SELECT count(*) FROM event_1970_01") == 1
    assert fleet.number("SELECT count(*) FROM event_other") == 0
    assert fleet.number("SELECT forget_before('1970-02-01T00:00Z')") == 1
    assert fleet.rows("SELECT to_regclass('event_1970_01')") == [(None,)]


def test_plates_are_found_exactly_by_wildcards_and_by_their_distance(fleet: Database) -> None:
    for plate in ("BXY1234", "BXY1284", "BXI1284", "MZZ9999", "B1"):
        passes(fleet, plate)
    assert plates(fleet, "SELECT plate FROM plate_is('b-xy 1234')") == ["BXY1234"]
    assert sorted(map(str, plates(fleet, "SELECT plate FROM plate_like('b*12?4')"))) == [
        "BXI1284",
        "BXY1234",
        "BXY1284",
    ]
    assert plates(fleet, "SELECT plate FROM plate_like('%%')") == [], "only * and ? are wildcards"
    near = fleet.rows("SELECT differ, (found).plate FROM plate_near('BXY1234', 2)")
    assert near == [(0, "BXY1234"), (1, "BXY1284"), (2, "BXI1284")]
    assert fleet.rows("SELECT differ FROM plate_near('BXY1234')") == [(0,), (1,)]


def test_journeys_are_timed_from_the_last_pass_before(fleet: Database) -> None:
    minute = timedelta(minutes=1)
    passes(fleet, "A1", after=-30 * minute)
    passes(fleet, "A1", after=-10 * minute)
    passes(fleet, "A1", after=-9 * minute, kind="update")
    passes(fleet, "A1", device="gate-7", after=-4 * minute)
    passes(fleet, "A1", device="gate-7", after=-3 * minute, kind="lost")
    passes(fleet, "B2", device="gate-7", after=-3 * minute)
    passes(fleet, "C3", after=-200 * minute)
    passes(fleet, "C3", device="gate-7", after=-2 * minute)
    found = fleet.rows(
        "SELECT plate, took FROM journeys('gate-1', 'gate-7', %s, %s)", NOW - 60 * minute, NOW
    )
    assert found == [("A1", 6 * minute)]


def test_what_is_too_old_is_forgotten_with_its_pictures(fleet: Database) -> None:
    passes(fleet, "A1", after=-timedelta(days=2))
    passes(fleet, "B2")
    fleet.rows(
        "INSERT INTO image VALUES ('a', 'plate', '00', now() - interval '3 days', ''),"
        " ('b', 'plate', '01', now(), '')"
    )
    assert fleet.number("SELECT forget_before(%s)", NOW - timedelta(days=1)) == 1
    assert plates(fleet, "SELECT plate FROM event") == ["B2"]
    assert fleet.rows("SELECT event_id FROM image") == [("b",)]


def test_a_plate_is_erased_wherever_its_vehicle_said_something(fleet: Database) -> None:
    gone = passes(fleet, "A1", kind="new", car_id=5)
    passes(fleet, "A7", kind="lost", car_id=5)
    passes(fleet, "C3", kind="update", car_id=6, body={"cammra_edge": {"previous_plate": "a-1"}})
    kept = passes(fleet, "B2", car_id=7)
    for event_id in (gone, kept):
        fleet.rows("INSERT INTO image VALUES (%s, 'plate', '00', now(), '')", event_id)
    assert fleet.number("SELECT erase_plate('A 1')") == 3
    assert plates(fleet, "SELECT plate FROM event") == ["B2"]
    assert fleet.rows("SELECT event_id FROM image") == [(kept,)]
    assert fleet.number("SELECT erase_plate('A 1')") == 0


def test_hashes_are_one_vehicles_for_a_day_and_nobodys_after(fleet: Database) -> None:
    passes(fleet, "A1")
    passes(fleet, "a-1", device="gate-7", after=timedelta(minutes=5))
    passes(fleet, "A1", after=timedelta(days=1))
    passes(fleet, "B2", after=timedelta(minutes=1))
    assert fleet.number("SELECT hash_before(%s)", NOW + timedelta(days=2)) == 4
    assert fleet.number("SELECT count(*) FROM event") == 0
    vehicles = [vehicle for (vehicle,) in fleet.rows("SELECT vehicle FROM passage ORDER BY at")]
    assert vehicles[0] == vehicles[2], "the same at two cameras"
    assert len(set(vehicles)) == 3, "another one each day, and for each plate"
    assert fleet.number("SELECT count(*) FROM day_key") == 2
