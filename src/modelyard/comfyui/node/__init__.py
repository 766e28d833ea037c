"""Modelyard inside ComfyUI: its queue, its library and its nodes, all answered by the Modelyard service.

This folder keeps nothing and installs nothing: it finds or starts the service and passes a few requests on to it.
"""

from __future__ import annotations

from .nodes import NODE_CLASS_MAPPINGS, NODE_DISPLAY_NAME_MAPPINGS
from .routes import register

WEB_DIRECTORY = "./web"

__all__ = ["NODE_CLASS_MAPPINGS", "NODE_DISPLAY_NAME_MAPPINGS", "WEB_DIRECTORY"]

register()
