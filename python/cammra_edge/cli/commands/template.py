"""`cammra-edge template …`: the shipped templates, and what one makes of an event."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cammra_edge.checks import Want
from cammra_edge.cli.exits import Exit, UsageError
from cammra_edge.cli.terminal import Style, shown
from cammra_edge.cli.wants import CliWant
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.errors import ConfigError
from cammra_edge.message import Body
from cammra_edge.model import Device, Event, ImageKind
from cammra_edge.outbox.codec import value_from
from cammra_edge.payload.render import render
from cammra_edge.profile import (
    PROTOCOLS,
    SHIPPED,
    Profile,
    Protocol,
    Template,
    preset_text,
    receiver,
)
from cammra_edge.profile.protocols.templated import Templated
from cammra_edge.trial import picture

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from cammra_edge.cli.terminal import Terminal

_SERVER = "http://receiver"
_PLATE = "AXIS1234"
_BOUNDARY_KEY = bytes(16)


def add_arguments(parser: ArgumentParser) -> None:
    """Its options."""
    parser.add_argument(
        "what",
        choices=("list", "show", "try"),
        help="list the shipped ones, print one to be changed, fill one with an event",
    )
    parser.add_argument(
        "name", nargs="?", metavar="NAME|FILE.toml", help="a shipped one; `try` takes a file, too"
    )
    parser.add_argument(
        "--event",
        type=Path,
        metavar="FILE",
        help="an event as `parked export` writes it, pictures beside it; without it, the one of a Test",
    )
    parser.add_argument("--to", type=Path, metavar="FILE", help="where `try` writes the body")


def run(args: Namespace, terminal: Terminal) -> Exit:
    """Do one thing with templates."""
    if args.what == "list":
        return _list(terminal)
    if args.name is None:
        raise UsageError(f"{args.what} wants a name: `template list` shows them")
    if args.what == "try":
        return _try(args, terminal)
    if args.name not in SHIPPED:
        raise ConfigError("NAME", args.name, Want.ONE_OF(options=", ".join(SHIPPED)))
    text = preset_text(args.name)
    for line in text.splitlines():
        terminal.line(line)
    terminal.data({"name": args.name, "template": text})
    return Exit.OK


def _list(terminal: Terminal) -> Exit:
    for name in SHIPPED:
        about = receiver(name)
        terminal.line(f"{terminal.styled(f'{name:<17}', Style.BOLD)} {about.name}")
        terminal.data({"name": name, "receiver": asdict(about)})
    return Exit.OK


def _try(args: Namespace, terminal: Terminal) -> Exit:
    profile = Profile("try", _protocol(args.name), two_images=True)
    if args.event is None:
        event, images = picture.event(profile, _PLATE, SYSTEM_CLOCK.utc_ns())
    else:
        event, images = _read(args.event)
        profile, event = _fitted(profile, event)
    body = render(
        event,
        images,
        profile=profile,
        profile_id=1,
        device=Device(),
        packet=1,
        boundary_key=_BOUNDARY_KEY,
    )
    if not isinstance(body, Body):
        raise TypeError(type(body))
    if args.to is not None:
        args.to.write_bytes(body.content)
    text = _without_pictures(body.content, images)
    target = body.target or profile.protocol.endpoint().target
    terminal.line(terminal.styled(f"{body.method} {shown(target)}", Style.BOLD))
    terminal.line(f"Content-Type: {body.content_type}")
    terminal.line()
    for line in text.splitlines():
        terminal.line(shown(line))
    terminal.data(
        {"method": body.method, "target": target, "content_type": body.content_type, "body": text}
    )
    return Exit.OK


def _protocol(name: str) -> Protocol:
    """The protocol that sends by a shipped template, or by a file's."""
    for cls in PROTOCOLS.values():
        if issubclass(cls, Templated) and cls is not Template:
            protocol = cls(_SERVER)
            if protocol.preset_name() == name:
                return protocol
    if name in SHIPPED:
        return Template(_SERVER, template=preset_text(name))
    return Template(_SERVER, template=Path(name))


def _read(path: Path) -> tuple[Event, dict[str, bytes]]:
    """An exported event, and its pictures by their keys."""
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
        event = value_from(Event, about["event"])
        pictures = {row["image_key"]: path.parent / row["file"] for row in about["images"]}
    except (ValueError, TypeError, KeyError) as error:
        raise ConfigError("--event", str(path), CliWant.EXPORTED_EVENT()) from error
    return event, {key: picture.read_bytes() for key, picture in pictures.items()}


def _fitted(profile: Profile, event: Event) -> tuple[Profile, Event]:
    """Both as if the profile had asked for the pictures that the event has."""
    kinds = [image.spec.kind for image in event.images]
    others = [kind for kind in kinds if kind is not ImageKind.PLATE_CROP]
    selected = next(iter([*others, *kinds]), None)
    fitted = replace(profile, image=selected)
    specs = {spec.kind: spec for spec in fitted.image_specs()}
    images = (replace(image, spec=specs.get(image.spec.kind, image.spec)) for image in event.images)
    return fitted, replace(event, images=tuple(images))


def _without_pictures(content: bytes, images: dict[str, bytes]) -> str:
    for jpeg in images.values():
        note = f"<{len(jpeg)} bytes of JPEG".encode()
        content = content.replace(jpeg, note + b">")
        content = content.replace(base64.b64encode(jpeg), note + b" as base64>")
    return content.decode(errors="replace")
