"""A protocol is known wherever one is chosen; who opens its sink is told by the type checker (`sinks.ways_out`)."""

from __future__ import annotations

import ast
import json
from typing import get_args

import pytest

import cammra_edge
from cammra_edge.errors import ConfigError
from cammra_edge.model import EventKind
from cammra_edge.profile import PROTOCOLS, Content, Protocol, Transport
from cammra_edge.profile.protocols.base import BaseProtocol
from cammra_edge.profile.protocols.templated import Templated
from tests.house.sources import PACKAGE, STATIC, tree_of

FOLDER = PACKAGE / "profile" / "protocols"
KINDS: tuple[type[Protocol], ...] = get_args(Protocol)
BASES = {BaseProtocol.__name__, Templated.__name__}


def one_of(cls: type[Protocol]) -> Protocol:
    try:
        return cls("h:1")
    except ConfigError:
        return cls("file:///h")


def test_every_protocol_that_has_a_file_can_be_chosen() -> None:
    classes = {
        node.name
        for path in FOLDER.glob("*.py")
        for node in tree_of(path).body
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id in BASES for base in node.bases)
    }
    assert classes - {Templated.__name__} == {cls.__name__ for cls in KINDS}


def test_a_script_can_import_every_protocol() -> None:
    for cls in KINDS:
        assert getattr(cammra_edge, cls.__name__) is cls


def test_every_protocol_has_a_word_of_its_own_and_says_on_the_page_what_it_sends() -> None:
    assert len(PROTOCOLS) == len(KINDS)
    words = json.loads((STATIC / "en-settings.json").read_text(encoding="utf-8"))
    for word in PROTOCOLS:
        label, hint = words[f"protocol={word}"]
        assert label == word
        assert hint
        assert words[f"server_url={word}"]


@pytest.mark.parametrize("cls", KINDS, ids=lambda cls: cls.word)
def test_every_protocol_answers_what_is_asked_of_it(cls: type[Protocol]) -> None:
    protocol = one_of(cls)
    assert isinstance(protocol.transport(), Transport)
    assert isinstance(protocol.content(), Content)
    assert str(protocol.endpoint().port or protocol.endpoint().target) in protocol.sentence()
    assert protocol.usual_events <= set(EventKind)
    assert all(isinstance(doubt, str) for doubt in protocol.doubts())


def test_nobody_but_the_room_itself_asks_which_protocol_it_is() -> None:
    asked = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if FOLDER not in path.parents
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.MatchClass) or is_type_test(node)
        if names_of(node) & {cls.__name__ for cls in (*KINDS, Templated)}
    }
    assert asked == {"sinks/__init__.py", "trial/__init__.py"}


def is_type_test(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "isinstance"


def names_of(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
