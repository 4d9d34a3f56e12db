"""Where the recorded streams lie; a test that needs them fails in CI without them and is skipped elsewhere."""

import os
from pathlib import Path

import pytest

_DEFAULT = Path(__file__).resolve().parent.parent.parent / "shared" / "recordings"


def recordings() -> Path:
    """The folder of the recorded streams (`CAMMRA_RECORDINGS`, else `../shared/recordings`)."""
    folder = Path(os.environ.get("CAMMRA_RECORDINGS") or _DEFAULT)
    if folder.is_dir():
        return folder
    why = f"the recorded streams are not at {folder}; CAMMRA_RECORDINGS names another place"
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)
