"""One operation of the API: who may call it, what it takes and what it answers.

Routes and the OpenAPI document are made from one table of operations, so that no answer is undocumented
(`tests/web/test_openapi.py`).
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Any, cast

from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from cammra_edge.audit import Deed, Outcome, Who
from cammra_edge.checks import Want
from cammra_edge.errors import ConfigError
from cammra_edge.fields import read_record, schema_of
from cammra_edge.phrases import unicode
from cammra_edge.web.patience import BODY_S
from cammra_edge.web.roles import Role
from cammra_edge.web.sentences import PageWant, Sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from starlette.requests import Request

    from cammra_edge.phrases import Said
    from cammra_edge.web.page import Page
    from cammra_edge.web.visitor import Visitor

_DIGITS = re.compile(r"[0-9]{1,15}")
_DECIMALS = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,30})?(?:[eE]-?[0-9]{1,3})?")
MAX_BODY_BYTES = 64 << 10
JSON_TYPE = "application/json"

Schema = dict[str, Any]
ANY: Schema = {"type": "object"}
LISTED: Schema = {"type": "array", "items": ANY}


def object_schema(**properties: Schema) -> Schema:
    """An object with exactly these members."""
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }


def as_file(name: str) -> dict[str, str]:
    """The headers of an answer that a browser saves under this name."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}


class Problem(Exception):  # noqa: N818 - it is an answer, as RFC 9457 names it
    """An answer that says what is wrong, in words for a person.

    Args:
        status: HTTP status.
        error: One sentence.
        fields: The fields that are wrong.
        retry_after_s: When to try again.
        version: The settings' current version, where the caller's is outdated.
    """

    def __init__(
        self,
        status: int,
        error: Said,
        *,
        fields: Sequence[ConfigError] = (),
        retry_after_s: float = 0.0,
        version: int | None = None,
    ) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.fields = fields
        self.retry_after_s = retry_after_s
        self.version = version

    def response(self) -> Response:
        """The answer as JSON."""
        content: dict[str, Any] = {"error": unicode(self.error), **self.error.plain()}
        if self.fields:
            content["fields"] = wrong_fields(self.fields)
        if self.version is not None:
            content["version"] = self.version
        headers = {}
        if self.retry_after_s:
            content["retry_after_s"] = round(self.retry_after_s, 1)
            headers["Retry-After"] = str(max(1, round(self.retry_after_s + 0.49)))
        return JSONResponse(content, self.status, headers)


def wrong_fields(errors: Iterable[ConfigError]) -> list[Schema]:
    """The fields that are wrong, and what was wanted; a name that is not valid Unicode is made so."""
    return [
        {"field": unicode(error.field), "want": unicode(error.want), **error.want.plain()}
        for error in errors
    ]


def unusable(*errors: ConfigError) -> Problem:
    """The answer to fields that cannot be used."""
    return Problem(422, Sentence.SOME_FIELDS_UNUSABLE(), fields=errors)


@dataclass(frozen=True, slots=True)
class Call:
    """One request, checked: visitor, path parameters, query and body."""

    page: Page
    request: Request
    visitor: Visitor | None
    body: Any = None
    query: Mapping[str, Any] = field(default_factory=dict)

    @property
    def who(self) -> str:
        """For the history of settings."""
        return f"{self.visitor.name if self.visitor else 'nobody'} from {self.address}"

    @property
    def address(self) -> str:
        """What the brake on guessing counts by."""
        return self.request.client.host if self.request.client else "?"

    def is_let_in(self, *, used: bool = False) -> bool:
        """Whether who asked still may: neither signed out nor removed, nor with a token that is.

        Args:
            used: What is asked for goes on, so that its session is in use.
        """
        visitor, access = self.visitor, self.page.access
        if visitor is None or visitor.role is not None:
            return visitor is not None and (
                visitor.session is None or access.sessions.lasts(visitor.session, used=used)
            )
        return visitor.token in access.tokens.all()

    def note(  # noqa: PLR0913 - the members of a line, by name
        self,
        deed: Deed,
        what: str,
        *,
        fields: Iterable[str] = (),
        plate: str = "",
        outcome: Outcome = Outcome.DONE,
        name: str = "",
    ) -> None:
        """A line in the audit log; `name` is whose it is where nobody is signed in yet."""
        visitor = self.visitor.name if self.visitor else "nobody"
        self.page.audit.note(
            Who(name or visitor, self.address),
            deed,
            what,
            fields=fields,
            plate=plate,
            outcome=outcome,
        )


