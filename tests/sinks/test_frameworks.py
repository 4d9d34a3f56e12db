"""Multipart parsers of the frameworks that receivers are written with: every part whole, one, two and no image."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from cammra_edge.model import ImageKind
from cammra_edge.profile import HttpPost
from tests.payload.events import JPEGS
from tests.servers import LOOPBACK, free_port, require_program, running
from tests.sharing import CACHE, one_at_a_time
from tests.sinks.test_guide import deliver

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NODE_MODULES = CACHE / "node"
PACKAGES = ("busboy@1.6.0", "multer@2.0.2", "express@5.1.0", "formidable@3.5.4")

STARLETTE = """
import pathlib, sys
import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

got = pathlib.Path(sys.argv[2])

async def receive(request):
    async with request.form() as form:
        for part, file in form.items():
            (got / f"{part}-{pathlib.PurePath(file.filename).name}").write_bytes(await file.read())
    return Response()

uvicorn.run(Starlette(routes=[Route("/", receive, methods=["POST"])]), port=int(sys.argv[1]), log_level="critical")
"""
NODE = """
const fs = require("node:fs"), http = require("node:http"), path = require("node:path");
const [port, got] = [Number(process.argv[2]), process.argv[3]];
const store = (part, name, data) => fs.writeFileSync(path.join(got, `${part}-${path.basename(name)}`), data);
"""
SCRIPTS = {
    "busboy": """
const busboy = require("busboy");
http.createServer((request, answer) => {
  const parser = busboy({ headers: request.headers });
  parser.on("file", (part, file, info) => {
    const pieces = [];
    file.on("data", (piece) => pieces.push(piece)).on("end", () => store(part, info.filename, Buffer.concat(pieces)));
  });
  parser.on("close", () => answer.end());
  request.pipe(parser);
}).listen(port, "127.0.0.1");
""",
    "multer": """
const express = require("express"), multer = require("multer");
const app = express();
app.post("/", multer({ storage: multer.memoryStorage() }).any(), (request, answer) => {
  for (const file of request.files) store(file.fieldname, file.originalname, file.buffer);
  answer.end();
});
app.listen(port, "127.0.0.1");
""",
    "formidable": """
const { formidable } = require("formidable");
http.createServer(async (request, answer) => {
  const [, files] = await formidable({}).parse(request);
  for (const [part, [file]] of Object.entries(files)) {
    store(part, file.originalFilename, fs.readFileSync(file.filepath));
  }
  answer.end();
}).listen(port, "127.0.0.1");
""",
}


def node_modules() -> Path:
    """The packages from npm, in a cache folder of this project."""
    folder = NODE_MODULES / "node_modules"
    if not all((folder / name.partition("@")[0]).exists() for name in PACKAGES):
        NODE_MODULES.mkdir(parents=True, exist_ok=True)
        npm = require_program("npm", apt="npm")
        command = [
            npm,
            "install",
            "--silent",
            "--no-audit",
            "--no-fund",
            "--prefix",
            str(NODE_MODULES),
            *PACKAGES,
        ]
        done = subprocess.run(command, check=False, capture_output=True, timeout=300)
        if done.returncode:
            reason = f"npm install {' '.join(PACKAGES)} failed"
            pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    return folder


@pytest.fixture(params=["starlette", *SCRIPTS])
def receiver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[int, Path]]:
    got = tmp_path / "got"
    got.mkdir()
    port = free_port()
    if request.param == "starlette":
        pytest.importorskip("starlette")
        pytest.importorskip("python_multipart")
        script, program = tmp_path / "receiver.py", sys.executable
        script.write_text(STARLETTE)
        environment = {}
    else:
        script, program = tmp_path / "receiver.js", require_program("node", apt="nodejs")
        script.write_text(NODE + SCRIPTS[request.param])
        with one_at_a_time("npm"):
            environment = {"NODE_PATH": str(node_modules())}
    with running([program, str(script), str(port), str(got)], port=port, environment=environment):
        yield port, got


@pytest.mark.timeout(400)  # npm loads its packages first
def test_every_part_arrives_whole(receiver: tuple[int, Path]) -> None:
    port, got = receiver
    post = HttpPost(f"http://{LOOPBACK}:{port}/")
    frame = bytes(range(256)) * 12_000
    deliver(post, images=JPEGS | {"f": frame}, image=ImageKind.FULL_FRAME, packets=range(7, 8))
    assert {path.name for path in got.iterdir()} == {
        "event-20231211142705_507_HWR6677_7.json",
        "image-20231211142705_954662roi_HWR6677_7.jpg",
        "image2-20231211142705_954662lpup_HWR6677_7.jpg",
    }
    assert (got / "image-20231211142705_954662roi_HWR6677_7.jpg").read_bytes() == frame
    assert (got / "image2-20231211142705_954662lpup_HWR6677_7.jpg").read_bytes() == JPEGS["p"]
    deliver(post, image=None, packets=range(8, 9))
    assert len(list(got.iterdir())) == 4
    deliver(post, image=ImageKind.PLATE_CROP, packets=range(100, 200))
    assert len(list(got.iterdir())) == 4 + 200
