"""`cammra-edge test`: tries profiles out, step by step, through their real payload and sink."""

from __future__ import annotations

import json
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

from cammra_edge.checks import Want
from cammra_edge.cli.asking import RefusedError, engine_on, path_of
from cammra_edge.cli.exits import Exit
from cammra_edge.cli.script import load_script
from cammra_edge.cli.stands import stands_from
from cammra_edge.cli.terminal import Style, shown
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.errors import ConfigError
from cammra_edge.phrases import quoted
from cammra_edge.trial import Step, trial

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from cammra_edge.cli.asking import RunningEngine
    from cammra_edge.cli.terminal import Terminal
    from cammra_edge.config import Settings

_PLATE = "AXIS1234"
_STYLES = {"ok": Style.GOOD, "failed": Style.BAD, "skipped": Style.DIM}
_INDENT = " " * 29


def add_arguments(parser: ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("config", metavar="CONFIG.py", help="the script whose profiles are tried")
    parser.add_argument(
        "profile", nargs="*", metavar="PROFILE", help="by key or name; none is all of them"
    )
    parser.add_argument(
        "--plate", default=_PLATE, help=f"what the test event reports (default {_PLATE})"
    )
    parser.add_argument(
        "--script",
        action="store_true",
        help="try the profiles as the script has them, even if an engine runs with other settings",
    )


def run(args: Namespace, terminal: Terminal) -> Exit:
    """Try the profiles, one after another; nothing of it touches the queue."""
    settings = load_script(args.config).engine.settings
    engine = None if args.script else engine_on(settings.outbox.path)
    if engine is None:
        names = {profile.key: profile.name for profile in settings.profiles}
        return _try(names, args, terminal, lambda key: _own_steps(settings, key, args.plate))
    with closing(engine):
        terminal.note("tried by the running engine, with the settings in force there")
        profiles = stands_from(engine.ask("GET", path_of("status"))).profiles
        names = {profile.key: profile.name for profile in profiles if profile.state != "removed"}
        return _try(names, args, terminal, lambda key: _asked_steps(engine, key, args.plate))


def _own_steps(settings: Settings, key: str, plate: str) -> Iterable[Step]:
    number, profile = next(
        (number, profile)
        for number, profile in enumerate(settings.profiles, start=1)
        if profile.key == key
    )
    return trial(
        profile,
        profile_id=number,
        device=settings.device,
        plate=plate,
        clock=SYSTEM_CLOCK,
        deny_local=settings.deny_local,
    )


def _asked_steps(engine: RunningEngine, key: str, plate: str) -> Iterator[Step]:
    """The engine's Test, one at a time and at most one a second: it says when to come again."""
    path = path_of("profiles", key, "test")
    while True:
        try:
            for line in engine.lines("POST", path, {"plate": plate}):
                yield _step_from(json.loads(line))
        except RefusedError as error:
            if not error.retry_after_s:
                raise
            time.sleep(error.retry_after_s)
        else:
            return


def _try(
    names: Mapping[str, str],
    args: Namespace,
    terminal: Terminal,
    steps: Callable[[str], Iterable[Step]],
) -> Exit:
    keys = [_key(names, text) for text in args.profile] or list(names)
    good = [_tell(key, names[key], steps(key), terminal) for key in keys]
    return Exit.OK if all(good) else Exit.UNDELIVERED


def _step_from(told: dict[str, Any]) -> Step:
    """A step that another process has told."""
    del told["code"], told["values"], told["remedy_code"]
    detail, remedy = quoted(told.pop("detail")), quoted(told.pop("remedy"))
    return Step(detail=detail, remedy=remedy, **told)


def _key(names: Mapping[str, str], text: str) -> str:
    if text in names:
        return text
    by_name = {name: key for key, name in names.items()}
    if text not in by_name:
        raise ConfigError("PROFILE", text, Want.ONE_OF(options=", ".join(names)))
    return by_name[text]


def _tell(key: str, name: str, steps: Iterable[Step], terminal: Terminal) -> bool:
    terminal.line(terminal.styled(shown(name), Style.BOLD))
    good = True
    for step in steps:
        if step.state == "running":
            continue
        good = good and step.state != "failed"
        word = terminal.styled(f"{step.state:<7}", _STYLES.get(step.state, Style.DIM))
        terminal.line(
            f"  {step.name:<7} {word} {step.took_ms:7.1f} ms  {shown(step.detail)}".rstrip()
        )
        if step.words:
            terminal.line(f"{_INDENT}the receiver says: {shown(step.words)}")
        if step.remedy:
            terminal.line(f"{_INDENT}{shown(step.remedy)}")
        terminal.data(
            {
                "profile": key,
                "name": name,
                "step": step.name,
                "state": step.state,
                "took_ms": step.took_ms,
                "detail": step.detail,
                "words": step.words,
                "remedy": step.remedy,
            }
        )
    return good
