"""For all tests: which of them run on emulated ARM, and which together where several processes run them."""

from pathlib import Path

import pytest

from tests import budget, sharing
from tests.emulation import EMULATED, LEFT_OUT, NOT_THERE, PATIENCE, left_out, missing_import

_not_collected = pytest.StashKey[dict[str, str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_not_collected] = {}
    budget.load()


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


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    return sharing.scheduler(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if sharing.WORKERS > 1:
        sharing.long_ones_first(items)
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
