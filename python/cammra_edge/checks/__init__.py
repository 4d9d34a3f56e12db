"""What a setting may hold, written once beside its field: for scripts, files, the API and the page.

    @settings
    class Tcp(Checked):
        server_url: str = required(url(...))
        persistent: bool = False
        ack: str = setting("", text(most=1024))

Invariants, held by `tests/checks/test_checks.py`:

1. Every field has been checked before anyone sees the value.
2. What the schema refuses is refused; a flag, number, word, list or plain text that it takes is taken.
3. Hostile data is refused by `ConfigError`, with the path of every wrong field; nothing else is raised.
4. No text keeps a control character; line ends only in a text of `lines`.
5. No `repr` and no error shows a field marked `secret`.
"""

from cammra_edge.checks.check import (
    MASK,
    Check,
    Plain,
    Schema,
    choice,
    file,
    flag,
    header_text,
    inside,
    items,
    join,
    mapping,
    maybe,
    number,
    path,
    refused,
    row_of,
    set_of,
    shown,
    text,
    token,
    under,
    whole,
)
from cammra_edge.checks.fields import (
    Checked,
    Entries,
    Setting,
    Taken,
    leaves_of,
    plain_of,
    read_record,
    record,
    required,
    schema_of,
    setting,
    settings,
    settings_of,
)

__all__ = [
    "MASK",
    "Check",
    "Checked",
    "Entries",
    "Plain",
    "Schema",
    "Setting",
    "Taken",
    "choice",
    "file",
    "flag",
    "header_text",
    "inside",
    "items",
    "join",
    "leaves_of",
    "mapping",
    "maybe",
    "number",
    "path",
    "plain_of",
    "read_record",
    "record",
    "refused",
    "required",
    "row_of",
    "schema_of",
    "set_of",
    "setting",
    "settings",
    "settings_of",
    "shown",
    "text",
    "token",
    "under",
    "whole",
]
