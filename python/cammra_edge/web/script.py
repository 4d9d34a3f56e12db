"""The page's script: the modules that people write, as the one file that a browser loads.

One file is a request instead of twenty, and packs a fifth smaller. Each module becomes a function that is called once,
after those that it imports, and whose result is what it exports. That is all of a bundler that these modules need: they
import by name, export declarations that never change, and have no circle.

Held by `tests/web/test_files_served.py`.
"""

from __future__ import annotations

import re
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_COMMENTS = re.compile(r"^ *//.*$|/\*\*(?:[^*]|\*(?!/))*\*/ ?", re.MULTILINE)
"""Comments and types are for a script's readers, who have the source."""
_BLANK = re.compile(r"^ +|^ *\n", re.MULTILINE)
"""For readers too. No text of a script goes over several lines."""
_TEXT = re.compile(r'("(?:[^"\\]|\\.)*")')
_SPARE = re.compile(r" ?(=>|===|!==|&&|\|\||\?\?|[,=?:{}]) ?")
"""Signs that need no space beside them."""
_PERHAPS_TEXT = re.compile(r"[`/']")
"""In a line with one of these, a template, a pattern or another text may begin: it is sent as it is."""
_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./(\w+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:const|class|(?:async )?function) (\w+))", re.MULTILINE)


def bundled(modules: Mapping[str, str]) -> str:
    """One script of these modules, by name without `.js`.

    Raises:
        graphlib.CycleError: Modules import one another.
        KeyError: A module imports one that is not there.
    """
    uses = {name: [used[2] for used in _IMPORT.finditer(modules[name])] for name in sorted(modules)}
    order = TopologicalSorter(uses).static_order()
    return "".join(_as_function(name, modules[name]) for name in order)


def _as_function(name: str, text: str) -> str:
    exported = ",".join(_EXPORT.findall(text))
    text = _BLANK.sub("", _COMMENTS.sub("", text))
    text = _EXPORT.sub("", _IMPORT.sub(_taken, text))
    text = "".join(map(_squeezed, text.splitlines(keepends=True)))
    return f"const m_{name}=(()=>{{\n{text}return{{{exported}}};\n}})();\n"


def _squeezed(line: str) -> str:
    """The line without the spaces that only a reader wants; its texts stay as they are."""
    if _PERHAPS_TEXT.search(line):
        return line
    parts = _TEXT.split(line)
    parts[::2] = [_SPARE.sub(r"\1", code) for code in parts[::2]]
    return "".join(parts)


def _taken(found: re.Match[str]) -> str:
    names = found[1].replace(" as ", ":").replace(" ", "").replace("\n", "").strip(",")
    return f"const{{{names}}}=m_{found[2]};"
