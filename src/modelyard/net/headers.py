"""Header fields: kept in order, asked without regard to case."""

from __future__ import annotations

from collections.abc import Iterator


class Headers:
    """The header fields of one answer.

    Args:
        pairs: Names and values in the order of the wire.
    """

    __slots__ = ("_fields", "pairs")

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self.pairs = pairs
        self._fields: dict[str, str] = {}
        for name, value in pairs:
            low = name.lower()
            self._fields[low] = f"{self._fields[low]}, {value}" if low in self._fields else value

    def get(self, name: str, default: str = "") -> str:
        """The value of a field, several of one name joined by commas (RFC 9110 5.2)."""
        return self._fields.get(name.lower(), default)

    def all(self, name: str) -> list[str]:
        """Every value of a field, one per line of the wire."""
        low = name.lower()
        if low not in self._fields:
            return []
        return [value for key, value in self.pairs if key.lower() == low]

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._fields

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.pairs)
