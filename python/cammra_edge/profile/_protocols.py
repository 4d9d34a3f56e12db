"""The protocols of the page: what is sent and how, each a frozen value that is checked when it is built.

Invariants, held by `tests/profiles/test_profile.py`: every field has been checked before anyone sees
it; no `repr` and no error shows a password or an Auth-Header.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from cammra_edge.errors import ConfigError
from cammra_edge.profile import _checks
from cammra_edge.profile._endpoint import Endpoint, parse
from cammra_edge.profile._transport import Masked, Timeouts, Tls

NETWORK_MODES = ("https", "http")
_HTTP_PORTS: dict[str, int | None] = {"http": 80, "https": 443}
_TCP_PORTS: dict[str, int | None] = {"tcp": None, "tls": None}
_FTP_PORTS: dict[str, int | None] = {"ftp": 21, "ftps": 21, "ftps-implicit": 990, "sftp": 22}
_LARGEST_ACK = 1024
_SSH_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")


class Auth(StrEnum):
    """How HTTP proves who we are; the words of the page, in lower case."""

    AUTO = "auto"
    NONE = "none"
    BASIC = "basic"
    DIGEST = "digest"
    BEARER = "bearer"


class Framing(StrEnum):
    """What separates objects on one TCP connection."""

    NONE = "none"
    NEWLINE = "newline"
    NUL = "nul"
    LENGTH = "length"


@dataclass(frozen=True, slots=True, repr=False)
class HttpPost(Masked):
    """HTTP POST of the FF JSON: as multipart with image files, or as one JSON body with the images in it.

    Args:
        server_url: `host[:port][/path]`, with or without `http://` or `https://`.
        multipart: True for `multipart/form-data`, False for `application/json`.
        auth: `auto` answers what the receiver asks for (Digest before Basic); `basic` sends it unasked; `bearer`
            sends the Auth-Header as a bearer token.
        user: For `auto`, `basic` and `digest`.
        password: As above.
        auth_header: One more request header: `Name: value`, or a value for `Authorization`.
        part_names: Names of the multipart parts: the event, the image, the second image.
        event_as_file: Send the event part with a file name, as the camera does; receivers that look for a form
            field want False.
        success_body: The answer must hold it besides a 2xx status: a JSON object whose members must be there
            (`{"Result": true}`), or any other text.
        follow_redirects: Post again to where the same host says that it has moved (301, 302, 307, 308), never from
            `https` to `http`. Otherwise a redirect is a refusal.
        tls: Whom to believe.
        proxy: `http://host:port` of a proxy; none is taken from the environment.
        proxy_user: For a proxy that asks.
        proxy_password: As above.
        timeouts: How long a try may take.
    """

    server_url: str
    multipart: bool = True
    auth: str = Auth.AUTO
    user: str = ""
    password: str = ""
    auth_header: str = ""
    part_names: tuple[str, str, str] = ("event", "image", "image2")
    event_as_file: bool = True
    success_body: str = ""
    follow_redirects: bool = False
    tls: Tls = field(default_factory=Tls)
    proxy: str = ""
    proxy_user: str = ""
    proxy_password: str = ""
    timeouts: Timeouts = field(default_factory=Timeouts)

    _secrets = frozenset({"password", "auth_header", "proxy_password"})

    def __post_init__(self) -> None:
        self.endpoint(NETWORK_MODES[0])
        _checks.flag("multipart", self.multipart)
        _checks.flag("event_as_file", self.event_as_file)
        _checks.flag("follow_redirects", self.follow_redirects)
        self._put(auth=_checks.choice("auth", self.auth, Auth))
        for name in ("user", "proxy_user"):
            if ":" in _checks.text(name, getattr(self, name)):
                raise ConfigError(name, getattr(self, name), "a user name without ':'")
        for name in ("password", "proxy_password"):
            _checks.text(name, getattr(self, name), secret=True)
        _auth_header(self.auth_header)
        if self.auth is Auth.BEARER and not self.auth_header.strip():
            raise ConfigError("auth_header", "", "the bearer token")
        if self.auth in {Auth.BASIC, Auth.DIGEST} and not self.user:
            raise ConfigError("user", "", f"a user name, as auth is {str(self.auth)!r}")
        extra = self.extra_header()
        signs_in = bool(self.user) and self.auth in {Auth.AUTO, Auth.BASIC, Auth.DIGEST}
        if signs_in and extra is not None and extra[0].lower() == "authorization":
            raise ConfigError(
                "auth_header",
                _checks.MASK,
                "'Name: value' with another name than Authorization, or no user: a request has one Authorization",
            )
        names = tuple(
            _checks.token(f"part_names[{index}]", name)
            for index, name in enumerate(self.part_names)
        )
        if len(names) != len({"event", "image", "image2"}):
            raise ConfigError(
                "part_names",
                self.part_names,
                "three names: of the event, the image, the second image",
            )
        self._put(part_names=names)
        _checks.text("success_body", self.success_body)
        if self.proxy:
            parse(
                "proxy",
                self.proxy,
                ports={"http": 8080},
                default_scheme="http",
                target=False,
            )

    def endpoint(self, network_mode: str) -> Endpoint:
        """Where it goes; a URL without a scheme takes the camera's network mode, `https` or `http`."""
        mode = _checks.one_of("network_mode", network_mode, NETWORK_MODES)
        return parse(
            "server_url", self.server_url, ports=_HTTP_PORTS, default_scheme=mode, target=True
        )

    def proxy_endpoint(self) -> Endpoint | None:
        """The proxy, when there is one."""
        if not self.proxy:
            return None
        return parse(
            "proxy",
            self.proxy,
            ports={"http": 8080},
            default_scheme="http",
            target=False,
        )

    def extra_header(self) -> tuple[str, str] | None:
        """The header that `auth_header` stands for: name and value."""
        given = self.auth_header.strip()
        if not given:
            return None
        if self.auth is Auth.BEARER:
            return "Authorization", f"Bearer {given.removeprefix('Bearer ').strip()}"
        return _auth_header(given)


