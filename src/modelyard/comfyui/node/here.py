"""This ComfyUI's yard."""

from __future__ import annotations

import os

import folder_paths

from .yard import known

YARD = known(near=os.path.abspath(folder_paths.models_dir))  # noqa: PTH100  # as the host names it: links stay
