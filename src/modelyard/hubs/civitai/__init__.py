"""CivitAI."""

from modelyard.hubs.civitai.hub import Civitai, make

__all__ = ["Civitai", "make"]
