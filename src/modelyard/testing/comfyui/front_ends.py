"""The real front ends, from their wheels: which versions, where they are kept, and how they are unpacked."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from pathlib import Path

VERSIONS = ("1.49.6", "1.58.1")
"""What ComfyUI 0.33.0 pins, and the newest."""
_STATIC = "comfyui_frontend_package/static/"


def wheel(folder: Path, version: str) -> Path:
    """Where the wheel of a version is kept."""
    return folder / f"comfyui_frontend_package-{version}-py3-none-any.whl"


def unpacked(path: Path) -> Path:
    """The `static` folder of a wheel, unpacked beside it once; source maps are left out."""
    made = path.with_suffix("")
    if not made.is_dir():
        with tempfile.TemporaryDirectory(dir=path.parent) as room, zipfile.ZipFile(path) as held:
            names = [name for name in held.namelist() if name.startswith(_STATIC) and not name.endswith(".map")]
            held.extractall(room, names)
            try:
                Path(room, _STATIC).rename(made)
            except OSError:
                if not made.is_dir():  # another test was quicker
                    raise
                shutil.rmtree(Path(room) / _STATIC)
    return made