Run = Callable[[Call], Awaitable[Response | Schema | list[Any] | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A query parameter: a text, a word or several words, a number between two bounds, or yes or no.

    Without a default it may be left out.
    """

    name: str
    schema: Schema
    default: int | float | bool | str | None


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path.

    Args:
        method: HTTP method.
        path: With `{parameters}`.
        run: Does it; the first line of its docstring goes into the document.
        scope: What a token must allow: `None` is for everybody, `roles.PERSON` for no token.
        role: The least role that a person must have.
        console: Only over the engine's local socket.
        opened_by: The switch among the settings that opens it to everybody.
        takes: Dataclass of the JSON body; `None` for no body.
        takes_raw: Media type of a body that is taken as bytes.
        takes_schema: Schema of a JSON body that no dataclass describes.
        gives: Schema of a good answer's JSON; `None` for 204.
        gives_type: Media type of a good answer.
        status: Status of a good answer.
        also: Statuses that not every operation may answer.
        also_gives: Statuses of answers that are made as a good one is.
        query: Parameters in the query.
        max_body_bytes: Longest body.
        background: Not a person's action: a page left open still signs out.
    """

    method: str
    path: str
    run: Run
    _: KW_ONLY
    scope: str | None = "read"
    role: Role = Role.ADMIN
    console: bool = False
    opened_by: str = ""
    takes: type | None = None
    takes_raw: str = ""
    takes_schema: Schema | None = None
    gives: Schema | None = None
    gives_type: str = JSON_TYPE
    status: int = 200
    also: tuple[int, ...] = ()
    also_gives: tuple[int, ...] = ()
    query: tuple[Query, ...] = ()
    max_body_bytes: int = MAX_BODY_BYTES
    background: bool = False

    @property
    def summary(self) -> str:
        """One line for the document."""
        return (self.run.__doc__ or "").partition("\n")[0].removesuffix(".")

    @property
    def has_body(self) -> bool:
        """Whether a body is expected."""
        return bool(self.takes or self.takes_raw or self.takes_schema)

    @property
    def body_schema(self) -> Schema:
        """Schema of the JSON body."""
        return cast("Schema", schema_of(self.takes)) if self.takes else (self.takes_schema or {})


async def body_of(operation: Operation, request: Request) -> Any:  # noqa: ANN401 - what the operation takes
    """Read and check the body.

    Raises:
        Problem: 400, 408, 413, 415 or 422.
    """
    if not operation.has_body:
        return None
    wanted = operation.takes_raw or JSON_TYPE
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent != wanted:
        raise Problem(415, Sentence.WRONG_MEDIA_TYPE(media_type=wanted))
    try:
        async with asyncio.timeout(BODY_S):
            raw = await _whole_body(request, operation.max_body_bytes)
    except TimeoutError as error:
        raise Problem(408, Sentence.BODY_TOO_SLOW()) from error
    except ClientDisconnect as error:  # nobody is there to read it
        raise Problem(400, Sentence.BODY_NO_JSON()) from error
    if operation.takes_raw:
        return raw
    plain = parse_json(raw)
    if operation.takes is None:
        if not isinstance(plain, dict):
            raise Problem(422, Sentence.BODY_NO_OBJECT())
        return plain
    try:
        return read_record(operation.takes, plain)
    except ConfigError as error:
        raise unusable(*error.errors) from error


async def _whole_body(request: Request, most_bytes: int) -> bytes:
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > most_bytes:
            raise Problem(413, Sentence.BODY_TOO_LARGE(most=most_bytes >> 10))
    return bytes(raw)


def parse_json(raw: bytes) -> Any:  # noqa: ANN401 - JSON is anything
    """JSON from outside; NaN, Infinity and bottomless nesting are not JSON.

    Raises:
        Problem: 400.
    """
    try:
        return json.loads(raw.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Problem(400, Sentence.BODY_NO_JSON()) from error


def _no_constant(name: str) -> None:
    raise ValueError(name)


def query_of(operation: Operation, request: Request) -> dict[str, Any]:
    """Read and check the query parameters.

    Raises:
        Problem: 422, names the parameter.
    """
    values: dict[str, Any] = {}
    names = [parameter.name for parameter in operation.query]
    for name in request.query_params if names else ():
        if name not in names:
            raise _unusable(name[:40], "", Want.ONE_OF(options=", ".join(names)))
    for parameter in operation.query:
        texts = request.query_params.getlist(parameter.name)
        is_list = parameter.schema["type"] == "array"
        if len(texts) > 1 and not is_list:
            raise _unusable(parameter.name, texts[-1], PageWant.ONE_VALUE())
        if is_list:
            values[parameter.name] = [word for text in texts for word in text.split(",") if word]
        else:
            values[parameter.name] = _value(parameter, texts[-1]) if texts else parameter.default
    return values


def _value(parameter: Query, text: str) -> int | float | bool | str | None:
    schema = parameter.schema
    if schema["type"] == "string":
        if text not in schema.get("enum", [text]):
            want = Want.ONE_OF(options=", ".join(filter(None, schema["enum"])))
            raise _unusable(parameter.name, text, want)
        return text
    if not text and parameter.default is None:
        return None
    if schema["type"] == "boolean":
        if text in {"true", "false"}:
            return text == "true"
        want = Want.TRUE_OR_FALSE()
    else:
        low, high = schema["minimum"], schema["maximum"]
        whole = schema["type"] == "integer"
        if (_DIGITS if whole else _DECIMALS).fullmatch(text) and low <= float(text) <= high:
            return int(text) if whole else float(text)
        between = Want.WHOLE_NUMBER_BETWEEN if whole else Want.NUMBER_BETWEEN
        want = between(low=low, high=high)
    raise _unusable(parameter.name, text, want)


def _unusable(name: str, text: str, want: Said) -> Problem:
    wrong = ConfigError(name, text[:40], want)
    return Problem(422, Sentence.PARAMETER_UNUSABLE(), fields=(wrong,))
