"""What a list of models may be sorted by."""

from __future__ import annotations

from typing import Literal

Sort = Literal["title", "added", "modified", "size", "used", "uses", "rating"]
