"""The shipped templates say for whom they are; the guide and the page say the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cammra_edge.profile import PRESETS, SHIPPED, form, preset_text, receiver
from tests.house.sources import STATIC

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "receivers.md"
OWN = {"utmc": "UTMC", "utmc-2": "UTMC-2", "genetec": "Genetec", "2n": "2N"}


def path_of(name: str) -> str:
    return "".join(
        node.content.decode()
        for node in form.read(preset_text(name)).path
        if isinstance(node, form.Text)
    )


def row(name: str) -> str:
    about = receiver(name)
    choose = OWN.get(name) or f"Template, `{name}`"
    path = path_of(name)
    cells = [about.name, choose, f"`{path}`" if path else "yours", about.auth_header]
    cells += [about.images, about.events, about.success, about.left_out, about.source]
    return "| " + " | ".join(cell or "\N{EN DASH}" for cell in cells) + " |"


@pytest.mark.parametrize("name", SHIPPED)
def test_the_guide_s_table_has_what_the_template_says(name: str) -> None:
    assert row(name) in GUIDE.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", PRESETS)
def test_the_page_says_beside_a_template_what_it_needs(name: str) -> None:
    words = json.loads((STATIC / "en-settings.json").read_text(encoding="utf-8"))
    _, hint = words[f"preset={name}"]
    about = receiver(name)
    assert path_of(name).rpartition("/")[0] in hint
    assert about.auth_header.partition(":")[0].removeprefix("Authorization") in hint
    assert ("409" in about.success) == ("409" in hint)
    if "Send two images" in about.images:
        assert "two images" in hint.lower()


@pytest.mark.parametrize("name", [name for name in SHIPPED if path_of(name)])
def test_the_page_names_the_path_that_an_own_protocol_takes(name: str) -> None:
    words = json.loads((STATIC / "en-settings.json").read_text(encoding="utf-8"))
    hint = words[f"server_url={OWN[name]}" if name in OWN else f"preset={name}"][1]
    assert path_of(name).rpartition("/")[0] in hint
