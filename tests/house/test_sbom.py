"""The bill of materials: CycloneDX by its own schema, with everything in it that the wheel has or asks for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from tools import licences, sbom


@pytest.fixture(scope="module")
def bill() -> dict[str, Any]:
    return sbom.bill()


def test_it_is_cyclonedx(bill: dict[str, Any]) -> None:
    assert bill["specVersion"] == SchemaVersion.V1_6.to_version()
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(json.dumps(bill)) is None
    assert validator.validate_str(json.dumps(bill | {"components": [{"name": "x"}]})) is not None


def test_every_linked_crate_is_in_it(bill: dict[str, Any]) -> None:
    linked = set().union(*map(licences.linked, licences.TARGETS))
    crates = {
        (one["name"], one["version"])
        for one in bill["components"]
        if one["purl"].startswith("pkg:cargo/")
    }
    assert crates == linked
    (turbo,) = [one for one in bill["components"] if one["name"] == "libjpeg-turbo"]
    assert turbo["version"][0].isdigit()


def test_every_package_that_pip_installs_is_in_it(bill: dict[str, Any]) -> None:
    scopes = {one["name"]: one["scope"] for one in bill["components"] if "scope" in one}
    assert {name for name, scope in scopes.items() if scope == "required"} >= {
        "httpx", "httpcore", "h11", "anyio", "idna", "certifi", "anyascii", "numpy",
    }  # fmt: skip
    assert {name for name, scope in scopes.items() if scope == "optional"} >= {
        "starlette", "uvicorn", "asyncssh", "cryptography", "pillow",
    }  # fmt: skip
    assert not {"pytest", "mypy", "maturin"} & scopes.keys()


def test_everything_has_a_name_of_its_own_and_its_licence(bill: dict[str, Any]) -> None:
    refs = [one["bom-ref"] for one in bill["components"]]
    assert len(set(refs)) == len(refs)
    assert not [one["name"] for one in bill["components"] if not one.get("licenses")]
    known = {*refs, bill["metadata"]["component"]["bom-ref"]}
    named = {one["ref"] for one in bill["dependencies"]}
    assert named == known
    assert all(set(one.get("dependsOn", ())) <= known for one in bill["dependencies"])


def test_it_is_the_same_each_time(bill: dict[str, Any]) -> None:
    assert sbom.bill() == bill
