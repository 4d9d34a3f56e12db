"""What a Test tells: a step as it begins and as it ends, and what to do about one that fails."""

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
    "rename": "Give the account the right to rename; files appear under their name only when complete.",
    "delete": "The test file stays on the server; the account may not delete. Events arrive all the same.",
    "answer": "The receiver was reached and did not take the event: look into its own log.",
    "send": "Look at what the step says, and try again.",
}
"""One sentence for each step."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step, as it begins (`running`) or has ended.

    Args:
        name: One of `REMEDIES`, and at the end done.
        state: running, ok, failed or skipped.
        took_ms: How long it took.
        detail: What was found.
        remedy: What to do about a failure.
        sent: With `done`: the exact bytes that were sent, in base64.
        picture: With `done`: the picture that was sent, in base64.
    """

    name: str
    state: str
    took_ms: float = 0.0
    detail: str = ""
    remedy: str = ""
    sent: str = field(default="", repr=False)
    picture: str = field(default="", repr=False)


class FailedStep(Exception):  # noqa: N818 - not an error: it carries a step's end to where the steps are told
    """Ends a step: what was found, and what to do where the usual sentence does not fit."""

    def __init__(self, detail: str, remedy: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.remedy = remedy
