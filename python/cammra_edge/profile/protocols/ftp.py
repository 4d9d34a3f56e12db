"""Named JPEG files over FTP, FTPS or SFTP."""

from __future__ import annotations

import re
from typing import ClassVar, Final, Self

from cammra_edge.checks import Check, file, refused, text
from cammra_edge.fields import required, setting, settings
from cammra_edge.profile.endpoint import Endpoint, Urls
from cammra_edge.profile.protocols.base import BaseProtocol, FilesContent
from cammra_edge.profile.trust import File, Timeouts, Tls
from cammra_edge.profile.wants import ProfileWant

URLS: Final = Urls({"ftp": 21, "ftps": 21, "ftps-implicit": 990, "sftp": 22}, "ftp")

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


def _folders() -> Check[str]:
    """Folders below the login folder."""
    typed = text()

    def take(value: object) -> str:
        if ".." in typed.take(value).replace("\\", "/").split("/"):
            raise refused(value, ProfileWant.FOLDERS_BELOW())
        return str(value)

    return Check(take, typed.schema)


def _named(typed: Check[str]) -> Check[str]:
    """A text with no variables but the page's."""

    def take(value: object) -> str:
        left = NAMING_VARIABLE.sub("", typed.take(value))
        if "%" in left or "#" in left:
            raise refused(value, ProfileWant.VARIABLES_ONLY(variables=", ".join(NAMING_VARIABLES)))
        return str(value)

    return Check(take, typed.schema)


_FILE_NAME = text(least=1, pattern=r"[^/\\]*", want=ProfileWant.FILE_NAME())
_FINGERPRINT = text(
    pattern="(?:SHA256:[A-Za-z0-9+/]{43})?",
    want=ProfileWant.SSH_FINGERPRINT(),
)


@settings
class Ftp(BaseProtocol):
    """Named JPEG files over FTP, FTPS or SFTP.

    Args:
        server_url: `ftp://host[:port]`, `ftps://` (TLS on the usual port), `ftps-implicit://` or `sftp://`.
        user: Empty logs in as anonymous.
        password: As above.
        path: Folders, with the variables of the page.
        naming: File name without `.jpg`, with the variables of the page.
        sidecar: Write the event as `<name>.json` too, complete before the image appears.
        passive: False lets the server connect back.
        rename: False uploads straight under the final name, where a watcher can see half of a file.
        tls: Which certificate to trust.
        host_key: SHA-256 fingerprint of an SFTP server's key (`SHA256:…`, as `ssh-keygen -l` prints it). SFTP needs
            one, and trusts no other key.
        ssh_key: File of the camera's own private key, for SFTP without a password.
        timeouts: How long a try may take.
    """

    word: ClassVar[str] = "FTP"

    server_url: str = required(URLS.check(), address=True)
    user: str = ""
    password: str = setting("", secret=True)
    path: str = setting(PATH_2_0, _named(_folders()))
    naming: str = setting(NAMING_2_0, _named(_FILE_NAME))
    sidecar: bool = False
    passive: bool = True
    rename: bool = True
    tls: Tls = Tls()
    host_key: str = setting("", _FINGERPRINT, leads=True)
    ssh_key: File = setting("", file())
    timeouts: Timeouts = Timeouts()

    def endpoint(self) -> Endpoint:
        """Where it goes."""
        return URLS.endpoint(self.server_url)

    def transport(self) -> Self:
        """How its messages travel."""
        return self

    def content(self) -> FilesContent:
        """What a message holds."""
        return FilesContent(self.path, self.naming, self.sidecar)

    def sentence(self) -> str:
        """How and where it sends."""
        files = f"{self.path}/{self.naming}.jpg".lstrip("/")
        return f"by FTP to {self.endpoint()}, as {files}"
