"""Writes what is in the wheel and what it asks for as a CycloneDX bill of materials: `python -m tools.sbom [FILE]`.

Components are the crates whose code is linked in, libjpeg-turbo in one of them, and the Python packages that pip
installs with the wheel, extras as optional ones, all in the versions of this machine's build. Nothing of it changes
from run to run. Held by `tests/house/test_sbom.py` against CycloneDX's own schema.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from tools import licences

SPEC = "1.6"
PACKAGE = "cammra-edge"
EXTRAS = ("draw", "page", "sftp", "camera")
"""Those that a camera in service may have."""
_VERSION = re.compile(r"^set\(VERSION (\S+)\)", re.MULTILINE)

Component = dict[str, Any]


def bill() -> dict[str, Any]:
    """The whole bill."""
    about = distribution(PACKAGE)
    root = {
        "type": "library",
        "bom-ref": PACKAGE,
        "name": PACKAGE,
        "version": about.version,
        "purl": f"pkg:pypi/{PACKAGE}@{about.version}",
        "description": about.metadata["Summary"],
        "licenses": [{"expression": "MIT OR Apache-2.0"}],
    }
    crates, within = _crates()
    packages, asked = _packages()
    depends = {PACKAGE: sorted([*within.pop(PACKAGE), *asked.pop(PACKAGE)])} | within | asked
    return {
        "$schema": f"http://cyclonedx.org/schema/bom-{SPEC}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPEC,
        "version": 1,
        "metadata": {"component": root, "lifecycles": [{"phase": "build"}]},
        "components": [*crates, *packages],
        "dependencies": [
            {"ref": ref, "dependsOn": depends[ref]} if depends[ref] else {"ref": ref}
            for ref in sorted(depends)
        ],
    }


def _crates() -> tuple[list[Component], dict[str, list[str]]]:
    """The crates in the wheel, of whatever processor, and which needs which; ours stand for the wheel."""
    linked = set().union(*map(licences.linked, licences.TARGETS))
    known = json.loads(licences.cargo("metadata", "--format-version", "1"))
    refs = {
        package["id"]: f"crate:{package['name']}@{package['version']}"
        for package in known["packages"]
        if (package["name"], package["version"]) in linked
    }
    ours = {one["id"]: PACKAGE for one in known["packages"] if one["name"].startswith("cammra-")}
    depends: dict[str, set[str]] = {PACKAGE: set(), **{ref: set() for ref in refs.values()}}
    for node in known["resolve"]["nodes"]:
        ref = ours.get(node["id"]) or refs.get(node["id"])
        if ref is not None:
            depends[ref] |= {refs[one] for one in node["dependencies"] if one in refs}
    components = []
    for package in known["packages"]:
        if package["id"] in refs:
            components.append(_crate(refs[package["id"]], package))
            if package["name"] == "turbojpeg-sys":
                turbo = _turbo(Path(package["manifest_path"]).parent)
                components.append(turbo)
                depends[refs[package["id"]]].add(turbo["bom-ref"])
                depends[turbo["bom-ref"]] = set()
    return components, {ref: sorted(needs) for ref, needs in depends.items()}


def _crate(ref: str, package: Mapping[str, Any]) -> Component:
    name, version = package["name"], package["version"]
    return {
        "type": "library",
        "bom-ref": ref,
        "name": name,
        "version": version,
        "purl": f"pkg:cargo/{name}@{version}",
        "licenses": [{"expression": str(package["license"]).replace("/", " OR ")}],
    }


def _turbo(folder: Path) -> Component:
    """The C code that a crate brings along, which scanners know by a name of its own."""
    found = _VERSION.search((folder / "libjpeg-turbo" / "CMakeLists.txt").read_text())
    version = found[1] if found else "unknown"
    return {
        "type": "library",
        "bom-ref": f"libjpeg-turbo@{version}",
        "name": "libjpeg-turbo",
        "version": version,
        "purl": f"pkg:github/libjpeg-turbo/libjpeg-turbo@{version}",
        "cpe": f"cpe:2.3:a:libjpeg-turbo:libjpeg-turbo:{version}:*:*:*:*:*:*:*",
        "licenses": [{"expression": "IJG AND BSD-3-Clause AND Zlib"}],
    }


def _packages() -> tuple[list[Component], dict[str, list[str]]]:
    """The Python packages that come with the wheel and its extras, and which asks for which."""
    always, depends = _reached(("",)), _reached(("", *EXTRAS))
    components = [
        _package(name, "required" if name in always else "optional")
        for name in sorted(depends)
        if name != PACKAGE
    ]
    refs = {name: PACKAGE if name == PACKAGE else f"python:{name}" for name in depends}
    return components, {
        refs[name]: sorted(refs[one] for one in needs) for name, needs in depends.items()
    }


def _reached(extras: tuple[str, ...]) -> dict[str, set[str]]:
    """Which package asks for which, from ours on; what is not installed here is left out."""
    depends: dict[str, set[str]] = {}
    waiting: list[tuple[str, tuple[str, ...]]] = [(PACKAGE, extras)]
    while waiting:
        name, wanted = waiting.pop()
        needs = depends.setdefault(name, set())
        for asked in _asked(name, wanted):
            other = _plain(asked.name)
            try:
                distribution(other)
            except PackageNotFoundError:
                continue
            needs.add(other)
            if other not in depends or asked.extras:
                waiting.append((other, ("", *sorted(asked.extras))))
    return depends


def _asked(name: str, extras: tuple[str, ...]) -> Iterator[Requirement]:
    for line in distribution(name).requires or ():
        asked = Requirement(line)
        if asked.marker is None or any(asked.marker.evaluate({"extra": one}) for one in extras):
            yield asked


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _package(name: str, scope: str) -> Component:
    about = distribution(name)
    component: Component = {
        "type": "library",
        "bom-ref": f"python:{name}",
        "name": name,
        "version": about.version,
        "purl": f"pkg:pypi/{name}@{about.version}",
        "scope": scope,
    }
    if expression := about.metadata.get_all("License-Expression"):
        component["licenses"] = [{"expression": expression[0]}]
    elif told := [
        line.rpartition(" :: ")[2]
        for line in about.metadata.get_all("Classifier") or ()
        if line.startswith("License :: ")
    ]:
        component["licenses"] = [{"license": {"name": one}} for one in told]
    return component


def main() -> int:
    """Write it to the file that is named, or to standard output."""
    text = json.dumps(bill(), indent=2, ensure_ascii=False) + "\n"
    if len(sys.argv) > 1:
        out = Path(sys.argv[1])
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text)
    else:
        sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
