"""Any http(s) URL, and Metalink files."""

from modelyard.hubs.web.hub import Web, make

__all__ = ["Web", "make"]
