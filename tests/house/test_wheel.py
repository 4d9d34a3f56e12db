"""The wheel itself: what is in it, what is not, and that it works where numpy is not.

The wheel is built once from the binary that the tests use (`maturin build` finds it up to date). That of ARM is checked
by `make arm` (tools/arm/check_wheel.py).
"""

import subprocess
import sys
import zipfile
from email.message import Message
from email.parser import Parser
from importlib.metadata import distribution
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAX_WHEEL_BYTES = 2_500_000
IN_THE_PACKAGE = {
    ".py",
    ".toml",  # templates
    ".xsd",
    ".pyi",
    ".typed",
    ".so",
    ".html",
    ".css",
    ".js",
    ".svg",
    ".png",
    ".json",
    ".txt",
}
pytestmark = pytest.mark.timeout(900)  # building the wheel may compile the Rust half
UNASKED = {"numpy", "PIL", "httpx", "starlette", "uvicorn", "asyncssh"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    maturin = Path(sys.executable).with_name("maturin")
    subprocess.run([maturin, "build", "--release", "--quiet", "--out", out], cwd=ROOT, check=True)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel: Path) -> list[PurePosixPath]:
    with zipfile.ZipFile(wheel) as archive:
        return [PurePosixPath(name) for name in archive.namelist()]


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as pip would lay it down, with the Python packages it asks for but numpy."""
    site = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    for package in (
        "anyascii",
        "httpx",
        "httpcore",
        "h11",
        "anyio",
        "idna",
        "certifi",
        "typing_extensions",
    ):
        for found in {
            file.parts[0] for file in distribution(package).files or () if file.parts[0] != ".."
        }:
            path = Path(str(distribution(package).locate_file(found)))
            if not (site / found).exists():
                (site / found).symlink_to(path)
    return site


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode())


def test_it_serves_every_python_from_3_11(wheel: Path) -> None:
    assert "-cp311-abi3-" in wheel.name
    assert metadata(wheel)["Requires-Python"] == ">=3.11"


def test_it_fits_a_camera(wheel: Path) -> None:
    assert wheel.stat().st_size <= MAX_WHEEL_BYTES


def test_it_carries_the_notices_that_what_is_linked_asks_for(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        notices = {
            PurePosixPath(name).name: archive.read(name).decode()
            for name in archive.namelist()
            if ".dist-info/licenses/" in name
        }
    assert {"LICENSE-MIT", "LICENSE-APACHE", "NOTICE"} <= notices.keys()
    assert "based in part on the work of the Independent JPEG Group" in notices["NOTICE"]
    assert "Independent JPEG Group" in notices["libjpeg-turbo-README.ijg"]
    assert "Modified (3-clause) BSD License" in notices["libjpeg-turbo-LICENSE.md"]
    assert "Permission is hereby granted" in notices["rust-crates.txt"]


def test_it_is_typed_and_has_one_binary(names: list[PurePosixPath]) -> None:
    assert PurePosixPath("cammra_edge/py.typed") in names
    assert PurePosixPath("cammra_edge/_native.pyi") in names
    assert [name for name in names if name.suffix == ".so"] == [
        PurePosixPath("cammra_edge/_native.abi3.so")
    ]


def test_nothing_strays_into_it(names: list[PurePosixPath]) -> None:
    info = {name for name in names if name.parts[0].endswith(".dist-info")}
    package = {name for name in names if name.parts[0] == "cammra_edge"}
    assert info | package == set(names)
    assert not {name for name in package if name.suffix not in IN_THE_PACKAGE}
    assert not {
        name for name in names if {"__pycache__", "tests", "node_modules"} & set(name.parts)
    }
    known = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses", "sboms"}
    assert {name.parts[1] for name in info} <= known


def test_the_package_in_it_is_the_package_in_the_repository(names: list[PurePosixPath]) -> None:
    here = {
        path.relative_to(ROOT / "python").as_posix()
        for path in (ROOT / "python/cammra_edge").rglob("*")
        if path.is_file() and path.suffix not in {".so", ".pyc"}
    }
    there = {str(name) for name in names if name.parts[0] == "cammra_edge" and name.suffix != ".so"}
    assert there == here


def test_numpy_is_not_asked_for_on_armv7(wheel: Path) -> None:
    (numpy,) = [
        line for line in metadata(wheel).get_all("Requires-Dist", []) if line.startswith("numpy")
    ]
    assert numpy.endswith("platform_machine != 'armv7l'")


def test_importing_it_imports_nothing_unasked() -> None:
    script = "import sys, cammra_edge; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert not UNASKED & set(done.stdout.split())


def test_it_works_where_numpy_and_pillow_are_not(unpacked: Path) -> None:
    script = """
import importlib.util, sys
assert importlib.util.find_spec("numpy") is None and importlib.util.find_spec("PIL") is None
from cammra_edge.imaging import encode_image
from cammra_edge.model import FrameFormat, ImageKind, ImageSpec
frame = memoryview(bytes(64 * 96)).cast("B", (96, 64))
image = encode_image(frame, FrameFormat.NV12, ImageSpec(kind=ImageKind.FULL_FRAME))
print(image.width, image.height, image.jpeg[:2].hex())
"""
    # -I -S: neither this environment's packages nor the current folder.
    start = f"import sys; sys.path.insert(0, {str(unpacked)!r})\n"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", start + script],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "64 64 ffd8\n"
