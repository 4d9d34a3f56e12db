"""`listen --mqtt`: its options, and the consumer that they ask for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from cammra_edge.cli.exits import UsageError
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.errors import ConfigError
from cammra_edge.profile import Tls
from cammra_edge.profile.endpoint import Urls
from cammra_edge.profile.protocols.mqtt import PREFIX

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from cammra_edge.cli.terminal import Terminal
    from cammra_edge.receiver import Receiver
    from cammra_edge.receiver.subscriber import Subscriber

PASSWORD_FROM: Final = "CAMMRA_MQTT_PASSWORD"  # noqa: S105 - the name of a variable
_BROKERS: Final = Urls({"mqtt": 1883, "mqtts": 8883}, "mqtt", target=True)
_NOT_IN_TOPICS: Final = frozenset("+#$%?")


def add_arguments(parser: ArgumentParser) -> None:
    """Its options."""
    parser.add_argument(
        "--mqtt",
        metavar="URL",
        help="take events from this broker, too, and answer cameras in reply mode:"
        f" mqtt://HOST[:1883][/PREFIX] or mqtts://HOST[:8883][/PREFIX] (default prefix {PREFIX})",
    )
    parser.add_argument(
        "--by",
        default="listen",
        metavar="NAME",
        help="the name that cameras wait for; listeners of one name share the events (default listen)",
    )
    parser.add_argument(
        "--mqtt-user",
        default="",
        metavar="NAME",
        help=f"signs in, with the password in {PASSWORD_FROM}",
    )
    parser.add_argument(
        "--mqtt-ca", default="", metavar="FILE", help="trust the authorities in this PEM file"
    )


def subscriber(args: Namespace, receiver: Receiver, terminal: Terminal) -> Subscriber | None:
    """The consumer that was asked for, which hands on to this receiver.

    Raises:
        UsageError: An option is wrong.
    """
    if args.mqtt is None:
        return None
    from cammra_edge.receiver.subscriber import Subscriber, Subscription  # noqa: PLC0415 - few take events so

    try:
        endpoint = _BROKERS.endpoint(args.mqtt)
        tls = Tls(ca_file=args.mqtt_ca)
    except ConfigError as error:
        raise UsageError(f"--mqtt: {error}") from error
    prefix = endpoint.target.strip("/") or PREFIX
    for option, text in (("the prefix of --mqtt", prefix), ("--by", args.by)):
        if not text or not text.isprintable() or not _NOT_IN_TOPICS.isdisjoint(text):
            raise UsageError(f"{option} is {text!r}: want a name without + # $ % ?")
    if "/" in args.by:
        raise UsageError(f"--by is {args.by!r}: want a name without /")
    return Subscriber(
        Subscription(
            endpoint=endpoint,
            by=args.by,
            prefix=prefix,
            user=args.mqtt_user,
            password=os.environ.get(PASSWORD_FROM, ""),
            tls=tls,
        ),
        receiver,
        tell=terminal.note,
        clock=SYSTEM_CLOCK,
    )
