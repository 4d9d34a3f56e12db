"""What an answer with a problem looks like, in JSON Schema: every code that it may have is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cammra_edge.checks import Want
from cammra_edge.config.wants import ConfigWant
from cammra_edge.engine.wants import OperatorWant
from cammra_edge.outbox.wants import OutboxWant
from cammra_edge.profile.wants import ProfileWant, TemplateWant
from cammra_edge.search.times import TimeWant
from cammra_edge.sinks.wants import SinkWant
from cammra_edge.web.operation import object_schema
from cammra_edge.web.sentences import PageWant, Sentence

if TYPE_CHECKING:
    from cammra_edge.web.operation import Schema

_WANTS: Final = (
    Want, ProfileWant, TemplateWant, ConfigWant, SinkWant, OutboxWant, TimeWant, OperatorWant, PageWant
)  # fmt: skip
_VALUES: Schema = {
    "type": "object",
    "additionalProperties": {"type": ["string", "number", "object"]},
}
WRONG_FIELD: Schema = object_schema(
    field={"type": "string"},
    want={"type": "string"},
    code={"type": "string", "enum": [want.code for table in _WANTS for want in table]},
    values=_VALUES,
)
PROBLEM_SCHEMA: Schema = {
    "type": "object",
    "required": ["error", "code", "values"],
    "properties": {
        "error": {"type": "string"},
        "code": {"type": "string", "enum": [sentence.code for sentence in Sentence]},
        "values": _VALUES,
        "fields": {"type": "array", "items": WRONG_FIELD},
        "retry_after_s": {"type": "number"},
        "version": {"type": "integer"},
    },
    "additionalProperties": False,
}
