"""Releases on GitHub."""

from modelyard.hubs.github.hub import GitHub, make

__all__ = ["GitHub", "make"]