def _auth_header(value: str) -> tuple[str, str]:
    """PROTOCOL of the page: with a ':' it is `Name: value`, else the value of `Authorization`."""
    checked = _checks.header_text("auth_header", value, secret=True)
    name, colon, rest = checked.partition(":")
    if not colon:
        return "Authorization", checked.strip()
    name = name.strip()
    if not name or not name.replace("-", "").replace("_", "").isalnum():
        raise ConfigError(
            "auth_header", _checks.MASK, "'Name: value', the name of letters, digits, '-' and '_'"
        )
    if name.lower() in {
        "content-length",
        "content-type",
        "host",
        "transfer-encoding",
        "connection",
    }:
        raise ConfigError(
            "auth_header", _checks.MASK, f"another header than {name}, which is the protocol's own"
        )
    return name, rest.strip()


@dataclass(frozen=True, slots=True)
class Tcp:
    """The FF JSON over TCP, images inside as base64.

    Args:
        server_url: `host:port`; `tls://host:port` for TLS.
        persistent: Keep the connection; otherwise one connection per event, closed right after it, as the camera
            does.
        framing: What separates objects: `none`, `newline`, `nul`, or `length` (4 bytes, big-endian, before each).
            Empty is `none` for one connection per event and `newline` for a kept one.
        ack: Text that the receiver's answer must hold before an event counts as delivered. Empty: the receiver's
            kernel acknowledging every byte is enough.
        tls: Whom to believe, for `tls://`.
        timeouts: How long a try may take.
    """

    server_url: str
    persistent: bool = False
    framing: str = ""
    ack: str = ""
    tls: Tls = field(default_factory=Tls)
    timeouts: Timeouts = field(default_factory=Timeouts)

    def __post_init__(self) -> None:
        self.endpoint()
        _checks.flag("persistent", self.persistent)
        usual = Framing.NEWLINE if self.persistent else Framing.NONE
        framing = _checks.choice("framing", self.framing, Framing) if self.framing else usual
        if self.persistent and framing is Framing.NONE:
            raise ConfigError(
                "framing", self.framing, "newline, nul or length, as the connection is kept"
            )
        object.__setattr__(self, "framing", framing)
        if len(_checks.text("ack", self.ack)) > _LARGEST_ACK:
            raise ConfigError(
                "ack", f"{len(self.ack)} characters", f"at most {_LARGEST_ACK} characters"
            )

    def endpoint(self) -> Endpoint:
        """Where it goes."""
        return parse(
            "server_url", self.server_url, ports=_TCP_PORTS, default_scheme="tcp", target=False
        )


