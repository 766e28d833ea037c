"""CivitAI's categories: the tags of which its site makes a menu; uploaders choose one of them."""

from __future__ import annotations

CATEGORIES = frozenset(
    ("action", "animal", "assets", "background", "base model", "buildings", "celebrity", "character", "clothing")
    + ("concept", "objects", "poses", "style", "tool", "vehicle")
)
