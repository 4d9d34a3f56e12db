"""Why a try ended as it did: what sinks say of networks, certificates and receivers.

Nothing here shows a secret or a plate; a receiver's own words stand beside it (`sinks.base`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge.phrases import Phrase, Said, quoted

if TYPE_CHECKING:
    from cammra_edge.errors import ConfigError


class Why(Phrase):
    """What went wrong on the way, or what became of the message."""

    AT = "{where}: {why}"
    UNUSABLE_SETTING = "{setting}: want {want}"

    # The network.
    NO_ADDRESS = "no address found for {host}: {reason}"
    NAME_WITHOUT_ADDRESS = "the name has no address"
    NO_NAME_SERVER = "no name server answered for {host}"
    NO_THREAD_FOR_NAMES = "no thread is left to ask the name server"
    OWN_ADDRESS = "{host} is this camera itself or its link, and deny_local is set"
    NOTHING_LISTENS = "{where} refuses the connection: nothing listens on that port"
    NO_CONNECTION_IN_TIME = "no connection came about in time"
    NO_ANSWER_IN_TIME = "no answer in time"
    TRY_IS_OVER = "the time for the whole try is over"
    STALLED = "{taken} of {total} bytes were taken, then none for {wait_s} s"
    NO_FULL_PACKET = (
        "connected, but no full packet arrives: does the way there take less than {packet}"
        " bytes a packet? Then lower the MTU of the camera's network (or TCP_MAXSEG)"
    )
    NO_ROUTE = "the network cannot be reached: no route"
    HOST_UNREACHABLE = "the host cannot be reached"
    BROKEN_OFF = "the receiver broke the connection off"
    NO_MORE_ACKNOWLEDGED = "the receiver no longer acknowledges anything"
    SINK_FAILED = "the sink failed: {kind}"
    NOT_RENDERED = "cannot be rendered: {kind}"

    # Certificates and TLS.
    CERTIFICATE_NOT_PINNED = (
        "the certificate is not the pinned one; it has the SHA-256 fingerprint {seen}"
    )
    CERTIFICATE_NOT_YET_VALID = "the certificate is not valid yet; is the camera's clock right?"
    CERTIFICATE_EXPIRED = "the certificate has expired"
    CERTIFICATE_SELF_SIGNED = (
        "the certificate is self-signed: trust this one alone, or name its authority in the script"
    )
    CERTIFICATE_AUTHORITY_UNKNOWN = (
        "the certificate's authority is not known: trust this certificate alone, or name it in the"
        " script"
    )
    CERTIFICATE_OF_ANOTHER_HOST = "the certificate is for another host name"
    CERTIFICATE_OF_ANOTHER_ADDRESS = "the certificate is for another IP address"
    OUR_CERTIFICATE_REFUSED = "the receiver refuses our certificate, or wants one ({reason})"
    TLS_TOO_OLD = (
        "the receiver knows no TLS version or cipher of ours ({reason}): it may be an old one"
    )
    NO_TLS = "{where} does not speak TLS on that port: is http:// meant?"
    TLS_NOT_BEGUN = "connected, and TLS was not begun in time"
    TLS_FAILED = "TLS failed ({reason})"

    # HTTP.
    STATUS = "status {status}"
    STATUS_WITH_FORM = "status {status}, with a web form: is a login page in the way?"
    STATUS_WITHOUT_WANTED = "status {status}, but the answer does not contain what it must"
    HAS_IT_ALREADY = "status {status}: the receiver has it already"
    BUSY_OR_FAILING = "status {status}: the receiver is busy or failing"
    MOVED = "status {status}: the receiver has moved to {target}: not followed"
    NOT_TAKEN = "status {status}: {meaning} ({size} bytes)"
    CANNOT_READ = "the receiver cannot read it"
    FORBIDDEN = "the receiver forbids it"
    NOTHING_AT_PATH = "there is nothing at that path"
    NO_POST_THERE = "that path takes no POST"
    WANTS_LENGTH = "the receiver wants a length"
    TOO_LARGE = "too large for the receiver"
    WRONG_KIND_OF_BODY = "the receiver does not take that type of body"
    FINDS_IT_INVALID = "the receiver finds it invalid"
    REFUSES_IT = "the receiver refuses it"
    PROXY_REFUSES_USER = "status {status}: the proxy refuses the user or password"
    ASKS_FOR_USER = (
        "status {status}: the receiver asks for a user and password, and the profile has none"
    )
    REFUSES_USER = "status {status}: the receiver refuses the user, password or Auth-Header"
    PROXY_ANSWERS = "the proxy answers with status {status}"
    PROXY_SILENT = "the proxy gave no answer in time"
    PROXY_BROKE_OFF = "the proxy broke the connection off"
    NO_ANSWER_WITHIN = "all was sent, and no answer came within {wait_s} s"
    TLS_THERE = "that port speaks TLS: is https:// meant?"
    NO_HTTP = "what answers there speaks no HTTP"
    NO_FILES_BY_HTTP = "files cannot be sent by HTTP POST"

    # TCP.
    NO_FILES_OVER_TCP = "files cannot be sent over TCP"
    TOO_LONG_FOR_PREFIX = "more than 4 GiB do not fit a length prefix"
    KERNEL_HAS_IT = "acknowledged by the receiver's kernel"
    APPLICATION_HAS_IT = "acknowledged by the receiver's application"
    NO_ACKNOWLEDGEMENT = "the answer does not hold the acknowledgement that is set"
    NO_ACKNOWLEDGEMENT_WITHIN = "all was sent, and no acknowledgement came within {wait_s} s"
    BROKE_BEFORE_ACKNOWLEDGED = "the connection broke before every byte was acknowledged"
    BROKEN_OFF_WITH = "broken off with {left} bytes not acknowledged"


class QueueWhy(Phrase):
    """What becomes of a delivery by how it and others fared before."""

    PASSED_BY = "failed {count} times while others were delivered: {why}"
    REFUSED_IN_A_ROW = "{count} refused in a row, none delivered: {why}"
    TURN_COMES = (
        "its first try lies at random within {spread_s} s, so that not all cameras connect at once"
    )
    PLATE_TOLD_ALREADY = "its plate had just been told"


class UploadWhy(Phrase):
    """What FTP and SFTP servers do to an upload."""

    FILES_ONLY = "only files can be uploaded"
    NOTHING_TO_UPLOAD = "nothing to send: no image, and no sidecar"
    FILES = "{n} files", "1 file"
    FILES_STRAIGHT = (
        "{n} files; the server knows no renaming: straight to the final names",
        "1 file; the server knows no renaming: straight to its final name",
    )
    FILES_UNMEASURED = "{files}; the server does not tell sizes"
    SERVER_HUNG_UP = "the server closed the connection"
    SERVER_ANSWERS = "the server answers {code}"
    SERVER_SAYS_GOODBYE = "the server closes the connection (421)"
    LOGIN_REFUSED = "the server refuses the login (code {code})"
    LOGIN_OR_TLS_REFUSED = "the server refuses the login, or TLS for it (code {code})"
    SFTP_LOGIN_REFUSED = "the server refuses the login ({answer})"
    KEY_NOT_TRUSTED = "the server's key is {seen}, not the trusted one"
    KEY_UNKNOWN = "the server's key is unknown, not the trusted one"
    SERVER_SAYS = "the server says {answer}"
    SFTP_ERROR = "the server answers error {code}"
    DISK_FULL = "its disk or the quota is full"
    FOLDER_NOT_WRITABLE = "the folder cannot be written"
    NAMES_TAKEN = "{count} files of that name are there already"
    CUT_IN_TRANSFER = "the data connection broke before the server had it all"
    CUT_AND_TAKEN = "the data connection broke, and the server takes what it has for the whole file"
    SIZE_DIFFERS = "the server has {size} of {sent} bytes"
    RENAME_REFUSED = (
        "the server takes files but refuses to rename them:"
        " give the account that right, or switch «Rename when complete» off"
    )
    SSH_THERE = "an SSH server answers: is sftp:// meant?"
    ENDLESS_ANSWER = "the server's answer does not end"
    ENDLESS_LINE = "the server's answer is one line without end"
    ANOTHER_LANGUAGE = "the server greets us in another language"
    SPOKE_BEFORE_TLS = "the server spoke before TLS began"
    LINE_END_IN_NAME = "a name, user or password holds a line end"
    NO_ANSWER_TO = "no answer to {command} came within {wait_s} s"
    NO_GREETING = "no greeting came within {wait_s} s"
    NOWHERE_TO_CONNECT = "the server does not say where to connect to"
    DATA_FROM_ANOTHER = "the data connection came from another host"
    TRANSFER_NOT_BEGUN = "the server does not begin the transfer"
    TRANSFER_NOT_CONFIRMED = "the server does not say that it has the file"
    TRANSFER_ENDED_EARLY = "the server ends the transfer before it began"


def why_of(error: BaseException) -> Said:
    """What an error says, as a phrase where it is one of ours."""
    said = error.args[-1] if error.args else None
    return said if isinstance(said, Said) else quoted(str(error))


def unusable(error: ConfigError) -> Said:
    """A setting that turns out unusable only when it is needed, such as the path of a certificate."""
    want = f": want {error.want}"
    if not str(error).endswith(want):
        return quoted(str(error))
    return Why.UNUSABLE_SETTING(setting=str(error).removesuffix(want), want=error.want)
