"""The quick half of the fault catalogue; `make faults` runs all of it at full length."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.faults import (
    backlog,
    brokers,
    damage,
    disks,
    isolation,
    kills,
    network,
    power,
    processes,
    receivers,
    resolving,
    starts,
    writes,
)
from tests.faults.behaviours import BEHAVIOURS
from tests.faults.finding import CannotBeProvokedError, Finding
from tests.recordings import recordings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def held(provoke: Callable[[], Finding]) -> None:
    """Provoke it; a machine that cannot says so."""
    try:
        finding = provoke()
    except CannotBeProvokedError as reason:
        if os.environ.get("CI") == "true":
            pytest.fail(str(reason))
        pytest.skip(str(reason))
    assert finding.held, f"{finding.fault}: {finding.shows}"


@pytest.mark.recordings
@pytest.mark.slow
def test_killed_at_random_moments_nothing_is_lost_or_renumbered(tmp_path: Path) -> None:
    held(lambda: kills.kill_sweep(tmp_path, recordings() / "motorway-short", kills=5, seed=7))


def test_killed_at_chosen_writes_nothing_stored_is_lost(tmp_path: Path) -> None:
    held(lambda: writes.killed_at_writes(tmp_path, steps=(3, 40)))


def test_power_cuts_lose_nothing_that_was_stored(tmp_path: Path) -> None:
    held(lambda: power.power_cuts(tmp_path, cycles=2))


def test_a_power_cut_behind_the_answer_costs_a_repeat(tmp_path: Path) -> None:
    held(lambda: power.cut_behind_the_answer(tmp_path, cycles=1))


@pytest.mark.parametrize("what", ["descriptors", "threads"])
def test_a_process_that_is_starved_for_a_while_goes_on(tmp_path: Path, what: str) -> None:
    held(lambda: processes.starved(tmp_path, what))


@pytest.mark.parametrize("by_kernel", [False, True])
def test_memory_that_runs_out_costs_nothing_that_was_stored(
    tmp_path: Path, *, by_kernel: bool
) -> None:
    held(lambda: processes.out_of_memory(tmp_path, by_kernel=by_kernel))


def test_a_backlog_fits_into_little_memory(tmp_path: Path) -> None:
    held(lambda: processes.little_memory(tmp_path, events=1_000, limit_bytes=64 << 20))


def test_a_process_that_stood_still_finds_its_receivers_again(tmp_path: Path) -> None:
    held(lambda: processes.stopped(tmp_path, stopped_s=0.5))


@pytest.mark.recordings
@pytest.mark.slow
def test_told_to_end_twice_it_ends_at_once_and_loses_nothing(tmp_path: Path) -> None:
    recording = recordings() / "motorway-short"
    held(lambda: processes.told_to_end(tmp_path, recording, twice=True))


def test_a_full_disk_is_lived_through(tmp_path: Path) -> None:
    held(lambda: disks.full_disk(tmp_path))


@pytest.mark.recordings
@pytest.mark.slow
def test_a_disk_that_fills_up_in_the_middle_of_a_replay_costs_no_event(tmp_path: Path) -> None:
    held(lambda: disks.full_in_a_replay(tmp_path, recordings() / "toll-lane"))


def test_writes_and_flushes_that_fail_lose_nothing(tmp_path: Path) -> None:
    held(lambda: writes.failing_writes(tmp_path, steps=(20,)))


def test_a_read_only_disk_is_lived_through(tmp_path: Path) -> None:
    held(lambda: disks.read_only_disk(tmp_path))


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_a_hostile_receiver_is_dealt_with_and_harms_no_other(tmp_path: Path, name: str) -> None:
    held(lambda: isolation.dealt_with(tmp_path, name, events=30))


@pytest.mark.alone
def test_a_far_receiver_is_kept_busy(tmp_path: Path) -> None:
    held(lambda: receivers.far_away(tmp_path, events=160))


@pytest.mark.alone
def test_after_an_outage_what_happens_now_overtakes_the_backlog(tmp_path: Path) -> None:
    held(lambda: receivers.back_again(tmp_path, vehicles=100))


@pytest.mark.alone
def test_a_long_backlog_takes_little_memory(tmp_path: Path) -> None:
    held(lambda: backlog.long_backlog(tmp_path, events=2_000, least_share=0.4))


@pytest.mark.parametrize(
    "provoke",
    [network.packets_too_large, network.dies_under_large_ones, network.link_down_at_boot],
)
def test_a_network_that_fails_costs_no_event(
    tmp_path: Path, provoke: Callable[[Path], Finding]
) -> None:
    held(lambda: provoke(tmp_path))


def test_a_link_that_flaps_costs_no_event(tmp_path: Path) -> None:
    held(lambda: network.flapping(tmp_path, flaps=3, up_s=0.5, down_s=0.5))


@pytest.mark.alone
@pytest.mark.parametrize(
    "name",
    [name for name, case in resolving.CASES.items() if case.quick],
)
def test_a_name_server_that_fails_costs_little(tmp_path: Path, name: str) -> None:
    held(lambda: resolving.name_server(tmp_path, name))


@pytest.mark.parametrize("what", damage.HARMS)
def test_an_outbox_of_mixed_up_files_gives_what_is_whole(tmp_path: Path, what: str) -> None:
    held(lambda: damage.files_mixed_up(tmp_path, what))


def test_a_last_write_that_is_torn_costs_nothing_before_it(tmp_path: Path) -> None:
    held(lambda: damage.torn_writes(tmp_path, times=20))


def test_a_start_that_is_killed_loses_nothing_that_another_saves(tmp_path: Path) -> None:
    held(lambda: damage.killed_in_recovery(tmp_path, kills=2, vehicles=100))


def test_bits_flipped_and_pages_overwritten_cost_what_lay_there(tmp_path: Path) -> None:
    held(lambda: damage.everywhere(tmp_path, "a bit flipped", damage.flip_a_bit, most=1, times=20))
    held(
        lambda: damage.everywhere(
            tmp_path / "pages",
            "a page overwritten",
            damage.overwrite_a_page,
            most=damage.EVENTS_ON_A_PAGE,
            times=20,
        )
    )


def test_power_cuts_while_an_outbox_is_read_lose_nothing(tmp_path: Path) -> None:
    held(lambda: power.cut_in_recovery(tmp_path, cycles=2))


def test_a_start_reads_what_it_needs_and_not_what_is_stored(tmp_path: Path) -> None:
    held(lambda: starts.cold_start(tmp_path, size_bytes=100 << 20))


def test_a_flush_that_lies_is_noticed(tmp_path: Path) -> None:
    held(lambda: power.lying_flush(tmp_path))


@pytest.mark.parametrize("provoke", [disks.no_more_files, disks.of_another_user])
def test_a_disk_that_refuses_otherwise_is_lived_through(
    tmp_path: Path, provoke: Callable[[Path], Finding]
) -> None:
    held(lambda: provoke(tmp_path))


def test_storage_that_hangs_silences_nobody(tmp_path: Path) -> None:
    held(lambda: disks.storage_that_hangs(tmp_path, hangs_s=3.0))


@pytest.mark.parametrize("reply", [True, False])
def test_a_broker_that_is_killed_loses_nothing_that_is_not_said_to_be(
    tmp_path: Path, *, reply: bool
) -> None:
    held(lambda: brokers.killed(tmp_path, kills=2, reply=reply))


@pytest.mark.parametrize("reply", [True, False])
def test_a_broker_that_keeps_little_is_no_loss_in_reply_mode(
    tmp_path: Path, *, reply: bool
) -> None:
    held(lambda: brokers.full_queue(tmp_path, reply=reply))


@pytest.mark.parametrize("provoke", [brokers.unheard, brokers.forbidden])
def test_what_a_broker_does_not_take_is_kept(
    tmp_path: Path, provoke: Callable[[Path], Finding]
) -> None:
    held(lambda: provoke(tmp_path))


def test_a_camera_without_events_stays_and_sleeps(tmp_path: Path) -> None:
    held(lambda: brokers.quiet(tmp_path, seconds=3.0))


@pytest.mark.parametrize("name", brokers.CONSUMERS)
def test_what_a_consumer_has_not_said_ok_to_is_not_delivered(tmp_path: Path, name: str) -> None:
    held(lambda: brokers.consumer_that(tmp_path, name=name))
