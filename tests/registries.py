"""Servers out of package registries: each is fetched once, at a pinned version, into a cache folder of this project."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, NoReturn

import pytest

from tests.servers import require_program
from tests.sharing import CACHE, one_at_a_time

if TYPE_CHECKING:
    from pathlib import Path

POM = """
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tests</groupId><artifactId>server</artifactId><version>1</version>
  <dependencies><dependency>
    <groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version>
  </dependency></dependencies>
</project>
"""


def java(name: str, artifact: str, program: str, source: str) -> list[str]:
    """A program in Java, ready to be started.

    Args:
        name: Of its folder.
        artifact: What it needs of Maven Central, as `group:artifact:version`.
        program: The name of its class.
        source: Its text.
    """
    folder = CACHE / name
    runtime = require_program("java", apt="default-jdk-headless")
    with one_at_a_time(folder.name):
        text = folder / f"{program}.java"
        ready = text.with_suffix(".class").exists() and text.read_text() == source
        if not ready:
            written(folder, {"pom.xml": POM.format(*artifact.split(":")), text.name: source})
            maven = require_program("mvn", apt="maven")
            javac = require_program("javac", apt="default-jdk-headless")
            copied = ("dependency:copy-dependencies", "-DoutputDirectory=lib")
            made(folder, maven, "-q", "-B", *copied)
            made(folder, javac, "-cp", "lib/*", text.name)
    return [runtime, "-XX:TieredStopAtLevel=1", "-cp", f"{folder}/lib/*:{folder}", program]


def written(folder: Path, files: dict[str, str]) -> None:
    """Begin a folder anew with these files."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text)


def made(folder: Path, *command: str) -> None:
    """Run one step of a set-up; its end decides whether the server is there."""
    done = subprocess.run(
        command, cwd=folder, check=False, capture_output=True, text=True, timeout=300
    )
    if done.returncode:
        _missing(folder, f"{' '.join(command)}: {(done.stderr or done.stdout).strip()[-500:]}")


def _missing(folder: Path, reason: str) -> NoReturn:
    shutil.rmtree(folder)  # so that the next test begins anew
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
