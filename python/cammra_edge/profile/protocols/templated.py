"""Protocols whose bytes are a template: UTMC, UTMC-2, Genetec, 2N and any other receiver's shape, over HTTP or TCP."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from enum import StrEnum
from os import PathLike
from typing import TYPE_CHECKING, ClassVar, Literal

from cammra_edge.checks import Check, choice
from cammra_edge.errors import ConfigError
from cammra_edge.fields import Taken, required, setting, settings
from cammra_edge.model import EventKind
from cammra_edge.profile import form, shipped
from cammra_edge.profile.endpoint import Endpoint, InNetworkMode, has_scheme
from cammra_edge.profile.protocols import http_post, tcp
from cammra_edge.profile.protocols.base import BaseProtocol, FormContent
from cammra_edge.profile.protocols.http_post import Auth, AuthSetting, HttpPost, post_of
from cammra_edge.profile.protocols.tcp import Tcp
from cammra_edge.profile.trust import Timeouts, Tls

if TYPE_CHECKING:
    from collections.abc import Iterator

_NOT_PUBLIC = (
    "its bytes are not public: the shipped template is not verified against FF Group or TR007"
)
_TAG_BITS = 24
_MOST_IMAGE_BYTES = 192_000


def _goes_by_tcp(url: object) -> bool:
    return has_scheme(url, "tcp", "tls")


def _url() -> Check[str]:
    by_http, by_tcp = http_post.URLS.check(), tcp.URLS.check()
    return Check(lambda url: (by_tcp if _goes_by_tcp(url) else by_http).take(url), by_http.schema)


@settings
class Templated(InNetworkMode, BaseProtocol):
    """What every protocol with a template shares.

    Args:
        server_url: `http://…`, `https://…` or nothing before the host for HTTP; fields may stand in its path and
            query, and the template's own path is taken where it has none. `tcp://host:port` or `tls://host:port` for
            a TCP connection per message.
        auth: As for HTTP POST.
        user: As for HTTP POST; also the template's field `user`.
        password: As for HTTP POST.
        auth_header: As for HTTP POST.
        success_body: As for HTTP POST.
        also_delivered: As for HTTP POST; a template may name some itself.
        template: The template's own text, or the path of a file that holds it; empty for the shipped one.
        tls: Which certificate to trust.
        timeouts: How long a try may take.
    """

    verified: ClassVar[bool] = True
    """Whether the shipped template is known to be what receivers take."""

    server_url: str = required(_url(), address=True)
    auth: AuthSetting = setting(Auth.AUTO, leads=True)
    user: str = setting("", http_post.USER)
    password: str = setting("", secret=True)
    auth_header: str = setting("", http_post.auth_header(), secret=True)
    success_body: str = ""
    also_delivered: http_post.Statuses = setting(frozenset(), form.ALSO_DELIVERED)
    template: Taken[str, str | PathLike[str]] = setting("", form.template())
    tls: Tls = Tls()
    timeouts: Timeouts = Timeouts()

    def _agree(self) -> None:
        target = self.endpoint().target
        try:
            form.target_of(target)
        except ConfigError as error:
            raise ConfigError("server_url", error.value, error.want) from error

    @abstractmethod
    def preset_name(self) -> str:
        """The shipped template that an empty `template` means."""

    def endpoint(self) -> Endpoint:
        """Where it goes."""
        return self.transport().endpoint()

    def transport(self) -> HttpPost | Tcp:
        """How its messages travel."""
        if _goes_by_tcp(self.server_url):
            return Tcp(self.server_url, tls=self.tls, timeouts=self.timeouts)
        return post_of(self, self.also_delivered | self._form().also_delivered)

    def content(self) -> FormContent:
        """What a message holds."""
        read = self._form()
        target = self.endpoint().target
        own = form.target_of(target)
        return FormContent(read, own or (read.path if target == "/" else ()), user=self.user)

    def _form(self) -> form.Form:
        return form.read(self.template or shipped.preset_text(self.preset_name()))

    def sentence(self) -> str:
        """How and where it sends."""
        own = "a template of its own" if self.template else f"the template {self.preset_name()}"
        return f"as {own} has it, {self.transport().carrier()}"

    def doubts(self) -> Iterator[str]:
        """What is allowed but probably not meant."""
        if not self.verified and not self.template:
            yield _NOT_PUBLIC
        yield from self.transport().doubts()


@settings
class Utmc(Templated):
    """UTMC-style: one read per vehicle as XML, the plate as a hashed tag, no image.

    Not verified against FF Group or TR007, whose bytes are not public; an integrator who has the guide changes
    the template.

    Args:
        tag_bits: Bits of the tag, 24 or 18.
    """

    word: ClassVar[str] = "UTMC"
    usual_events: ClassVar[frozenset[EventKind]] = frozenset({EventKind.LOST})
    one_read: ClassVar[bool] = True
    verified: ClassVar[bool] = False
    takes_images: ClassVar[bool] = False

    tag_bits: Literal[18, 24] = setting(_TAG_BITS, choice((18, 24)))

    def preset_name(self) -> str:
        """The shipped template."""
        return "utmc"

    def content(self) -> FormContent:
        """What a message holds."""
        return replace(Templated.content(self), tag_bits=self.tag_bits)


@settings
class Utmc2(Templated):
    """UTMC-2-style: one read per vehicle as XML, with clear plate, country and images in base64.

    Not verified against FF Group or TR007, as `Utmc`.
    """

    word: ClassVar[str] = "UTMC-2"
    usual_events: ClassVar[frozenset[EventKind]] = frozenset({EventKind.LOST})
    one_read: ClassVar[bool] = True
    verified: ClassVar[bool] = False

    def preset_name(self) -> str:
        """The shipped template."""
        return "utmc-2"


@settings
class Genetec(Templated):
    """Genetec Security Center's direct integration: one final read per vehicle as JSON, with images in base64."""

    word: ClassVar[str] = "Genetec"
    usual_events: ClassVar[frozenset[EventKind]] = frozenset({EventKind.LOST})
    one_read: ClassVar[bool] = True

    def preset_name(self) -> str:
        """The shipped template."""
        return "genetec"


