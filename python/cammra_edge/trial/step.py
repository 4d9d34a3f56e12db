"""The steps of a Test as it reports them, and what to do about one that fails."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

REMEDIES: Final = {
    "dns": "Check how the server's name is written, and the DNS server in the camera's network settings.",
    "tcp": "Check address and port, that the receiver runs, and that no firewall stands between.",
    "tls": "If the certificate shown is the receiver's own, trust exactly that one; else check whom you reach.",
    "auth": "Check user, password and Auth-Header; they belong to the receiver, not to the camera.",
    "login": "Check user and password of the account, and for SFTP the trusted key.",
    "passive": "Open the server's range of passive ports in its firewall, or switch passive mode off.",
    "folder": "Give the account the right to make folders, or make the folder by hand.",
    "upload": "Check the right to write, the space left, and whether data gets through the firewall.",
    "rename": "Give the account the right to rename, or switch «Rename when complete» off for this profile:"
    " files then go straight to their final names, and a program that watches the folder can see half of one.",
    "delete": "The test file stays on the server; the account may not delete. Events arrive all the same.",
    "answer": "The receiver was reached and did not take the event: look into its own log.",
    "send": "Look at what the step says, and try again.",
}
"""What to do about each step, in one sentence."""

_MOVED = "Switch «Follow redirects» on, or enter the address that the step names as the server URL."
_FAULT = "The receiver has a fault of its own: look into its log. The event is tried again until it is taken."
_FAULTS = range(500, 600)
STATUS_REMEDIES: Final = {
    400: "Choose the protocol or template that this receiver reads; where it names HTTPS, put https:// before the URL.",
    403: "Give this camera the right to send there, or check the path and the Auth-Header.",
    405: "Check the path: the receiver takes no POST there.",
    407: "Check the proxy's user and password.",
    408: "The receiver did not wait for the whole message: look at the network's speed, or choose a smaller image.",
    409: "The receiver has this event already: list the status under «Statuses that mean it has it already».",
    411: "Something on the way takes the length away: send without the proxy.",
    413: "Choose a smaller image, a lower quality or a limit of its bytes, or raise the receiver's limit.",
    415: "The receiver wants another kind of body: switch multipart on or off, or choose its template.",
    422: "The receiver reads the message and finds a field invalid: choose its template, or look into its log.",
    431: "The Auth-Header is too long for the receiver.",
    507: "The receiver has no room left: free some there. The event is tried again until it is taken.",
    511: "Something on the way wants somebody to sign in: let this camera through without.",
    **dict.fromkeys((301, 302, 303, 307, 308), _MOVED),
    **dict.fromkeys(
        (404, 410), "Check the path behind the address: the receiver has nothing there."
    ),
    **dict.fromkeys(
        (425, 429), "The receiver wants fewer events at a time; they are tried again, none is lost."
    ),
}
"""One sentence for each HTTP status of a refusal that has a remedy of its own."""
_MOVED_AWAY = (
    "Enter the address that the step names as the server URL, if it is the receiver's own;"
    " where host and port are the same, «Follow redirects» does it too."
)
_WANTS_HTTPS = "Put https:// before the server URL: the receiver takes nothing over http://."
_WANTS_HTTP = (
    "Put http:// before the server URL, or enter the port on which the receiver speaks TLS."
)
_PROXY = "Check the proxy's address, and whether it lets this camera through to the receiver."
BY_WORDS: Final = {
    "deny_local is set": "Enter the address of a receiver that is another machine; or let this camera send to itself:"
    " without deny_local in its script, and without --deny-local.",
    "https:// meant": _WANTS_HTTPS,
    "http:// meant": _WANTS_HTTP,
    "moved to http": _MOVED_AWAY,
    "status 426": _WANTS_HTTPS,
    "not valid yet": "Set the camera's clock, or its time server.",
    "has expired": "Have the receiver's certificate renewed; or trust exactly that one, if it is its own.",
    "for another": "Enter the name that the certificate bears as the server's; or trust exactly that certificate, where"
    " it is the receiver's own.",
    "our certificate": "Give this profile the client certificate that the receiver knows, or have it ask for none.",
    "no greeting came": "Check the port: an FTP server greets first, but on port 990, which wants ftps-implicit://.",
    "the proxy": _PROXY,
    "speaks no HTTP": "Check the port: another program listens there.",
    "TLS was not begun": "Check the port: what listens there begins no TLS. Is http:// meant?",
    "does not contain what it must": "Compare what the receiver says with «The answer must contain».",
    "no answer came": "Look into the receiver's log; where it is slow, give «Answer within» more time.",
    "no acknowledgement came": "Look whether the receiver answers with the acknowledgement that is set, and how soon.",
    "bytes were taken": "Look at the network's speed and the receiver's load, or choose a smaller image.",
    "broke the connection off": "Look into the receiver's log, and whether a firewall, a limit of size or a port for"
    " https:// ends the connection.",
    "time for the whole try": "Look at the network's speed, or give «Everything within» more time.",
}
"""What to do about what a step says, where a status does not tell it; the first that it says."""


def remedy_of(name: str, why: str, status: int = 0, *, over_tls: bool = False) -> str:
    """What to do about a step that failed.

    Args:
        name: The step's.
        why: What was found.
        status: The receiver's HTTP status, 0 without one.
        over_tls: Whether the server URL begins with https:// already.
    """
    if "moved to https://" in why and not over_tls:
        return _WANTS_HTTPS
    if status in STATUS_REMEDIES and "moved to http" not in why:
        return STATUS_REMEDIES[status]
    for words, remedy in BY_WORDS.items():
        if words in why:
            return remedy
    return _FAULT if status in _FAULTS else REMEDIES[name]


@dataclass(frozen=True, slots=True)
class Step:
    """One step, as it begins (`running`) or has ended.

    Args:
        name: One of `REMEDIES`, and at the end done.
        state: running, ok, failed or skipped.
        took_ms: How long it took.
        detail: What was found.
        remedy: What to do about a failure.
        words: What the receiver itself said, where it said anything.
        sent: With `done`: the exact bytes that were sent, in base64.
        picture: With `done`: the picture that was sent, in base64.
    """

    name: str
    state: str
    took_ms: float = 0.0
    detail: str = ""
    remedy: str = ""
    words: str = ""
    sent: str = field(default="", repr=False)
    picture: str = field(default="", repr=False)


class FailedStep(Exception):  # noqa: N818 - no error of ours: it carries a step's result to where steps are reported
    """Ends a step with what was found, and what to do if the usual sentence does not fit."""

    def __init__(self, detail: str, remedy: str = "", words: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.remedy = remedy
        self.words = words
