"""What to do about a step of a Test that fails, in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cammra_edge.phrases import Phrase

if TYPE_CHECKING:
    from cammra_edge.phrases import Said


class Remedy(Phrase):
    """What to do."""

    CHECK_NAME = (
        "Check how the server's name is written, and the DNS server in the camera's network"
        " settings."
    )
    CHECK_ADDRESS = (
        "Check address and port, that the receiver runs, and that no firewall stands between."
    )
    TRUST_SHOWN = (
        "If the certificate shown is the receiver's own, trust exactly that one; else check whom"
        " you reach."
    )
    CHECK_SIGN_IN = (
        "Check user, password and Auth-Header; they belong to the receiver, not to the camera."
    )
    CHECK_ACCOUNT = "Check user and password of the account, and for SFTP the trusted key."
    OPEN_PASSIVE_PORTS = (
        "Open the server's range of passive ports in its firewall, or switch passive mode off."
    )
    LET_MAKE_FOLDERS = "Give the account the right to make folders, or make the folder by hand."
    LET_WRITE = (
        "Check the right to write, the space left, and whether data gets through the firewall."
    )
    LET_RENAME = (
        "Give the account the right to rename, or switch «Rename when complete» off for this profile:"
        " files then go straight to their final names, and a program that watches the folder can see half of one."
    )
    TEST_FILE_STAYS = (
        "The test file stays on the server; the account may not delete. Events arrive all the same."
    )
    LOOK_INTO_ITS_LOG = (
        "The receiver was reached and did not take the event: look into its own log."
    )
    TRY_AGAIN = "Look at what the step says, and try again."
    WHEN_BACK = "Test again when the page is back."
    ANOTHER_MACHINE = (
        "Enter the address of a receiver that is another machine; or let this camera send to itself: without"
        " deny_local in its script, and without --deny-local."
    )
    FOLLOW_OR_ENTER = (
        "Switch «Follow redirects» on, or enter the address that the step names as the server URL."
    )
    ITS_OWN_FAULT = (
        "The receiver has a fault of its own: look into its log. The event is tried again until"
        " it is taken."
    )
    CHOOSE_PROTOCOL = (
        "Choose the protocol or template that this receiver reads; where it names HTTPS, put"
        " https:// before the URL."
    )
    LET_SEND = "Give this camera the right to send there, or check the path and the Auth-Header."
    CHECK_PATH_FOR_POST = "Check the path: the receiver takes no POST there."
    CHECK_PROXY_USER = "Check the proxy's user and password."
    TOO_SLOW_FOR_IT = (
        "The receiver did not wait for the whole message: look at the network's speed, or choose"
        " a smaller image."
    )
    LIST_STATUS = (
        "The receiver has this event already: list the status under «Statuses that mean it has"
        " it already»."
    )
    WITHOUT_PROXY = "Something on the way takes the length away: send without the proxy."
    SMALLER_IMAGE = (
        "Choose a smaller image, a lower quality or a limit of its bytes, or raise the"
        " receiver's limit."
    )
    ANOTHER_BODY = (
        "The receiver wants another kind of body: switch multipart on or off, or choose its"
        " template."
    )
    FIELD_INVALID = (
        "The receiver reads the message and finds a field invalid: choose its template, or look"
        " into its log."
    )
    HEADER_TOO_LONG = "The Auth-Header is too long for the receiver."
    MAKE_ROOM = (
        "The receiver has no room left: free some there. The event is tried again until it is"
        " taken."
    )
    LET_THROUGH = "Something on the way wants somebody to sign in: let this camera through without."
    CHECK_PATH = "Check the path behind the address: the receiver has nothing there."
    FEWER_AT_A_TIME = (
        "The receiver wants fewer events at a time; they are tried again, none is lost."
    )
    MOVED_AWAY = (
        "Enter the address that the step names as the server URL, if it is the receiver's own;"
        " where host and port are the same, «Follow redirects» does it too."
    )
    PUT_HTTPS = "Put https:// before the server URL: the receiver takes nothing over http://."
    PUT_HTTP = (
        "Put http:// before the server URL, or enter the port on which the receiver speaks TLS."
    )
    CHECK_PROXY = (
        "Check the proxy's address, and whether it lets this camera through to the receiver."
    )
    SET_CLOCK = "Set the camera's clock, or its time server."
    RENEW_CERTIFICATE = (
        "Have the receiver's certificate renewed; or trust exactly that one, if it is its own."
    )
    NAME_OF_CERTIFICATE = (
        "Enter the name that the certificate bears as the server's; or trust exactly that certificate, where"
        " it is the receiver's own."
    )
    GIVE_CLIENT_CERTIFICATE = (
        "Give this profile the client certificate that the receiver knows, or have it ask for none."
    )
    CHECK_FTP_PORT = (
        "Check the port: an FTP server greets first, but on port 990, which wants ftps-implicit://."
    )
    ANOTHER_PROGRAM = "Check the port: another program listens there."
    CHECK_TLS_PORT = "Check the port: what listens there begins no TLS. Is http:// meant?"
    COMPARE_ANSWER = "Compare what the receiver says with «The answer must contain»."
    MORE_TIME_FOR_ANSWER = (
        "Look into the receiver's log; where it is slow, give «Answer within» more time."
    )
    CHECK_ACKNOWLEDGEMENT = (
        "Look whether the receiver answers with the acknowledgement that is set, and how soon."
    )
    CHECK_SPEED = "Look at the network's speed and the receiver's load, or choose a smaller image."
    CHECK_WHAT_CUTS = (
        "Look into the receiver's log, and whether a firewall, a limit of size or a port for"
        " https:// ends the connection."
    )
    MORE_TIME = "Look at the network's speed, or give «Everything within» more time."
    UPDATE_RECEIVER = (
        "Bring the receiver up to date; until then switch «Old receivers» on, which is weak."
    )
    OTHER_FTP_SCHEME = "Use ftp:// or ftps-implicit://."


REMEDIES: Final = {
    "dns": Remedy.CHECK_NAME,
    "tcp": Remedy.CHECK_ADDRESS,
    "tls": Remedy.TRUST_SHOWN,
    "auth": Remedy.CHECK_SIGN_IN,
    "login": Remedy.CHECK_ACCOUNT,
    "passive": Remedy.OPEN_PASSIVE_PORTS,
    "folder": Remedy.LET_MAKE_FOLDERS,
    "upload": Remedy.LET_WRITE,
    "rename": Remedy.LET_RENAME,
    "delete": Remedy.TEST_FILE_STAYS,
    "answer": Remedy.LOOK_INTO_ITS_LOG,
    "send": Remedy.TRY_AGAIN,
    "presence": Remedy.LOOK_INTO_ITS_LOG,
}
"""What to do about each step."""

_FAULTS = range(500, 600)
STATUS_REMEDIES: Final = {
    400: Remedy.CHOOSE_PROTOCOL,
    403: Remedy.LET_SEND,
    405: Remedy.CHECK_PATH_FOR_POST,
    407: Remedy.CHECK_PROXY_USER,
    408: Remedy.TOO_SLOW_FOR_IT,
    409: Remedy.LIST_STATUS,
    411: Remedy.WITHOUT_PROXY,
    413: Remedy.SMALLER_IMAGE,
    415: Remedy.ANOTHER_BODY,
    422: Remedy.FIELD_INVALID,
    431: Remedy.HEADER_TOO_LONG,
    507: Remedy.MAKE_ROOM,
    511: Remedy.LET_THROUGH,
    **dict.fromkeys((301, 302, 303, 307, 308), Remedy.FOLLOW_OR_ENTER),
    **dict.fromkeys((404, 410), Remedy.CHECK_PATH),
    **dict.fromkeys((425, 429), Remedy.FEWER_AT_A_TIME),
}
"""For each HTTP status of a refusal that has a remedy of its own."""
BY_WORDS: Final = {
    "deny_local is set": Remedy.ANOTHER_MACHINE,
    "https:// meant": Remedy.PUT_HTTPS,
    "http:// meant": Remedy.PUT_HTTP,
    "moved to http": Remedy.MOVED_AWAY,
    "status 426": Remedy.PUT_HTTPS,
    "not valid yet": Remedy.SET_CLOCK,
    "has expired": Remedy.RENEW_CERTIFICATE,
    "for another": Remedy.NAME_OF_CERTIFICATE,
    "our certificate": Remedy.GIVE_CLIENT_CERTIFICATE,
    "no greeting came": Remedy.CHECK_FTP_PORT,
    "the proxy": Remedy.CHECK_PROXY,
    "speaks no HTTP": Remedy.ANOTHER_PROGRAM,
    "TLS was not begun": Remedy.CHECK_TLS_PORT,
    "does not contain what it must": Remedy.COMPARE_ANSWER,
    "no answer came": Remedy.MORE_TIME_FOR_ANSWER,
    "no acknowledgement came": Remedy.CHECK_ACKNOWLEDGEMENT,
    "bytes were taken": Remedy.CHECK_SPEED,
    "broke the connection off": Remedy.CHECK_WHAT_CUTS,
    "time for the whole try": Remedy.MORE_TIME,
}
"""What to do about what a step says, where a status does not tell it; the first that it says."""


def remedy_of(name: str, why: str, status: int = 0, *, over_tls: bool = False) -> Said:
    """What to do about a step that failed.

    Args:
        name: The step's.
        why: What was found.
        status: The receiver's HTTP status, 0 without one.
        over_tls: Whether the server URL begins with https:// already.
    """
    if "moved to https://" in why and not over_tls:
        return Remedy.PUT_HTTPS()
    if status in STATUS_REMEDIES and "moved to http" not in why:
        return STATUS_REMEDIES[status]()
    for words, remedy in BY_WORDS.items():
        if words in why:
            return remedy()
    return (Remedy.ITS_OWN_FAULT if status in _FAULTS else REMEDIES[name])()