class AccessPoint(StrEnum):
    """Whether a 2N device takes a vehicle as entering or leaving."""

    BY_DIRECTION = "by direction"
    ENTRY = "entry"
    EXIT = "exit"


AccessPointWord = Literal["by direction", "entry", "exit"]
_ACCESS_POINTS = {AccessPoint.BY_DIRECTION: None, AccessPoint.ENTRY: 0, AccessPoint.EXIT: 1}


@settings
class TwoN(Templated):
    """2N devices' access by license plate: a JSON message, with the selected image in base64.

    Args:
        access_point: `entry`, `exit`, or `by direction`: out is an exit, everything else an entry.
        success_body: As for HTTP POST; a 2N device reports errors with status 200.
    """

    word: ClassVar[str] = "2N"
    usual_events: ClassVar[frozenset[EventKind]] = frozenset({EventKind.RELIABLE})
    most_image_bytes: ClassVar[int | None] = _MOST_IMAGE_BYTES

    success_body: str = '{"success": true}'
    access_point: Taken[AccessPoint, AccessPoint | AccessPointWord] = setting(
        AccessPoint.BY_DIRECTION
    )

    def preset_name(self) -> str:
        """The shipped template."""
        return "2n"

    def content(self) -> FormContent:
        """What a message holds."""
        return replace(Templated.content(self), access_point=_ACCESS_POINTS[self.access_point])


@settings
class Template(Templated):
    """Any receiver's shape: a shipped preset by name, or a template of one's own.

    Args:
        preset: A shipped template; taken where `template` is empty.
    """

    word: ClassVar[str] = "Template"

    preset: shipped.Preset = setting("alpr-database", choice(shipped.PRESETS))

    def preset_name(self) -> str:
        """The preset that is set."""
        return self.preset
