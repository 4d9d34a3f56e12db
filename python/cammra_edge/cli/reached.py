"""An outbox as commands reach it: opened by this process, or through the engine that runs on it.

Both do the same and say the same (`tests/cli/test_running_engine.py`); profiles are named by key.
"""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Protocol

from cammra_edge.audit import Deed, Outcome, at_the_shell
from cammra_edge.checks import Want
from cammra_edge.cli.asking import RefusedError, path_of
from cammra_edge.cli.stands import Stands, stands_from, value_of
from cammra_edge.cli.wants import CliWant
from cammra_edge.delivery import ProfileState, ProfileStatus, stored_status
from cammra_edge.engine.outlook import Outlook, outlook_of
from cammra_edge.engine.recent import EVENTS
from cammra_edge.errors import ConfigError, OutboxError
from cammra_edge.model import Event
from cammra_edge.outbox import Parked
from cammra_edge.outbox.codec import value_from
from cammra_edge.outbox.exported import Export, export_of
from cammra_edge.phrases import counted
from cammra_edge.search import (
    Noted,
    erase_answer,
    erased_in,
    given_in,
    memory_answer,
    search_answer,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cammra_edge.audit import AuditLog
    from cammra_edge.cli.asking import RunningEngine
    from cammra_edge.config import Settings
    from cammra_edge.outbox import Outbox
    from cammra_edge.search import Words

_NOT_THERE = 404
_PAGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedRow:
    """A parked delivery as `parked list` tells it."""

    profile: str
    name: str
    seq: int
    event_id: str
    packet: int
    kind: str
    attempts: int
    why: str
    words: str
    parked_utc_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedWhole:
    """A parked delivery with its event and its pictures."""

    profile: str
    export: Export

    @property
    def row(self) -> Parked:
        """What is known of its tries."""
        return value_from(Parked, self.export.parked)

    @property
    def event(self) -> Event:
        """Its event."""
        return value_from(Event, self.export.event)


class Reached(Protocol):
    """What commands do with an outbox; `running` says whether an engine does it for them."""

    running: bool

    def status(self) -> Stands:
        """The outbox, its profiles (those of the settings, then removed ones), and the engine's source."""
        ...

    def outlook(self) -> list[Outlook]:
        """What each profile of the settings would have sent of the latest events."""
        ...

    def parked(self, key: str | None) -> list[ParkedRow]:
        """Parked deliveries, oldest first, of one profile or all."""
        ...

    def parked_whole(self, key: str | None, seq: int | None = None) -> Iterator[ParkedWhole]:
        """The same with events and pictures."""
        ...

    def retry(self, key: str | None, seq: int | None) -> int:
        """Let them wait again: one, a profile's or all; returns how many."""
        ...

    def discard(self, key: str | None, seq: int | None) -> int:
        """Discard them for good; returns how many."""
        ...

    def give(self, from_key: str, to_key: str) -> int:
        """Hand a removed profile's backlog to another; returns how many deliveries."""
        ...

    def search(self, words: Words, *, export: str = "") -> dict[str, Any]:
        """One page of remembered events, as `search.search_answer` gives it; `export`: what it is written to."""
        ...

    def memory(self) -> dict[str, Any]:
        """How far back it remembers, as `search.memory_answer` tells it."""
        ...

    def image(self, seq: int, image_key: str) -> bytes | None:
        """A picture of an event that was found."""
        ...

    def erase(self, words: Words) -> dict[str, Any]:
        """Erase remembered events, and answer as `search.erase_answer` does."""
        ...


def key_of(profiles: list[ProfileStatus], option: str, text: str) -> str:
    """The key of a profile, by key or name.

    Raises:
        ConfigError: There is none, or several have that name.
    """
    keys = [profile.key for profile in profiles]
    named = [profile.key for profile in profiles if text == profile.name]
    if text in keys or len(named) == 1:
        return text if text in keys else named[0]
    raise ConfigError(option, text, Want.ONE_OF(options=", ".join(keys) or "no profiles"))


class Opened:
    """An outbox that this process has open.

    Args:
        outbox: The outbox.
        settings: Those of the script and its page; `None` where no script says which there are.
        audit: Where it is written down what was looked for and erased.
    """

    running = False

    def __init__(self, outbox: Outbox, settings: Settings | None, audit: AuditLog) -> None:
        self._outbox = outbox
        self._audit = audit
        self._noted = Noted()
        self._settings = settings
        profiles = settings.profiles if settings else ()
        self._names = {profile.key: profile.name for profile in profiles} if settings else None
        self._zone_name = settings.device.time_zone if settings else ""

    def status(self) -> Stands:
        """See `Reached`."""
        outbox, names = self._outbox, self._names
        numbers = outbox.profile_ids()
        known = list(names or ())
        left = [key for key in numbers if key not in known and outbox.tally(numbers[key]).put]
        gone = ProfileState.NOT_RUNNING if names is None else ProfileState.REMOVED
        profiles = [stored_status(outbox, key, self._name(key)) for key in known]
        profiles += [stored_status(outbox, key, key, gone) for key in left]
        return Stands(outbox.status(), profiles)

    def outlook(self) -> list[Outlook]:
        """See `Reached`."""
        if self._settings is None:
            return []
        events = list(self._outbox.history.latest(EVENTS))[::-1]
        return [outlook_of(one, events, self._settings) for one in self._settings.profiles]

    def _name(self, key: str) -> str:
        return (self._names or {}).get(key, key)

    def parked(self, key: str | None) -> list[ParkedRow]:
        """See `Reached`."""
        keys = {number: known for known, number in self._outbox.profile_ids().items()}
        return [
            ParkedRow(
                profile=keys[row.profile_id],
                name=self._name(keys[row.profile_id]),
                seq=row.seq,
                event_id=row.event_id,
                packet=row.packet,
                kind=row.kind,
                attempts=row.attempts,
                why=row.why,
                words=row.words,
                parked_utc_ns=row.parked_utc_ns,
            )
            for row in self._outbox.parking.listed(self._number(key))
        ]

    def parked_whole(self, key: str | None, seq: int | None = None) -> Iterator[ParkedWhole]:
        """See `Reached`."""
        self._note(Deed.EXPORT, "parked events exported", {})
        keys = {number: known for known, number in self._outbox.profile_ids().items()}
        for row, delivery in self._outbox.parking.whole(self._number(key), seq):
            yield ParkedWhole(profile=keys[row.profile_id], export=export_of(row, delivery))

    def retry(self, key: str | None, seq: int | None) -> int:
        """See `Reached`."""
        count = self._outbox.parking.retry(self._number(key), seq)
        return self._moved(count, key, "retried")

    def discard(self, key: str | None, seq: int | None) -> int:
        """See `Reached`."""
        count = self._outbox.parking.discard(self._number(key), seq)
        return self._moved(count, key, "discarded")

    def _moved(self, count: int, key: str | None, what: str) -> int:
        whose = "all profiles" if key is None else f"profile {key}"
        self._note(Deed.PARKED, f"{counted(count, 'parked event')} of {whose} {what}", {})
        return count

    def _number(self, key: str | None) -> int | None:
        return None if key is None else self._outbox.profile_ids().get(key, 0)

    def give(self, from_key: str, to_key: str) -> int:
        """See `Reached`."""
        if self._names is not None and from_key in self._names:
            raise ConfigError("FROM", from_key, CliWant.PROFILE_NOT_IN_SCRIPT())
        count = self._outbox.giving.give(from_key, to_key)
        self._note(
            Deed.CHANGE, f"{counted(count, 'event')} of profile {from_key} given to {to_key}", {}
        )
        return count

    def search(self, words: Words, *, export: str = "") -> dict[str, Any]:
        """See `Reached`."""
        answer = search_answer(self._outbox.history.search, words, self._zone_name)
        if what := self._noted.line_due("shell", words, self._audit.mark, export=export):
            self._note(Deed.EXPORT if export else Deed.SEARCH, what, words)
        return answer

    def _note(self, deed: Deed, what: str, words: Words, outcome: Outcome = Outcome.DONE) -> None:
        """A line in the audit log, as the page writes it."""
        plate, fields = words.get("plate") or "", given_in(words)
        self._audit.note(at_the_shell(), deed, what, fields=fields, plate=plate, outcome=outcome)

    def memory(self) -> dict[str, Any]:
        """See `Reached`."""
        return memory_answer(self._outbox.history.status(), self._zone_name)

    def image(self, seq: int, image_key: str) -> bytes | None:
        """See `Reached`."""
        return self._outbox.history.image(seq, image_key)

    def erase(self, words: Words) -> dict[str, Any]:
        """See `Reached`."""
        try:
            answer = erase_answer(self._outbox.history.erase, words, self._zone_name)
        except OutboxError:
            self._note(Deed.ERASURE, "events erased", words, Outcome.FAILED)
            raise
        if words["all"]:
            self._audit.forget_key()
        counts = f"{erased_in(answer)} erased"
        self._note(Deed.ERASURE, counts, words)
        return answer


class Asked:
    """An outbox through the engine that runs on it."""

    running = True

    def __init__(self, engine: RunningEngine) -> None:
        self.engine = engine

    def status(self) -> Stands:
        """See `Reached`."""
        return stands_from(self.engine.ask("GET", path_of("status")))

    def outlook(self) -> list[Outlook]:
        """See `Reached`."""
        return [value_of(Outlook, plain) for plain in self.engine.ask("GET", path_of("outlook"))]

    def parked(self, key: str | None) -> list[ParkedRow]:
        """See `Reached`."""
        return [
            ParkedRow(
                profile=row["profile"],
                name=profile.name,
                seq=row["seq"],
                event_id=row["event"],
                packet=row["packet"],
                kind=row["kind"],
                attempts=row["attempts"],
                why=row["why"],
                words=row["words"],
                parked_utc_ns=row["at"] * 10**6,
            )
            for profile in self.status()[1]
            if profile.parked_now and key in {None, profile.key}
            for row in self._parked_of(profile.key)
        ]

    def _parked_of(self, key: str) -> Iterator[dict[str, Any]]:
        """Page by page."""
        after = 0
        while rows := self.engine.ask(
            "GET", path_of("parked"), profile=key, after=after, limit=_PAGE
        ):
            yield from sorted(rows, key=itemgetter("seq"))
            after = max(row["seq"] for row in rows)

    def parked_whole(self, key: str | None, seq: int | None = None) -> Iterator[ParkedWhole]:
        """See `Reached`."""
        for line in self.engine.lines("GET", path_of("parked", "export"), profile=key, seq=seq):
            plain = json.loads(line)
            images = {name: b64decode(text) for name, text in plain["images"].items()}
            export = Export(parked=plain["parked"], event=plain["event"], images=images)
            yield ParkedWhole(profile=plain["profile"], export=export)

    def retry(self, key: str | None, seq: int | None) -> int:
        """See `Reached`."""
        return self._moved("POST", key, seq, "retry")

    def discard(self, key: str | None, seq: int | None) -> int:
        """See `Reached`."""
        return self._moved("DELETE", key, seq)

    def _moved(self, method: str, key: str | None, seq: int | None, *verb: str) -> int:
        """Ask for a profile, or for each that has anything parked."""
        parked = [profile.key for profile in self.status()[1] if profile.parked_now]
        one = () if seq is None else (seq,)
        count = 0
        for profile in [key] if key is not None else parked:
            try:
                moved = self.engine.ask(method, path_of("profiles", profile, "parked", *one, *verb))
            except RefusedError as error:
                if error.status != _NOT_THERE:
                    raise
            else:
                count += moved["events"]
        return count

    def give(self, from_key: str, to_key: str) -> int:
        """See `Reached`."""
        path = path_of("profiles", from_key, "give")
        count: int = self.engine.ask("POST", path, {"to": to_key})["events"]
        return count

    def search(self, words: Words, *, export: str = "") -> dict[str, Any]:
        """See `Reached`."""
        asked = _query({**words, "export": export or None})
        found: dict[str, Any] = self.engine.ask("GET", path_of("events"), **asked)
        return found

    def memory(self) -> dict[str, Any]:
        """See `Reached`."""
        told: dict[str, Any] = self.engine.ask("GET", path_of("memory"))
        return told

    def image(self, seq: int, image_key: str) -> bytes | None:
        """See `Reached`."""
        try:
            return self.engine.content("GET", path_of("events", seq, "images", image_key))
        except RefusedError as error:
            if error.status != _NOT_THERE:
                raise
            return None

    def erase(self, words: Words) -> dict[str, Any]:
        """See `Reached`."""
        given = {name: value for name, value in words.items() if value}
        erased: dict[str, Any] = self.engine.ask("POST", path_of("erase"), given)
        return erased


def _query(words: Words) -> dict[str, str]:
    """The words as the API's query has them."""
    texts: dict[str, str] = {}
    for name, value in words.items():
        if isinstance(value, bool):
            texts[name] = str(value).lower()
        elif isinstance(value, list):
            texts[name] = ",".join(value)
        elif value is not None:
            texts[name] = str(value)
    return texts
