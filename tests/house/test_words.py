"""The page's texts: none is missing, none is left over."""

from __future__ import annotations

import json
import re
from typing import Any

from cammra_edge.config.catalogue import catalogue
from cammra_edge.delivery import ProfileState
from cammra_edge.outbox import EventState
from cammra_edge.outbox.values import Dropped
from cammra_edge.trial.remedies import REMEDIES
from tests.house import sources
from tests.house.sources import STATIC

SCRIPTS = "\n".join(path.read_text(encoding="utf-8") for path in sources.SCRIPTS)
# Drawn by parts of their own, with texts of their own.
DRAWN = {"tracking.regions", "plate_lists", "profiles[].events"}


def texts(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((STATIC / name).read_text(encoding="utf-8"))
    return loaded


def page_texts() -> dict[str, Any]:
    """All but the settings' words."""
    return texts("en.json") | texts("en-people.json") | texts("en-alarms.json")


def without_section(name: str) -> str:
    """As `words` in lib.js looks a name up: profile and keepalive share what stands without their section."""
    return re.sub(r"^[\w\[\]]+\.", "", name)


def settings() -> dict[str, Any]:
    return {
        name: schema for name, schema in catalogue().schemas.items() if "readOnly" not in schema
    }


def choices(schema: dict[str, Any]) -> list[object]:
    kinds = [schema, schema.get("items", {}), *schema.get("anyOf", [])]
    return [
        choice for kind in kinds for choice in (*kind.get("enum", ()), *kind.get("examples", ()))
    ]


def test_every_setting_has_a_label() -> None:
    words = texts("en-settings.json")
    unnamed = {
        name
        for name, schema in settings().items()
        if not {name, without_section(name)} & words.keys()
        and not (schema["type"] == "object" if "type" in schema else False)
    }
    assert unnamed - DRAWN == set(), "the form shows the bare names of these"


def test_every_choice_has_a_word_where_any_has() -> None:
    words = texts("en-settings.json")
    for name, schema in settings().items():
        keys = [f"{without_section(name)}={choice}" for choice in choices(schema)]
        named = [key for key in keys if key in words or f"{name.split('.')[0]}.{key}" in words]
        assert named in ([], keys), name


def test_no_setting_s_words_are_left_over() -> None:
    known = set()
    for name, schema in settings().items():
        entries = schema.get("additionalProperties") and ["reliable"]
        addresses = (
            catalogue().schemas["profiles[].protocol"]["enum"]
            if name.endswith("].server_url")
            else ()
        )
        parts = [f"{name}={choice}" for choice in (*choices(schema), *(entries or ()), *addresses)]
        known |= {key for full in (name, *parts) for key in (full, without_section(full))}
    assert texts("en-settings.json").keys() - known == set()


def test_every_tab_has_a_name() -> None:
    (table,) = re.findall(r"\bTABS = \{(.*?)\}", SCRIPTS, re.DOTALL)
    tabs = re.findall(r"(\w+):", table)
    assert "events" in tabs
    assert {f"tab_{tab}" for tab in tabs} - page_texts().keys() == set()


def said_texts() -> set[str]:
    """What `t` says: each text once, whatever forms it has for one and for many."""
    keys = page_texts().keys()
    forms = {key for key in keys if "." in key}
    assert {key.partition(".")[0] for key in forms} <= keys - forms
    assert {key.partition(".")[2] for key in forms} == {"one"}
    return keys - forms


def test_every_text_is_said_and_every_text_said_is_there() -> None:
    said = set(re.findall(r"""\bt\(\s*"([^"]+)\"""", SCRIPTS))
    known = said_texts()
    assert said - known == set()
    literals = set(re.findall(r'"([a-z][\w ]*)"', SCRIPTS))
    templates = re.findall(r"`([a-z]+_[^`]*\$\{.+?\}[^`]*)`", SCRIPTS)
    patterns = [re.sub(r"\$\{.+?\}", ".+", template) for template in templates]
    unsaid = {
        key
        for key in known - literals
        if not any(re.fullmatch(pattern, key) for pattern in patterns)
    }
    assert unsaid == {"language_code"}


def test_every_state_reason_and_step_has_a_text() -> None:
    outcomes = {"delivered", "waiting", "retry", "parked", "paused", "unset", "unknown"}
    trial = {"running", "ok", "failed", "skipped"}
    wanted = {
        "state": {*map(str, ProfileState), *map(str, EventState), *outcomes, *trial},
        "trial": trial,
        "dropped": set(map(str, Dropped)),
        "step": set(REMEDIES),
    }
    for group, words in wanted.items():
        keys = {
            key.removeprefix(f"{group}_") for key in page_texts() if key.startswith(f"{group}_")
        }
        assert keys == words, group
