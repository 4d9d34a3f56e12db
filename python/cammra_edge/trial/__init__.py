"""Test of one profile, or of the keepalive, step by step, through its real payload and sink.

`trial` sends one event that is marked as a test and has a picture of our own, past the queue and without touching
another profile. Every step that fails says in one sentence what to do.

Invariants, held by `tests/trial/test_trial.py`: every step that begins also ends; `done` comes last, whatever
happened; no step's text has a password in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from cammra_edge.payload.keepalive import keepalive_body
from cammra_edge.profile import Ftp, HttpPost, Mqtt, Profile, Tcp, Transport
from cammra_edge.trial.step import Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cammra_edge.clock import Clock
    from cammra_edge.model import Device
    from cammra_edge.payload.keepalive import Status
    from cammra_edge.profile import Keepalive
    from cammra_edge.trial.run import Trial

_Way = TypeVar("_Way", bound=Transport)
__all__ = ["Step", "keepalive_trial", "trial"]


def keepalive_trial(
    keepalive: Keepalive, *, device: Device, status: Status, clock: Clock, deny_local: bool = False
) -> Iterator[Step]:
    """Send one sign of life, step by step; none of the engine's own is touched.

    Args:
        keepalive: Saved or not; has a server.
        device: The camera.
        status: What it tells.
        clock: Where time limits are read.
        deny_local: Send nothing to this machine itself or its link.

    Yields:
        As `trial`.
    """
    from cammra_edge.trial.secure import HttpTrial  # noqa: PLC0415 - each is imported when asked for, as the sinks are

    way = keepalive.transport()
    told = HttpTrial(
        way,
        Profile("keepalive", way),
        profile_id=0,
        device=device,
        clock=clock,
        deny_local=deny_local,
    )
    yield from told.tell(keepalive_body(keepalive, device, status), "keepalive")


def trial(  # noqa: PLR0913 - what a Test goes by, by name
    profile: Profile,
    *,
    profile_id: int,
    device: Device,
    plate: str = "AXIS1234",
    clock: Clock,
    deny_local: bool = False,
) -> Iterator[Step]:
    """Try a profile out.

    Args:
        profile: Saved or not.
        profile_id: The profile's number.
        device: The camera.
        plate: What the test event reports.
        clock: Where time limits are read.
        deny_local: Send nothing to this machine itself or its link.

    Yields:
        Each step when it begins and when it has ended, `done` last.
    """

    def of(kind: type[Trial[_Way]], way: _Way) -> Trial[_Way]:
        return kind(
            way,
            profile,
            profile_id=profile_id,
            device=device,
            clock=clock,
            deny_local=deny_local,
        )

    # Each is imported when asked for, as the sinks are.
    match profile.protocol.transport():
        case HttpPost() as way:
            from cammra_edge.trial.secure import HttpTrial  # noqa: PLC0415 - as above

            run = of(HttpTrial, way).run
        case Ftp() as way:
            from cammra_edge.trial.ftp import FtpTrial  # noqa: PLC0415 - as above

            run = of(FtpTrial, way).run
        case Tcp() as way:
            from cammra_edge.trial.secure import SecureTrial  # noqa: PLC0415 - as above

            run = of(SecureTrial, way).run
        case Mqtt() as way:
            from cammra_edge.trial.mqtt import MqttTrial  # noqa: PLC0415 - as above

            run = of(MqttTrial, way).run
        case way:
            from cammra_edge.trial.run import Trial as Plain  # noqa: PLC0415 - as above

            run = of(Plain, way).run
    yield from run(plate)
