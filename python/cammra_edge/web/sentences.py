"""What the page's API answers to people, and what it wants of them."""

from __future__ import annotations

from typing import Final

from cammra_edge.phrases import Phrase
from cammra_edge.sinks.mqtt_reasons import PresenceWhy
from cammra_edge.sinks.mqtt_whys import MqttWhy
from cammra_edge.sinks.whys import QueueWhy, UploadWhy, Why

WHYS: Final = (Why, UploadWhy, QueueWhy, MqttWhy, PresenceWhy)
"""All that may have become of a try."""


class PageWant(Phrase):
    """Wants of the API's own bodies and parameters."""

    CHANGES_ONLY = "the fields to change, and nothing else"
    ONE_VALUE = "one value"
    SOME_OF = "some of {options}"
    TOKEN_NAME = "a name of 1 to 64 characters"  # noqa: S105 - no password
    TOKENS_AT_MOST = "at most {most} tokens; remove one first"
    PASSWORD_LENGTH = "{least} to {most} characters; a sentence is easiest"  # noqa: S105 - no password
    PASSWORD_VARIETY = "at least four different characters"  # noqa: S105 - no password
    CONSOLE_CODE = "the code that the console printed"
    YOUR_PASSWORD = "your password"  # noqa: S105 - no password
    PASSWORD_OF_NAME = "the password of that name"  # noqa: S105 - no password
    PASSWORD_BY_THE_OLD = "to be changed with the old one, since it is yours"  # noqa: S105 - no password
    ROLE_OR_PASSWORD = "another role, or another password"  # noqa: S105 - no password
    ADMINS_OR_NEW_NAME = "an admin's name, or a new one"
    ADMINS_OR_FREE_NAME = "an admin's name, or one that nobody has"
    FREE_NAME = "a name that nobody has yet"
    PEOPLE_AT_MOST = "at most {most} people; remove one first"
    ANOTHER_ADMIN = "another admin first: one always remains"
    PERSONS_NAME = "1 to {most} characters, a letter or digit among them"
    NAME_NOT_LIKE = "a name that does not begin with {others}"
    ADDRESS_OUTSIDE = "an address outside this camera: it may not send to itself or its link"


class Sentence(Phrase):
    """What an answer says is wrong, as one sentence."""

    SOME_FIELDS_UNUSABLE = "Some fields cannot be used."
    PARAMETER_UNUSABLE = "A parameter cannot be used."
    WRONG_MEDIA_TYPE = "Send the body as {media_type}."
    BODY_TOO_SLOW = "The body did not arrive in time."
    BODY_NO_OBJECT = "The body must be a JSON object."
    BODY_TOO_LARGE = "The body is larger than {most} kB."
    BODY_NO_JSON = "The body is not valid JSON."
    NOT_FILLED_IN = "This profile is not filled in yet."
    TEST_RUNS = "Another test is running. Try again in a second."
    TOO_MANY_PAGES = "Too many pages are open; close one."
    EXPORTS_RUN = "Other exports are under way; wait for them to end."
    PICTURE_GONE = "That picture is no longer kept here."
    FRAMES_REFUSED = "Frames refused: set frame format to {formats}."
    PICTURES_UNUSABLE = "Frames refused: {why}. To mend it: {remedy}."
    NO_PICTURE = "No picture came from the camera just now."
    NO_STATUS = "The engine did not say in time how it is."
    NO_SUCH_EVENT = "That event is no longer remembered here."
    BYTES_GONE = "The bytes of that try are no longer kept here."
    OPERATORS_SEE_WHY = "an operator sees why"
    NOT_PARKED = "There is no such parked event any more."
    NO_SUCH_PROFILE = "There is no such profile."
    NO_SUCH_VERSION = "There is no such version any more."
    NO_SUCH_TOKEN = "There is no such token."  # noqa: S105 - no password
    NOT_NOW = "Not now: {why}."
    STALE = "Somebody else has saved since you opened this page."
    NOT_STORED = "The settings could not be stored ({why}). Nothing was changed."
    DISK_REFUSED = "The disk refused: {why}. Nothing was changed."
    UNKNOWN_HOST = "This page is not served under that name."
    ADDRESS_TOO_LONG = "The address is too long."
    ANOTHER_SITE = "Another site may not change anything here."
    TOO_MANY_GUESSES = "Too many wrong tries. Wait {seconds} s."
    WRONG_CODE = "That is not the code."
    WRONG_PASSWORD = "That is not the password."  # noqa: S105 - no password
    WRONG_NAME_OR_PASSWORD = "That is not the name and password."  # noqa: S105 - no password
    SET_UP_ALREADY = "A password is set already. Sign in with it, or run `cammra-edge code` on the camera for a code."
    CONSOLE_ONLY = "Only the camera's own console may ask for that."
    NOT_SET_UP = "No password is set yet. Set one with the code that the console printed."
    CERTIFICATE_UNUSABLE = "That is {why}."
    SIGN_IN_FIRST = "Sign in first."
    SCOPE_LACKING = "This token may not do that; it lacks the scope {scope}."
    PAGE_OUTDATED = "The page is outdated; load it again."
    NOTHING_HERE = "There is nothing here."
    METHOD_NOT_HERE = "That cannot be done here."
    NO_ANSWER = "The request cannot be answered."
    CRASHED = "Something went wrong here; the log has it under {number}."
    SECRETS_FOR_PEOPLE = "Secrets are exported to a person only, and to no token."
    ROLE_LACKING = "That takes the role {needed}; yours is {role}."
    NO_TOKEN_MAY = "No token may do that; sign in."  # noqa: S105 - no password
    UNSAVED_FOR_ADMINS = "Only an admin may test what is not saved."
    NOBODY_SO_CALLED = "There is nobody of that name."
    CONSOLE_HAS_NONE = "The console has no password; set a person's with its code."
    NO_EXPORT = "This is no file that this page has exported."
    PROFILE_NOT_WRITABLE = "This profile cannot be written so."
