"""Puts the page into the package when it is installed or packed."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent))  # a build runs anywhere

from web import build


class PageHook(BuildHookInterface):
    """Builds the page before hatchling collects the files; does nothing when it is built already."""

    def dependencies(self) -> list[str]:
        """Node comes as a wheel, only when a build needs it and the machine has none."""
        return [] if _unwanted() or build.fresh() or build.node_here() else [build.NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  # hatchling's signature
        """Build; `version` is ``editable`` when the tree itself is installed."""
        if not _unwanted() and not build.fresh():
            build.build(keep=version == "editable")


def _unwanted() -> bool:
    return os.environ.get("MODELYARD_NO_PAGE") == "1"
