"""MQTT: events, and pictures where they are wanted, to a broker that others read from."""

from __future__ import annotations

import re
from enum import StrEnum
from os import PathLike
from typing import TYPE_CHECKING, ClassVar, Final, Literal, Self

from cammra_edge.checks import Check, choice, maybe, refused, text, whole
from cammra_edge.errors import ConfigError
from cammra_edge.fields import Taken, required, setting, settings
from cammra_edge.model import EventKind
from cammra_edge.profile import form, shipped
from cammra_edge.profile.endpoint import Endpoint, Urls
from cammra_edge.profile.protocols.base import (
    BaseProtocol,
    FormContent,
    JsonContent,
    PresenceChoice,
    PresenceWay,
    PublishedContent,
)
from cammra_edge.profile.protocols.http_post import PROXIES, USER
from cammra_edge.profile.trust import Timeouts, Tls
from cammra_edge.profile.wants import ProfileWant

if TYPE_CHECKING:
    from collections.abc import Iterator

URLS: Final = Urls({"mqtt": 1883, "mqtts": 8883}, "mqtts")
PREFIX: Final = "cammra/v1"
HOME_ASSISTANT: Final = "homeassistant"
TOPIC: Final = "{prefix}/{site}/{device}/event/{event}"
ONVIF_TOPIC: Final = "{device}/onvif-ej/RuleEngine/Recognition/LicensePlate"
TOPIC_VARIABLES: Final = ("{prefix}", "{site}", "{device}", "{event}", "{roi}", "{direction}")
MOST_SLASHES: Final = 7
"""More are refused by AWS IoT Core."""
_REPLY: Final = "reply"
_VARIABLE = re.compile("|".join(re.escape(variable) for variable in TOPIC_VARIABLES))
_LEVELS = r"[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*"


class Payload(StrEnum):
    """What a message holds."""

    FF = "ff"
    CLOUDEVENTS = "cloudevents"
    ONVIF = "onvif"
    TEMPLATE = "template"


class Pictures(StrEnum):
    """With which events pictures go: those of the read that counts, all, or none."""

    FINAL = "reliable and lost"
    ALL = "all"
    NONE = "none"


PresenceWord = Literal["auto", "on", "off"]
PayloadWord = Literal["ff", "cloudevents", "onvif", "template"]
PicturesWord = Literal["reliable and lost", "all", "none"]
AckWord = Literal["", "reply"]
_WITH_PICTURES: Final = {
    Pictures.FINAL: frozenset({EventKind.RELIABLE, EventKind.LOST}),
    Pictures.ALL: frozenset(EventKind),
    Pictures.NONE: frozenset(),
}


def _topic() -> Check[str]:
    """A topic with the page's variables, or nothing."""
    typed = text(most=200)

    def take(value: object) -> str:
        topic = typed.take(value)
        bare = _VARIABLE.sub("x", topic)
        if topic and (not re.fullmatch(_LEVELS, bare) or bare.count("/") > MOST_SLASHES):
            want = ProfileWant.TOPIC(variables=" ".join(TOPIC_VARIABLES), most=MOST_SLASHES)
            raise refused(value, want)
        return topic

    return Check(take, typed.schema)


