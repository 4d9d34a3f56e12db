"""For all tests: which of them run on emulated ARM, and what emulation needs."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.emulation import EMULATED, LEFT_OUT, NOT_THERE, PATIENCE, left_out, missing_import

_not_collected = pytest.StashKey[dict[str, str]]()

# How long an example takes says how busy the machine is, and nothing about the code.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# Emulated Python is 10 to 15 times slower: there, fewer examples too.
settings.register_profile(
    "emulated", settings.get_profile("unhurried"), max_examples=10, database=None
)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_not_collected] = {}
    settings.load_profile("emulated" if EMULATED else "unhurried")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    if EMULATED and collection_path.suffix == ".py":
        if left_out(collection_path.relative_to(config.rootpath).as_posix()):
            return True
        package = missing_import(collection_path)
        if package:
            config.stash[_not_collected][str(collection_path.relative_to(config.rootpath))] = (
                package
            )
            return True
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if left_out(item.nodeid) is None:
            item.add_marker("arm")
        marker = item.get_closest_marker("timeout")
        if EMULATED and marker:
            item.add_marker(pytest.mark.timeout(marker.args[0] * PATIENCE), append=False)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    for start, why in LEFT_OUT.items() if EMULATED else ():
        terminalreporter.write_line(f"not on {EMULATED}: {start}: {why}")
    for path, package in sorted(config.stash[_not_collected].items()):
        terminalreporter.write_line(
            f"not on {EMULATED}: {path} imports {package}: {NOT_THERE[package]}"
        )