NAMING_VARIABLE = re.compile(r"%[YmbdHMSv]|#(?:M|AOI|ROI|DIR|PLATE_ID|DEVICE_ID|PLATE|COUNTRY)")
"""The variables of Path and Naming: local time of the event, camera and read."""

_TIMES = ("%Y", "%m", "%b", "%d", "%H", "%M", "%S", "%v")
NAMING_VARIABLES = (
    *_TIMES,
    "#M",
    "#ROI",
    "#AOI",
    "#DIR",
    "#PLATE_ID",
    "#DEVICE_ID",
    "#PLATE",
    "#COUNTRY",
)

PATH_2_0 = "#M/%Y/%m/%d"
NAMING_2_0 = "%Y%m%d%H%M%S_%v_#ROI_#DIR_#PLATE_ID_#PLATE_#COUNTRY"
PATH_1_3 = "#DEVICE_ID/%Y%m/%d"
NAMING_1_3 = "%Y%m%d%H%M%S_%v_#AOI_#DIR_#PLATE_ID_#PLATE_#COUNTRY"


@dataclass(frozen=True, slots=True, repr=False)
class Ftp(Masked):
    """Named JPEG files over FTP, FTPS or SFTP.

    Args:
        server_url: `ftp://host[:port]`, `ftps://` (TLS on the usual port), `ftps-implicit://` or `sftp://`.
        user: Empty logs in as anonymous.
        password: As above.
        path: Folders, with the variables of the page.
        naming: File name without `.jpg`, with the variables of the page.
        sidecar: Write the event as `<name>.json` too, complete before the image appears.
        passive: False lets the server connect back.
        tls: Whom to believe.
        host_key: SHA-256 fingerprint of an SFTP server's key (`SHA256:…`, as `ssh-keygen -l` prints it). SFTP goes to
            nobody else.
        ssh_key: File of the camera's own private key, for SFTP without a password.
        timeouts: How long a try may take.
    """

    server_url: str
    user: str = ""
    password: str = ""
    path: str = PATH_2_0
    naming: str = NAMING_2_0
    sidecar: bool = False
    passive: bool = True
    tls: Tls = field(default_factory=Tls)
    host_key: str = ""
    ssh_key: str = ""
    timeouts: Timeouts = field(default_factory=Timeouts)

    def __post_init__(self) -> None:
        self.endpoint()
        _checks.text("user", self.user)
        _checks.text("password", self.password, secret=True)
        _checks.text("path", self.path)
        _checks.text("naming", self.naming, empty=False)
        if "/" in self.naming or "\\" in self.naming:
            raise ConfigError("naming", self.naming, "a file name; folders belong into path")
        if ".." in self.path.replace("\\", "/").split("/"):
            raise ConfigError("path", self.path, "folders below the login folder, without '..'")
        for name in ("path", "naming"):
            left = NAMING_VARIABLE.sub("", getattr(self, name))
            if "%" in left or "#" in left:
                raise ConfigError(
                    name, getattr(self, name), f"only the variables {', '.join(NAMING_VARIABLES)}"
                )
        _checks.flag("sidecar", self.sidecar)
        _checks.flag("passive", self.passive)
        if self.host_key and not _SSH_FINGERPRINT.fullmatch(self.host_key):
            raise ConfigError(
                "host_key", self.host_key, "a fingerprint as `ssh-keygen -l` prints it: SHA256:…"
            )
        self._put(ssh_key=_checks.file_path("ssh_key", self.ssh_key))

    def endpoint(self) -> Endpoint:
        """Where it goes."""
        return parse(
            "server_url", self.server_url, ports=_FTP_PORTS, default_scheme="ftp", target=False
        )
