"""HTTP POST, as multipart with image files or as one JSON body."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Final, Literal, Self

from cammra_edge.checks import Check, header_text, refused, row_of, text, token
from cammra_edge.errors import ConfigError
from cammra_edge.fields import Taken, required, setting, settings, settings_of
from cammra_edge.profile.endpoint import Endpoint, InNetworkMode, Urls
from cammra_edge.profile.form import ALSO_DELIVERED
from cammra_edge.profile.protocols.base import BaseProtocol, JsonContent, MultipartContent
from cammra_edge.profile.trust import Timeouts, Tls
from cammra_edge.profile.wants import ProfileWant

if TYPE_CHECKING:
    from collections.abc import Iterator

URLS: Final = Urls({"http": 80, "https": 443}, "https", target=True)
PROXIES: Final = Urls({"http": 8080}, "http")
_OWN_HEADERS = frozenset(
    {"content-length", "content-type", "host", "transfer-encoding", "connection"}
)
Statuses = Taken[frozenset[int], Collection[int]]
USER: Final = text(pattern="[^:]*", want=ProfileWant.USER_WITHOUT_COLON())


class Auth(StrEnum):
    """How HTTP proves who we are; the words of the page, in lower case."""

    AUTO = "auto"
    NONE = "none"
    BASIC = "basic"
    DIGEST = "digest"
    BEARER = "bearer"


AuthWord = Literal["auto", "none", "basic", "digest", "bearer"]
AuthSetting = Taken[Auth, Auth | AuthWord]


def header_of(auth_header: str) -> tuple[str, str]:
    """The header that an Auth-Header stands for: with a ':' it is `Name: value`, else the value of `Authorization`."""
    name, colon, rest = auth_header.partition(":")
    if not colon:
        return "Authorization", auth_header.strip()
    name = name.strip()
    if not name or not name.replace("-", "").replace("_", "").isalnum():
        raise refused("", ProfileWant.HEADER_LINE())
    if name.lower() in _OWN_HEADERS:
        raise refused("", ProfileWant.ANOTHER_HEADER(name=name))
    return name, rest.strip()


def auth_header() -> Check[str]:
    """One more request header, or nothing."""
    typed = header_text()

    def take(value: object) -> str:
        header_of(typed.take(value))
        return str(value)

    return Check(take, typed.schema)


@settings
class HttpPost(InNetworkMode, BaseProtocol):
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
        success_body: What the answer must hold besides a 2xx status: a JSON object whose members must be there
            (`{"Result": true}`), or any other text.
        also_delivered: Statuses by which this receiver says that it has the event already, such as 409. Those that ask
            for a sign-in or for patience (401, 407, 408, 425, 429) keep their meaning.
        follow_redirects: Post again to the place on the same host that a redirect names (301, 302, 307, 308), but never
            from `https` to `http`. Otherwise a redirect counts as a refusal.
        tls: Which certificate to trust.
        proxy: `http://host:port` of a proxy; the environment's proxy settings are ignored.
        proxy_user: For a proxy that wants a user.
        proxy_password: As above.
        timeouts: How long a try may take.
    """

    word: ClassVar[str] = "HTTP POST"

    server_url: str = required(URLS.check(), address=True)
    multipart: bool = True
    auth: AuthSetting = setting(Auth.AUTO, leads=True)
    user: str = setting("", USER)
    password: str = setting("", secret=True)
    auth_header: str = setting("", auth_header(), secret=True)
    part_names: tuple[str, str, str] = setting(
        ("event", "image", "image2"),
        row_of(token(), 3, ProfileWant.THREE_PART_NAMES()),
    )
    event_as_file: bool = True
    success_body: str = ""
    also_delivered: Statuses = setting(frozenset(), ALSO_DELIVERED)
    follow_redirects: bool = setting(default=False, leads=True)
    tls: Tls = Tls()
    proxy: str = setting("", PROXIES.check(empty=True), address=True)
    proxy_user: str = setting("", USER)
    proxy_password: str = setting("", secret=True)
    timeouts: Timeouts = Timeouts()

    def _agree(self) -> None:
        if self.auth is Auth.BEARER and not self.auth_header.strip():
            raise ConfigError("auth_header", "", ProfileWant.BEARER_TOKEN())
        if self.auth in {Auth.BASIC, Auth.DIGEST} and not self.user:
            raise ConfigError("user", "", ProfileWant.USER_FOR_AUTH(auth=str(self.auth)))
        extra = self.extra_header()
        signs_in = bool(self.user) and self.auth in {Auth.AUTO, Auth.BASIC, Auth.DIGEST}
        if signs_in and extra is not None and extra[0].lower() == "authorization":
            raise ConfigError("auth_header", "", ProfileWant.ONE_AUTHORIZATION())

    def endpoint(self) -> Endpoint:
        """Where it goes; a URL without a scheme takes the camera's network mode."""
        return URLS.endpoint(self.server_url, self.network_mode)

    def transport(self) -> Self:
        """How its messages travel."""
        return self

    def content(self) -> MultipartContent | JsonContent:
        """What a message holds."""
        if self.multipart:
            return MultipartContent(self.part_names, self.event_as_file)
        return JsonContent("application/json")

    def carrier(self) -> str:
        """How and where it sends, without the content."""
        return f"by HTTP POST to {self.endpoint()}"

    def sentence(self) -> str:
        """How and where it sends, with the layout of the body."""
        layout = "multipart" if self.multipart else "one JSON body"
        return f"by HTTP POST ({layout}) to {self.endpoint()}"

    def doubts(self) -> Iterator[str]:
        """What is allowed but probably not meant."""
        endpoint = self.endpoint()
        if endpoint.scheme == "http" and not endpoint.is_near:
            yield "http:// is not encrypted: plates and pictures can be read on the way"
        if endpoint.scheme == "http" and (self.password or self.auth_header):
            yield "the password or Auth-Header travels unencrypted over http://"

    def proxy_endpoint(self) -> Endpoint | None:
        """The proxy, when there is one."""
        return PROXIES.endpoint(self.proxy) if self.proxy else None

    def extra_header(self) -> tuple[str, str] | None:
        """The header that `auth_header` stands for: name and value."""
        typed = self.auth_header.strip()
        if not typed:
            return None
        if self.auth is Auth.BEARER:
            return "Authorization", f"Bearer {typed.removeprefix('Bearer ').strip()}"
        return header_of(typed)


def post_of(described: InNetworkMode, also_delivered: frozenset[int] = frozenset()) -> HttpPost:
    """The HTTP POST of other settings that have fields of the same names, and these statuses."""
    names = settings_of(HttpPost).keys() & settings_of(type(described)).keys()
    fields = {name: getattr(described, name) for name in names}
    return HttpPost(**fields | {"also_delivered": also_delivered}).over(described.network_mode)
