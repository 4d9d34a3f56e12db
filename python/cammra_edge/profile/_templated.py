"""Protocols whose bytes are a template: UTMC, UTMC-2, and any other receiver's shape, over HTTP POST or TCP."""

from __future__ import annotations

from dataclasses import dataclass, field

from cammra_edge.profile import _checks
from cammra_edge.profile import _template as template_module
from cammra_edge.profile._endpoint import has_scheme
from cammra_edge.profile._protocols import Auth, Ftp, HttpPost, Tcp
from cammra_edge.profile._transport import Masked, Timeouts, Tls

TAG_BITS = (18, 24)


@dataclass(frozen=True, slots=True, repr=False)
class Templated(Masked):
    """What every protocol with a template shares.

    Args:
        server_url: `http://…`, `https://…` or nothing before the host for HTTP POST; `tcp://host:port` or
            `tls://host:port` for a TCP connection per message.
        auth: As for HTTP POST.
        user: As for HTTP POST; also the template's field `user`.
        password: As for HTTP POST.
        auth_header: As for HTTP POST.
        success_body: As for HTTP POST.
        template: The template's own text; empty takes the shipped one.
        tls: Whom to believe.
        timeouts: How long a try may take.
    """

    server_url: str
    auth: str = Auth.AUTO
    user: str = ""
    password: str = ""
    auth_header: str = ""
    success_body: str = ""
    template: str = ""
    tls: Tls = field(default_factory=Tls)
    timeouts: Timeouts = field(default_factory=Timeouts)

    def __post_init__(self) -> None:
        self._put(auth=_checks.choice("auth", self.auth, Auth))
        self.transport()
        self.message()

    def preset_name(self) -> str:
        """The shipped template that an empty `template` means."""
        raise NotImplementedError

    def message(self) -> template_module.Message:
        """The template, read and checked."""
        return template_module.read(
            self.template or template_module.preset_text(self.preset_name())
        )

    def transport(self) -> HttpPost | Tcp:
        """The way the message goes."""
        if has_scheme(self.server_url, "tcp", "tls"):
            return Tcp(self.server_url, tls=self.tls, timeouts=self.timeouts)
        return HttpPost(
            self.server_url,
            auth=self.auth,
            user=self.user,
            password=self.password,
            auth_header=self.auth_header,
            success_body=self.success_body,
            tls=self.tls,
            timeouts=self.timeouts,
        )


@dataclass(frozen=True, slots=True, repr=False)
class Utmc(Templated):
    """UTMC-style: one read per vehicle as XML, the plate as a hashed tag, no image.

    Not verified against FF Group or TR007, whose bytes are not public; an integrator who has the guide changes
    the template.

    Args:
        tag_bits: Bits of the tag, 24 or 18.
    """

    tag_bits: int = 24

    def __post_init__(self) -> None:
        Templated.__post_init__(self)
        _checks.one_of("tag_bits", str(self.tag_bits), map(str, TAG_BITS))
        _checks.whole("tag_bits", self.tag_bits, least=min(TAG_BITS), most=max(TAG_BITS))

    def preset_name(self) -> str:
        """The shipped template."""
        return "utmc"


@dataclass(frozen=True, slots=True, repr=False)
class Utmc2(Templated):
    """UTMC-2-style: one read per vehicle as XML, with clear plate, country and images in base64.

    Not verified against FF Group or TR007, as `Utmc`.
    """

    def preset_name(self) -> str:
        """The shipped template."""
        return "utmc-2"


@dataclass(frozen=True, slots=True, repr=False)
class Template(Templated):
    """Any receiver's shape: a shipped preset by name, or a template of one's own.

    Args:
        preset: One of `preset_names()`; taken where `template` is empty.
    """

    preset: str = "alpr-database"

    def __post_init__(self) -> None:
        _checks.one_of("preset", self.preset, template_module.preset_names())
        Templated.__post_init__(self)

    def preset_name(self) -> str:
        """The preset that is set."""
        return self.preset


Protocol = HttpPost | Tcp | Ftp | Utmc | Utmc2 | Template
ONE_READ_PER_VEHICLE = (Utmc, Utmc2)
