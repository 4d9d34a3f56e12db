"""The OpenAPI 3.1 document of the API, made from the table of operations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from cammra_edge.web.operation import JSON_TYPE, Operation, Schema
from cammra_edge.web.problem_schema import PROBLEM_SCHEMA
from cammra_edge.web.roles import PERSON

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_NUMBER: Final = 2**53 - 1
"""The highest number in a path: what every JSON parser can hold."""
_MEANINGS = {
    400: "The body is not valid JSON.",
    401: "Nobody is signed in.",
    403: "Signed in, but not allowed; or a browser's request without its CSRF token.",
    404: "There is nothing of that name.",
    408: "The body did not arrive in time.",
    409: "Somebody else has changed it since.",
    413: "The body is too large.",
    415: "The body has another media type.",
    421: "The page is not served under that name.",
    422: "Fields cannot be used; each is named with what was wanted.",
    429: "Too many tries, or too many at once; try again later.",
    503: "The engine or the disk refused, or does not do its work.",
}


def document(operations: Iterable[Operation]) -> Schema:
    """The OpenAPI document of these operations."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        path = re.sub(r":[a-z]+}", "}", operation.path)
        paths.setdefault(path, {})[operation.method.lower()] = _described(operation, path)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "cammra_edge",
            "version": "1",
            "description": "The API behind the INTEGRATION page: the same fields, checks and messages.",
        },
        "components": {
            "schemas": {"Problem": PROBLEM_SCHEMA},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "cammra"},
            },
        },
        "paths": paths,
    }


def statuses_of(operation: Operation, path: str) -> list[int]:
    """The status of every answer but the good one."""
    statuses = {421, *operation.also}
    if operation.query or operation.has_body:
        statuses.add(422)
    if operation.scope is not None:
        statuses |= {401, 403}
    elif operation.method != "GET":
        statuses.add(403)
    if operation.has_body:
        statuses |= {408, 413, 415} if operation.takes_raw else {400, 408, 413, 415}
    if "{" in path:
        statuses.add(404)
    return sorted(statuses)


def _described(operation: Operation, path: str) -> Schema:
    answers: dict[str, Any] = {str(operation.status if operation.gives else 204): _good(operation)}
    for status in operation.also_gives:
        answers[str(status)] = _good(operation) | {"description": _MEANINGS[status]}
    for status in statuses_of(operation, path):
        content = {JSON_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        answers[str(status)] = {"description": _MEANINGS[status], "content": content}
    described: Schema = {
        "summary": operation.summary,
        "description": _who_may(operation),
        "operationId": re.sub(
            r"\W+", "_", f"{operation.method.lower()}{path.removeprefix('/api')}"
        ).strip("_"),
        "responses": answers,
        "security": _security(operation),
        **(
            {}
            if operation.scope is None
            else {"x-role": operation.role, "x-scope": operation.scope}
        ),
    }
    parameters = [
        _path_parameter(operation, found)
        for found in re.finditer(r"{(\w+):(int|text)}", operation.path)
    ]
    parameters += [
        {
            "name": parameter.name,
            "in": "query",
            "required": False,
            "schema": parameter.schema
            if parameter.default is None
            else {**parameter.schema, "default": parameter.default},
        }
        for parameter in operation.query
    ]
    if parameters:
        described["parameters"] = parameters
    if operation.has_body:
        kind = operation.takes_raw or JSON_TYPE
        schema = {"type": "string"} if operation.takes_raw else operation.body_schema
        described["requestBody"] = {"required": True, "content": {kind: {"schema": schema}}}
    return described


def _security(operation: Operation) -> list[Schema]:
    if operation.scope is None:
        return []
    return [{"session": []}] if operation.scope == PERSON else [{"token": []}, {"session": []}]


def _who_may(operation: Operation) -> str:
    """Whom the operation is for, in words."""
    if operation.scope is None:
        return "For everybody."
    switch = f"; for everybody where {operation.opened_by} is set" if operation.opened_by else ""
    place = " at the engine's local socket" if operation.console else ""
    token = "" if operation.scope == PERSON else f", or a token of the scope {operation.scope}"
    return f"For {operation.role}{place}{token}{switch}."


def _path_parameter(operation: Operation, found: re.Match[str]) -> Schema:
    name, kind = found.groups()
    schema = (
        {"type": "integer", "minimum": 0, "maximum": MAX_NUMBER}
        if kind == "int"
        else {"type": "string", "minLength": 1}
    )
    return {
        "name": name,
        "in": "path",
        "required": True,
        "schema": schema,
        "description": operation.summary,
    }


def _good(operation: Operation) -> Schema:
    if operation.gives is None:
        return {"description": "Done."}
    schema = operation.gives if operation.gives_type == JSON_TYPE else {"type": "string"}
    return {"description": "Done.", "content": {operation.gives_type: {"schema": schema}}}
