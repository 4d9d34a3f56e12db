"""How many examples a property is tried with: a quarter by day, all by night (`make night`), few on emulated ARM."""

import os

from hypothesis import HealthCheck, settings

from tests.emulation import EMULATED

NIGHTLY = bool(os.environ.get("CAMMRA_NIGHTLY"))
"""Whether there is time for everything."""


def examples(count: int) -> int:
    """How many of so many examples this run tries."""
    if EMULATED:
        return max(count // 15, 5)
    return count if NIGHTLY else -(-count // 4)


def load() -> None:
    """Hold all properties to it that do not say a number of their own."""
    # How long an example takes says how busy the machine is, and nothing about the code.
    unhurried = settings(
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        max_examples=examples(100),
    )
    settings.register_profile("unhurried", unhurried)
    settings.register_profile("emulated", unhurried, max_examples=10, database=None)
    settings.load_profile("emulated" if EMULATED else "unhurried")
