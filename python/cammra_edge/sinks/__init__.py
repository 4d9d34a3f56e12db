"""Transports: each takes rendered messages to one receiver and says what became of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, assert_never

from cammra_edge.errors import ConfigError
from cammra_edge.profile import NOBODY, Ftp, HttpPost, Mqtt, Tcp
from cammra_edge.sinks.wants import SinkWant

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.clock import Clock
    from cammra_edge.profile import Caller, Protocol
    from cammra_edge.sinks.base import Sink


def open_sink(
    protocol: Protocol, *, clock: Clock, deny_local: bool = False, caller: Caller = NOBODY
) -> Sink:
    """The sink of a protocol; makes no connection yet.

    Args:
        protocol: How and where it sends.
        clock: Where time limits are read.
        deny_local: Send nothing to this machine itself or its link (`own`).
        caller: For whom.

    Raises:
        ConfigError: The protocol needs an extra that is not installed.
    """
    return ways_out(protocol, clock=clock, deny_local=deny_local, caller=caller)()


def ways_out(
    protocol: Protocol, *, clock: Clock, deny_local: bool = False, caller: Caller = NOBODY
) -> Callable[[], Sink]:
    """What opens the sinks of one worker: those that can share a connection do. As for `open_sink`."""
    # Each is imported when asked for: a camera that only sends HTTP does not pay for FTP.
    match protocol.transport():
        case HttpPost() as way:
            from cammra_edge.sinks.http import HttpSink  # noqa: PLC0415 - as above

            return partial(HttpSink, way, clock=clock, deny_local=deny_local)
        case Tcp() as way:
            from cammra_edge.sinks.tcp import TcpSink  # noqa: PLC0415 - as above

            return partial(TcpSink, way, clock=clock, deny_local=deny_local)
        case Ftp() as way:
            return partial(_open_uploads, way, clock, deny_local=deny_local)
        case Mqtt() as way:
            from cammra_edge.sinks.mqtt import shared_session  # noqa: PLC0415 - as above

            return shared_session(way, caller, clock=clock, deny_local=deny_local)
        case unknown:
            assert_never(unknown)


def _open_uploads(protocol: Ftp, clock: Clock, *, deny_local: bool) -> Sink:
    if protocol.endpoint().scheme != "sftp":
        from cammra_edge.sinks.ftp import FtpSink  # noqa: PLC0415 - as above

        return FtpSink(protocol, clock=clock, deny_local=deny_local)
    try:
        from cammra_edge.sinks.sftp import SftpSink  # noqa: PLC0415 - as above
    except ImportError as error:
        raise ConfigError("server_url", protocol.server_url, SinkWant.SFTP_EXTRA()) from error
    return SftpSink(protocol, clock=clock, deny_local=deny_local)
