"""Transports: each takes a rendered message to one receiver and says what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.errors import ConfigError
from cammra_edge.profile import Ftp, HttpPost, Tcp, Templated

if TYPE_CHECKING:
    from cammra_edge.clock import Clock
    from cammra_edge.profile import Profile
    from cammra_edge.sinks.base import Sink


def open_sink(
    profile: Profile, *, network_mode: str = "https", clock: Clock = SYSTEM_CLOCK
) -> Sink:
    """The way out that a profile's protocol asks for; makes no connection yet.

    Args:
        profile: Where to.
        network_mode: What a URL without a scheme means, `https` or `http`.
        clock: Where time limits are read.

    Raises:
        ConfigError: The protocol needs an extra that is not installed.
    """
    # Imported when asked for: a camera that only sends HTTP does not pay for the others, and the other way round.
    protocol = profile.protocol
    match protocol.transport() if isinstance(protocol, Templated) else protocol:
        case HttpPost() as way:
            from cammra_edge.sinks.http import HttpSink  # noqa: PLC0415 - as above

            return HttpSink(way, network_mode=network_mode, clock=clock)
        case Tcp() as way:
            from cammra_edge.sinks.tcp import TcpSink  # noqa: PLC0415 - as above

            return TcpSink(way, clock=clock)
        case Ftp() as way if way.endpoint().scheme == "sftp":
            try:
                from cammra_edge.sinks.sftp import SftpSink  # noqa: PLC0415 - as above
            except ImportError as error:
                raise ConfigError(
                    "server_url", way.server_url, "the extra: pip install 'cammra-edge[sftp]'"
                ) from error
            return SftpSink(way, clock=clock)
        case Ftp() as way:
            from cammra_edge.sinks.ftp import FtpSink  # noqa: PLC0415 - as above

            return FtpSink(way, clock=clock)
