"""MJPEG over HTTP: the camera's own JPEG bytes, without PyAV.

Held by `tests/camera/test_mjpeg.py` against servers that send as cameras do.
"""

from __future__ import annotations

import errno
import socket
import ssl
from typing import TYPE_CHECKING

import httpx

from cammra_edge.camera.authorities import trusting_context
from cammra_edge.camera.jpeg_picture import JpegPicture
from cammra_edge.camera.parts import PartSplitter
from cammra_edge.camera.picture import Taken
from cammra_edge.camera.troubles import StreamError, stream_error
from cammra_edge.recording.jpegs import JpegSplitter, jpeg_size

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from cammra_edge.camera.address import Address

OPEN_S, READ_S = 8.0, 4.5
_DIGEST = "digest"
_BY_STATUS = {401: "unauthorised", 403: "forbidden", 404: "not_found"}


class MjpegStream:
    """An open stream.

    Args:
        address: An address of HTTP; user and password go by what the camera asks for, Basic or Digest.

    Raises:
        StreamError: It cannot be opened, or is no MJPEG.
    """

    codec = "mjpeg"
    began_utc: datetime | None = None

    def __init__(self, address: Address) -> None:
        timeout = httpx.Timeout(READ_S, connect=OPEN_S)
        # A connection each time: cameras close theirs after the 401, often before the next request has come.
        limits = httpx.Limits(max_keepalive_connections=0)
        self._client = httpx.Client(
            timeout=timeout, limits=limits, trust_env=False, verify=trusting_context()
        )
        try:
            self._answer = self._opened(address)
            self._splitter = _splitter(self._answer)
        except BaseException:
            self._client.close()
            raise

    def pictures(self) -> Iterator[Taken | None]:
        """As `picture.Stream`; the stream tells no time."""
        try:
            for piece in self._answer.iter_bytes():
                yield from map(_taken, self._splitter.feed(piece))
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            raise _told(error, is_opening=False) from error
        raise stream_error("cut")

    def close(self) -> None:
        """As `picture.Stream`."""
        self._client.close()

    def _opened(self, address: Address) -> httpx.Response:
        url = address.without_user
        try:
            answer = self._asked(url, None)
            if answer.status_code == httpx.codes.UNAUTHORIZED and address.user:
                challenge = answer.headers.get("www-authenticate", "").lower()
                answer.close()
                scheme = httpx.DigestAuth if _DIGEST in challenge else httpx.BasicAuth
                answer = self._asked(url, scheme(address.user, address.password))
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise _told(error, is_opening=True) from error
        if answer.is_redirect:
            raise stream_error("moved", answer.headers.get("location", ""))
        if answer.is_error:
            status = answer.status_code
            raise stream_error(_BY_STATUS.get(status, "http"), f"{status} {answer.reason_phrase}")
        return answer

    def _asked(self, url: str, auth: httpx.Auth | None) -> httpx.Response:
        return self._client.send(self._client.build_request("GET", url), auth=auth, stream=True)


def _splitter(answer: httpx.Response) -> PartSplitter | JpegSplitter:
    declared = answer.headers.get("content-type", "")
    kind, _, parameters = declared.partition(";")
    if kind.strip().lower().startswith("multipart/"):
        return PartSplitter(_boundary(parameters))
    if kind.strip().lower() in {
        "image/jpeg",
        "image/jpg",
        "video/x-motion-jpeg",
        "video/mjpeg",
        "",
    }:
        return JpegSplitter()
    raise stream_error("not_mjpeg", declared)


def _boundary(parameters: str) -> str:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "boundary":
            return value.strip()
    return ""


def _taken(jpeg: bytes | None) -> Taken | None:
    size = None if jpeg is None else jpeg_size(jpeg)
    return None if jpeg is None or size is None else Taken(JpegPicture(jpeg, *size))


def _told(error: Exception, *, is_opening: bool) -> StreamError:
    reasons = list(_reasons(error))
    numbers = {getattr(reason, "errno", None) for reason in reasons}
    kinds = (
        ("tls", any(isinstance(reason, ssl.SSLError) for reason in reasons)),
        ("no_name", any(isinstance(reason, socket.gaierror) for reason in reasons)),
        ("no_answer" if is_opening else "stalled", isinstance(error, httpx.TimeoutException)),
        ("refused", errno.ECONNREFUSED in numbers),
        ("no_route", bool(numbers & {errno.ENETUNREACH, errno.EHOSTDOWN, errno.EHOSTUNREACH})),
        ("cut", isinstance(error, httpx.TransportError | httpx.StreamError)),
    )
    kind = next((kind for kind, is_it in kinds if is_it), "unknown")
    return stream_error(kind, "" if kind != "unknown" else type(error).__name__)


def _reasons(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
