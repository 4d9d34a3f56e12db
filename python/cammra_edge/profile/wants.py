"""What a profile's fields must be."""

from __future__ import annotations

from cammra_edge.phrases import Phrase


class ProfileWant(Phrase):
    """Wants of addresses, certificates, protocols and filters."""

    URL_WITHOUT_BLANKS = "a URL without spaces or backslashes"
    HOST_AND_PORT_IN_RANGE = "host or host:port, port 1 to {last}"
    URL_THAT_STARTS_WITH = "a URL that starts with {schemes}"
    URL_WITHOUT_USER = "no user or password in the URL; they have fields of their own"
    PORT_IN_RANGE = "host:port, port 1 to {last}"
    URL_WITHOUT_FRAGMENT = "no '#…' in the URL"
    HOST_AND_PORT_ONLY = "host:port and nothing after it"
    HOST = "a host name or an IP address (IPv6 in brackets)"
    SHA256 = "a SHA-256 fingerprint: 64 hex digits, with or without colons"
    CLIENT_CERT_TOO = "client_cert as well"
    WIDTH_AND_HEIGHT = "(width, height)"
    KEY_FOR_A_PATH = "a key that can stand in a path"
    ONE_READ_EVENTS = "reliable or lost alone: {protocol} takes one read per vehicle"
    URL_FOR_KEEPALIVE = "a URL, as keepalive is switched on"
    DAHUA_NAME = "the name by which a Dahua receiver knows the camera"
    HEADER_LINE = "'Name: value', the name of letters, digits, '-' and '_'"
    ANOTHER_HEADER = "another header than {name}, which is the protocol's own"
    USER_WITHOUT_COLON = "a user name without ':'"
    THREE_PART_NAMES = "three names: of the event, the image, the second image"
    BEARER_TOKEN = "the bearer token"  # noqa: S105 - no password
    USER_FOR_AUTH = "a user name, as auth is '{auth}'"
    ONE_AUTHORIZATION = (
        "'Name: value' with another name than Authorization, or no user:"
        " a request has one Authorization"
    )
    FRAMING_FOR_KEPT = "newline, nul or length, as the connection is kept"
    FOLDERS_BELOW = "folders below the login folder, without '..'"
    VARIABLES_ONLY = "only the variables {variables}"
    FILE_NAME = "a file name; put folders in path"
    TOPIC = "levels of letters, digits, '.', '_' and '-', at most {most} slashes; variables: {variables}"
    TOPIC_PREFIX = "one to three levels of letters, digits, '.', '_' and '-'"
    TOPIC_LEVEL = "letters, digits, '.', '_' and '-'"
    REPLY_BY = "the name that the consumer answers with, as ack is 'reply'"
    NOT_IN_3_1_1 = "another value: MQTT 3.1.1 has no place for it"
    DISCOVERY_PREFIX = "levels of letters, digits, '.', '_' and '-', or nothing"
    NO_DISCOVERY = "nothing, as presence is 'off'"
    TEMPLATE_FOR_MQTT = "a template with a body"
    SSH_FINGERPRINT = "a fingerprint as `ssh-keygen -l` prints it: SHA256:…"


class TemplateWant(Phrase):
    """Wants of a message's template; in braces, as everywhere, are values."""

    AT_PLACE = "{want} ({place})"
    TEMPLATE_OR_FILE = "a template, or the path of a file with one"
    TEMPLATE_AS_TOML = "a template as TOML"
    BODY_OR_PARTS = "either a body or parts, and neither with GET"
    LIST_OF_PARTS = "a list of parts"
    TABLE = "a table"
    CONTENT_OR_IMAGE = "either content or image"
    IMAGE_FIELD = "image or plate_image"
    TEMPLATE_PATH = "a path that begins with '/', such as {example}"
    PART_FILE_NAME = "letters, digits, '.', '_', '-' and fields"
    TEMPLATE_FIELD = "a field: {fields}"
    SECTION_END = "its end, {end}"
    NO_FORMAT_IN_SECTION = "no format in a section"
    SECTIONS_AT_MOST = "at most {most} sections in each other"
    SECTION_END_FIRST = "{end} first"
    SECTION_OPENED = "a section that was opened"
    MARKS = "{marks} or {last}"
    FORMAT = "a format of a {kind}: {formats}"