@settings
class Mqtt(BaseProtocol):
    """Events to a broker by MQTT 5, acknowledged one by one (QoS 1); others subscribe to them.

    Args:
        server_url: `host[:port]` or `mqtts://…` for TLS, `mqtt://…` without.
        user: As the broker knows this camera.
        password: As above.
        version: `5`, or `3.1.1` for a broker that knows no better. In 3.1.1 "success" is all that a broker can say:
            that nobody subscribes, that the topic is forbidden or the message too large, stays unknown.
        prefix: The first levels of every topic, at most three.
        site: The next one.
        topic: Of the events, with the variables of the page; empty is the payload's usual one. There is no variable for
            the plate.
        payload: `ff` for the FF JSON, `cloudevents`, `onvif` or `template`.
        template: With `payload="template"`: the template's own text, or the path of a file that holds it.
        images: With which events pictures go, each as a message of its own before its event: `reliable and lost`, `all`
            or `none`.
        ack: Empty: an event is delivered when the broker has acknowledged it. `reply`: when the consumer that
            `reply_by` names has said that it has committed it.
        reply_by: The consumer's name for itself.
        accept_unheard: Let an event to which nobody subscribes count as delivered.
        max_message_bytes: The largest message, for a broker that names no limit.
        presence: Whether its connection says that the camera is there and how it is: `on`, `off`, or `auto`, which is
            on where no other profile that is switched on speaks MQTT. Of several, one says it.
        discovery_prefix: Where Home Assistant looks for devices, usually `homeassistant`, so that the camera appears
            there by itself; empty for no such document. Goes with `presence`.
        keep_alive_s: Longest silence on the connection, before one asks the other whether it is there.
        tls: Which certificate to trust.
        proxy: `http://host:port` of a proxy that lets through.
        proxy_user: For a proxy that wants a user.
        proxy_password: As above.
        timeouts: How long a try may take.
    """

    word: ClassVar[str] = "MQTT"
    stays_connected: ClassVar[bool] = True
    usual_events: ClassVar[frozenset[EventKind]] = frozenset(EventKind)

    server_url: str = required(URLS.check(), address=True)
    user: str = setting("", text(most=256))
    password: str = setting("", secret=True)
    version: Literal["5", "3.1.1"] = setting("5", choice(("5", "3.1.1")), leads=True)
    prefix: str = setting(
        PREFIX,
        text(pattern=r"[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+){0,2}", want=ProfileWant.TOPIC_PREFIX()),
    )
    site: str = setting(
        "site", text(pattern="[A-Za-z0-9._-]{1,64}", want=ProfileWant.TOPIC_LEVEL())
    )
    topic: str = setting("", _topic())
    payload: Taken[Payload, Payload | PayloadWord] = setting(Payload.FF)
    template: Taken[str, str | PathLike[str]] = setting("", form.template())
    images: Taken[Pictures, Pictures | PicturesWord] = setting(Pictures.FINAL)
    ack: AckWord = setting("", choice(("", _REPLY)))
    reply_by: str = setting("", text(most=128))
    accept_unheard: bool = False
    max_message_bytes: int | None = setting(None, maybe(whole(1024, 268_435_456)))
    presence: Taken[PresenceChoice, PresenceChoice | PresenceWord] = setting(PresenceChoice.AUTO)
    discovery_prefix: str = setting(
        "",
        text(pattern=rf"(?:{_LEVELS})?", most=100, want=ProfileWant.DISCOVERY_PREFIX()),
        usual=(HOME_ASSISTANT,),
    )
    keep_alive_s: int = setting(20, whole(5, 3600))
    tls: Tls = Tls()
    proxy: str = setting("", PROXIES.check(empty=True), address=True)
    proxy_user: str = setting("", USER)
    proxy_password: str = setting("", secret=True)
    timeouts: Timeouts = Timeouts()

    def _agree(self) -> None:
        if self.ack == _REPLY and not self.reply_by:
            raise ConfigError("reply_by", "", ProfileWant.REPLY_BY())
        if self.version == "3.1.1":
            if self.ack == _REPLY:
                raise ConfigError("ack", self.ack, ProfileWant.NOT_IN_3_1_1())
            if self.images is Pictures.ALL:
                raise ConfigError("images", str(self.images), ProfileWant.NOT_IN_3_1_1())
            if self.password and not self.user:
                raise ConfigError("user", "", ProfileWant.USER_FOR_AUTH(auth="3.1.1"))
        if self.discovery_prefix and self.presence is PresenceChoice.OFF:
            raise ConfigError("discovery_prefix", self.discovery_prefix, ProfileWant.NO_DISCOVERY())
        if self.payload is Payload.TEMPLATE:
            if not self.template:
                raise ConfigError("template", "", ProfileWant.TEMPLATE_FOR_MQTT())
            if form.read(self.template).parts or form.read(self.template).method is form.Method.GET:
                raise ConfigError("template", "", ProfileWant.TEMPLATE_FOR_MQTT())

    def endpoint(self) -> Endpoint:
        """Where it goes."""
        return URLS.endpoint(self.server_url)

    def proxy_endpoint(self) -> Endpoint | None:
        """The proxy, where there is one."""
        return PROXIES.endpoint(self.proxy) if self.proxy else None

    def transport(self) -> Self:
        """How its messages travel."""
        return self

    def content(self) -> PublishedContent:
        """What a message holds."""
        match self.payload:
            case Payload.FF:
                inner: JsonContent | FormContent = JsonContent("application/json")
            case Payload.TEMPLATE:
                inner = FormContent(form.read(self.template), user=self.user)
            case _:
                inner = FormContent(
                    form.read(shipped.preset_text(self.payload.value)), user=self.user
                )
        return PublishedContent(
            inner,
            topic=self.event_topic(),
            base=self._base(),
        )

    def presence_way(self) -> PresenceWay:
        """How its connection can say that the camera is there and how it is."""
        return PresenceWay(
            choice=self.presence,
            broker=self.endpoint().address,
            base=self._base(),
            discovery_prefix=self.discovery_prefix,
            event_topic=self.event_topic(),
            payload=self.payload.value,
        )

    def _base(self) -> str:
        return f"{self.prefix}/{self.site}/{{device}}"

    def event_topic(self) -> str:
        """The topic of the events, with its variables."""
        usual = ONVIF_TOPIC if self.payload is Payload.ONVIF else TOPIC
        topic = self.topic or usual
        return topic.replace("{prefix}", self.prefix).replace("{site}", self.site)

    def pictured_events(self) -> frozenset[EventKind]:
        """The event types that pictures go with."""
        # 3.1.1 has no place for the list of pictures that an event comes with.
        return frozenset() if self.version == "3.1.1" else _WITH_PICTURES[self.images]

    def carrier(self) -> str:
        """How and where it sends, without the content."""
        return f"by MQTT {self.version} to {self.endpoint()}"

    def sentence(self) -> str:
        """How and where it sends."""
        counts = f"the reply of {self.reply_by}" if self.ack == _REPLY else "the broker's word"
        return f"{self.carrier()}, on {self.event_topic()}; {counts} counts"

    def doubts(self) -> Iterator[str]:
        """What is allowed but probably not meant."""
        if self.version == "3.1.1":
            yield (
                "MQTT 3.1.1 hides what MQTT 5 says: that nobody subscribes, that the topic is forbidden,"
                " that a message is too large; and no picture is sent"
            )
        if self.user and self.endpoint().scheme == "mqtt" and not self.endpoint().is_near:
            yield "user and password go over mqtt:// in clear; mqtts:// encrypts them"
