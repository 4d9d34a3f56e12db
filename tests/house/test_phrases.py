"""What people are told: every phrase stands in a table, is said somewhere, and has words on the page."""

from __future__ import annotations

import ast
import importlib
import json
import pickle
import pkgutil
import re
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

import pytest

import cammra_edge
from cammra_edge.errors import ConfigError, SettingsError
from cammra_edge.phrases import Phrase, Said, quoted, recognised
from cammra_edge.sinks.whys import QueueWhy, Why
from cammra_edge.web.sentences import WHYS
from tests.house import sources

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PLACE = re.compile(r"\{(\w+)\}")
TOLD = {
    "ConfigError": 2, "refused": 1, "Problem": 1, "quoted": 0, "TryLater": 0, "GiveUp": 0,
    "Misconfigured": 0, "Delivered": 0, "FailedStep": 0,
}  # fmt: skip
"""Who takes a phrase, and the place of it among the arguments."""
TEXTS = (ast.Constant, ast.JoinedStr, ast.BinOp)


@cache
def tables() -> tuple[type[Phrase], ...]:
    """Every table of phrases, of whatever room."""
    for module in pkgutil.walk_packages(cammra_edge.__path__, "cammra_edge."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return tuple(table for table in _below(Phrase) if table.__module__.startswith("cammra_edge."))


def _below(table: type[Phrase]) -> Iterator[type[Phrase]]:
    for found in table.__subclasses__():
        yield found
        yield from _below(found)


def places(text: str) -> set[str]:
    return set(PLACE.findall(text))


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call in the package, and where it stands."""
    for path in sources.MODULES:
        for node in ast.walk(sources.tree_of(path)):
            if isinstance(node, ast.Call):
                yield f"{path.name}:{node.lineno}", node


def named(node: ast.expr, names: Iterable[str]) -> tuple[str, str] | None:
    """Table and member of `Table.MEMBER`."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return (node.value.id, node.attr) if node.value.id in names else None
    return None


def test_every_code_means_one_phrase() -> None:
    codes = Counter(phrase.code for table in tables() for phrase in table)
    assert [code for code, count in codes.items() if count > 1] == []
    names = Counter(table.__name__ for table in tables())
    assert [name for name, count in names.items() if count > 1] == []


def test_every_phrase_has_words_on_the_page_with_the_same_values() -> None:
    words: dict[str, str] = {}
    for part in ("phrases", "whys"):
        words |= json.loads((sources.STATIC / f"en-{part}.json").read_text(encoding="utf-8"))
    english = {phrase.code: phrase.value for table in tables() for phrase in table}
    english |= {f"{one.code}.one": one.one for table in tables() for one in table if one.one}
    assert words.keys() == english.keys()
    assert {code: places(text) for code, text in words.items()} == {
        code: places(text) for code, text in english.items()
    }


def test_every_phrase_is_said() -> None:
    names = {table.__name__ for table in tables()}
    said = {
        found
        for path in sources.MODULES
        for node in ast.walk(sources.tree_of(path))
        if isinstance(node, ast.Attribute) and (found := named(node, names))
    }
    assert {(table.__name__, phrase.name) for table in tables() for phrase in table} - said == set()


def test_every_phrase_is_said_with_its_values() -> None:
    members = {table.__name__: table for table in tables()}
    wrong = []
    for where, call in calls():
        if found := named(call.func, members):
            given = {keyword.arg for keyword in call.keywords}
            if call.args or given != places(members[found[0]][found[1]].value):
                wrong.append(f"{where}: {found[1]}")
    assert wrong == []


def test_nobody_is_told_a_sentence_that_stands_in_no_table() -> None:
    bare = []
    for where, call in calls():
        name = getattr(call.func, "id", "")
        if name in TOLD and len(call.args) > TOLD[name]:
            told = call.args[TOLD[name]]
            if isinstance(told, TEXTS) and not (
                isinstance(told, ast.Constant) and told.value == ""
            ):
                bare.append(where)
        assert name != "Said" or where.startswith("phrases.py"), where
    assert bare == []


class Sample(Phrase):
    NEAR = "near {place}"
    INSIDE = "{what}, {what} again"


class Counting(Phrase):
    CARS = "{n} cars near {place}", "a car near {place}"


def test_a_phrase_is_its_english_and_knows_code_and_values() -> None:
    said = Sample.NEAR(place="{place}")
    assert said == "near {place}"
    assert said.plain() == {"code": "near", "values": {"place": "{place}"}}
    again = Sample.INSIDE(what=said)
    assert again == "near {place}, near {place} again"
    assert again.plain()["values"]["what"] == {"text": "near {place}", **said.plain()}


def test_a_phrase_without_its_values_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        Sample.NEAR()


@pytest.mark.parametrize(
    ("n", "text"), [(0, "0 cars near it"), (1, "a car near it"), (2, "2 cars near it")]
)
def test_one_of_what_is_counted_has_a_text_of_its_own(n: int, text: str) -> None:
    said = Counting.CARS(n=n, place="it")
    assert said == text
    assert recognised(text, (Counting,)).plain() == said.plain()


def test_what_is_no_number_counts_nothing() -> None:
    assert recognised("no cars near it", (Counting,)).code == ""


def test_what_no_json_can_carry_is_made_so() -> None:
    assert Sample.NEAR(place="\ud800").plain()["values"] == {"place": "?"}


@pytest.mark.parametrize(
    "error",
    [
        ConfigError("a", 1, Sample.NEAR(place=2)),
        SettingsError([ConfigError("a", 1, Sample.NEAR(place=2))]),
    ],
)
def test_a_pickled_error_still_knows_its_code(error: ConfigError) -> None:
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert isinstance(copy.want, Said)
    assert copy.want.plain() == error.want.plain()


def test_whatever_becomes_of_a_try_is_recognised() -> None:
    of_sinks = {table for table in tables() if table.__module__.startswith("cammra_edge.sinks.")}
    assert {table for table in of_sinks if table.__name__.endswith("Why")} == set(WHYS)


@pytest.mark.parametrize("phrase", [phrase for table in WHYS for phrase in table], ids=str)
def test_a_kept_text_is_recognised_as_the_phrase_it_was(phrase: Phrase) -> None:
    values: dict[str, str | int] = dict.fromkeys(places(phrase.value), "x1")
    said = phrase(**values | ({"n": 7} if phrase.one else {}))
    found = recognised(str(said), WHYS)
    assert found.code == said.code
    assert found == said


def test_a_phrase_in_a_kept_phrase_is_recognised_too() -> None:
    why = Why.NOT_TAKEN(status=413, meaning=Why.TOO_LARGE(), size=9)
    said = QueueWhy.REFUSED_IN_A_ROW(count=5, why=why)
    values = recognised(str(said), WHYS).plain()["values"]
    assert values["why"]["code"] == "not_taken"
    assert values["why"]["values"]["meaning"]["code"] == "too_large"


@pytest.mark.parametrize("text", ["", "x" * 5000, "another program's words"])
def test_any_other_text_stays_as_it_is(text: str) -> None:
    assert recognised(text, WHYS) == text
    assert recognised(text, WHYS).code == ""


def test_what_is_quoted_has_no_code() -> None:
    assert quoted("own words").plain() == {"code": "", "values": {}}
