"""The page's own files: nothing in them asks another host, and all of them are small."""

from __future__ import annotations

import json
import re
from pathlib import Path

from cammra_edge.web.files_served import page_files

STATIC = Path(__file__).parents[2] / "python" / "cammra_edge" / "web" / "static"


def test_the_page_asks_no_other_host_and_has_no_inline_script() -> None:
    for name, file in page_files().items():
        text = file.content.decode()
        for url in re.findall(r"(?:https?:)?//[\w.-]+\.\w+", text):
            assert "w3.org" in url or name.startswith("en"), (name, url)
        assert "innerHTML" not in text
        assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=\"|\sstyle=\"", text), name


def test_a_script_is_sent_as_it_stands_but_for_comments_and_indents() -> None:
    text = (STATIC / "fields.js").read_text()
    source = [line.lstrip(" ") for line in text.splitlines()]
    sent = page_files()["fields.js"].content.decode().splitlines()
    assert len(sent) == len(source), "a browser's error names the line of the source"
    differing = {line: other for line, other in zip(source, sent, strict=True) if line != other}
    inline = {line: other for line, other in differing.items() if other}
    assert inline
    assert len(differing) - len(inline) > 20
    assert all(line.startswith(("/**", "*", "//")) for line in differing.keys() - inline.keys())
    assert all(re.sub(r"/\*\* @.*? \*/ ", "", line) == other for line, other in inline.items())
    assert not any(line.startswith(("/**", "*", "//")) for line in sent)


def test_no_text_of_a_script_loses_anything_when_it_is_sent() -> None:
    """One that goes over several lines would lose its indents, one with a comment in it would lose that."""
    for script in STATIC.glob("*.js"):
        for line in script.read_text().splitlines():
            assert line.count("`") % 2 == 0, f"{script.name}: {line}"
            before, comment, _ = line.partition("/**")
            assert not comment or before.count('"') % 2 == 0, f"{script.name}: {line}"


def test_the_page_is_small_enough_for_a_camera() -> None:
    assert sum(len(file.content) for file in page_files().values()) <= 180_000
    assert sum(len(file.packed) for file in page_files().values()) <= 65_000


def test_the_texts_of_a_language_are_one_file_for_whoever_reads_them() -> None:
    """In English, what the camera says needs no other words."""
    assert [name for name in page_files() if name.endswith(".json")] == ["en.json"]
    sent = json.loads(page_files()["en.json"].content)
    assert sent.keys() == {"alarms", "page", "people", "settings"}
    for part, words in sent.items():
        name = "en.json" if part == "page" else f"en-{part}.json"
        assert words == json.loads((STATIC / name).read_text(encoding="utf-8"))
