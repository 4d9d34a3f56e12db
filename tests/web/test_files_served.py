"""The page's own files: nothing in them asks another host, and all of them are small."""

from __future__ import annotations

import json
import re
from graphlib import CycleError
from pathlib import Path

import pytest

from cammra_edge.web.files_served import page_files
from cammra_edge.web.script import bundled

STATIC = Path(__file__).parents[2] / "python" / "cammra_edge" / "web" / "static"


def test_the_page_asks_no_other_host_and_has_no_inline_script() -> None:
    for name, file in page_files().items():
        text = file.content.decode()
        for url in re.findall(r"(?:https?:)?//[\w.-]+\.\w+", text):
            assert "w3.org" in url or name.startswith("en"), (name, url)
        assert "innerHTML" not in text
        assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=\"|\sstyle=\"", text), name


def test_the_script_is_every_module_after_those_that_it_imports() -> None:
    sent = page_files()["app.js"].content.decode()
    order = re.findall(r"^const m_(\w+)=\(\(\)=>\{$", sent, re.MULTILINE)
    assert sorted(order) == sorted(path.stem for path in STATIC.glob("*.js"))
    assert order[-1] == "app"
    for number, name in enumerate(order):
        text = (STATIC / f"{name}.js").read_text(encoding="utf-8")
        assert set(re.findall(r'from "\./(\w+)\.js"', text)) <= set(order[:number])
    left = re.search(r"^(import|export)\b|\bimport\(|^ |/\*\*|^//", sent, re.MULTILINE)
    assert left is None, "what this bundler does not know"


def test_a_module_is_a_function_of_those_that_it_imports() -> None:
    modules = {
        "b": '// Of b.\nimport { one, two as other,\n  three } from "./a.js";\n\n'
        "/** @type {X} */\nother(one + three);\n",
        "a": "export const one = 1;\nexport async function two() {\n  return 2;\n}\nexport class three {}\n",
    }
    assert bundled(modules) == (
        "const m_a=(()=>{\nconst one=1;\nasync function two(){\nreturn 2;\n}\nclass three{}\n"
        "return{one,two,three};\n})();\n"
        "const m_b=(()=>{\nconst{one,two:other,three}=m_a;\nother(one + three);\nreturn{};\n})();\n"
    )
    with pytest.raises(CycleError):
        bundled({"a": 'import { b } from "./b.js";\n', "b": 'import { a } from "./a.js";\n'})


def test_no_text_of_a_script_loses_anything_when_it_is_sent() -> None:
    """One that goes over several lines would lose its indents, one with a comment in it would lose that."""
    for script in STATIC.glob("*.js"):
        for line in script.read_text().splitlines():
            assert line.count("`") % 2 == 0, f"{script.name}: {line}"
            before, comment, _ = line.partition("/**")
            assert not comment or before.count('"') % 2 == 0, f"{script.name}: {line}"


def test_spaces_of_code_go_and_those_of_texts_and_patterns_stay() -> None:
    lines = [
        ('const a = { b: c ? "x = { y }" : \'\', d: 1 };', None),
        ('f(a, "b, \\" c = d", e => ({ g }), h ?? i);', 'f(a,"b, \\" c = d",e=>({g}),h??i);'),
        ("const p = / = , /;", None),
        ("t = `a = ${b}`;", None),
        ("for (const { a } of b) if (c && d || e === f) return { a };",
         "for (const{a}of b) if (c&&d||e===f) return{a};"),
    ]  # fmt: skip
    for line, sent in lines:
        assert (sent or line) in bundled({"a": f"{line}\n"})


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
