"""What the steps of a Test find."""

from __future__ import annotations

from cammra_edge.phrases import Phrase


class Found(Phrase):
    """What a step has found, done or missed."""

    ADDRESSES = "{host}: {addresses}"
    CONNECTED = "{endpoint}, from {own}"
    CONNECTED_BY_PROXY = "{endpoint}, from {own} through the proxy"
    TRIED = "tried {endpoint}: {why}"
    TRIED_BY_PROXY = "tried {endpoint} through the proxy: {why}"
    CHECKED_WHEN_SENT = "checked when the event is sent, as there is a proxy in between"
    TLS = "{version}; {certificate}"
    NOT_TRUSTED = "{why}; {certificate}"
    NOT_TRUSTED_OLD = "{why}; it offers {version}; {certificate}"
    CERTIFICATE = (
        "certificate of {subject}, signed by {issuer}, good from {begin} to {end}, SHA-256 {sha256}"
    )
    CERTIFICATE_UNDATED = (
        "certificate of {subject}, signed by {issuer}, dates unknown, SHA-256 {sha256}"
    )
    AS_USER = "as {user}"
    BROKER_TAKES = (
        "signed in as {client}; at once {count} messages, each of at most {size} bytes;"
        " keep-alive {keep_alive_s} s"
    )
    BROKER_TAKES_ANY = (
        "signed in as {client}; at once {count} messages; keep-alive {keep_alive_s} s"
    )
    WOULD_SAY = "a Test says nothing of the camera; the profile itself says state on {state} and health on {health}"
    WOULD_SAY_IF_ALONE = (
        "a Test says nothing of the camera; the profile itself, where it is the only one by MQTT, says state"
        " on {state} and health on {health}"
    )
    BY_AUTH_HEADER = "by Auth-Header"
    BYTES = "{count} bytes"
    BYTES_UNMEASURED = "{count} bytes; the server does not tell sizes"
    LOGIN_FOLDER = "the login folder"
    NO_TLS_OFFERED = "the server offers no TLS"
    NOT_LOGGED_IN = "not logged in"
    NOTHING_WAS_UPLOADED = "nothing was uploaded"
    SENDS_NOTHING = "This profile sends nothing: no image, and no sidecar."
    BROKE_OFF = "The test broke off; the log says why."
    STOPPED = "The camera's program was stopped during the test; only the receiver knows whether the event arrived."
