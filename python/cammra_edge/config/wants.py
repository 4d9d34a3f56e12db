"""What the settings of the whole camera must be, and what a draft may change."""

from __future__ import annotations

from cammra_edge.phrases import Phrase


class ConfigWant(Phrase):
    """Wants of the script's settings, lists, drafts and imported files."""

    ENVIRONMENT_VARIABLE = "the environment variable {name} to be set"
    READABLE_FILE = "a readable text file"
    POINT = "(x, y)"
    TWO_POINTS = "two points: tail and head"
    ARROW_AT_LEAST = "an arrow at least {least} of the frame long"
    PROFILES_AT_MOST = "at most {most}, or a larger max_profiles"
    ONE_PRESENCE = "'on' in one profile alone; it is on in {keys}"
    PRESENCE_CHOSEN = (
        "'on' in the one MQTT profile that says state and health, or 'off' in all but one: {keys}"
    )
    EACH_ITS_OWN = "a {field} of its own for each"
    NAME_OF_NO_OTHER = "a name that no other profile has"
    PLATE_OR_PATTERN = "a plate or a pattern"
    SIGNS_AT_MOST = "at most {most} letters, digits and wildcards"
    NAME_NOT_BLANK = "a name that is not blank"
    PLATES_AT_MOST = "at most {most} plates in all lists"
    PATTERNS_AT_MOST = "at most {most} patterns with * or ? in all lists"
    SCRIPTS_OWN = "the script's own value: it is locked there"
    ONE_OF_THE_PROFILES = "one of the profiles {keys}"
    TYPED_AGAIN = "to be typed again: it was given for another server, or another way to it"
    LOCKABLE = (
        "a field: profiles[barrier].server_url, tracking.lost_after_s, or lost_after_s anywhere"
    )
    CLOUD_NUMBER = "1 (HTTP), 8 (TCP) or 16 (FTP)"
    CLOUD_PROTOCOL = "HTTP POST, TCP or FTP; the camera's file has no other"
    PLAIN_ELEMENTS = "plain elements only"
    CLOUD_CONFIG = "a cloud_config with one level of elements"
    XML = "well-formed XML, in UTF-8"
    BASE64 = "base64 of UTF-8 text"
