"""ModelScope."""

from modelyard.hubs.modelscope.hub import ModelScope, make

__all__ = ["ModelScope", "make"]
