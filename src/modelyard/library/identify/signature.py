"""Signatures: which tensors, of which sizes, decide that a model is of a family. The tables hold them as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from modelyard.library.identify.outline import Outline
from modelyard.library.identify.templates import DOTTED

Sizes = Mapping[str, int | tuple[int, ...]]


class Signature(msgspec.Struct, frozen=True):
    """One row of a table; the first row that fits decides.

    Attributes:
        family: Its name.
        anchor: A tensor that every block has, so that a few missing tensors do not hide it; ``#`` stands for a number.
        needs: Tensors that must be there; ``a|b`` means either, a name that ends in ``.`` anything below it.
        lacks: Tensors that must not be there.
        sizes: ``template@axis`` to the size or sizes that it must have.
        kind: What it is used as.
        variant: What sets it apart inside the family.
        among: Families that have the same tensors; then it is one of them.
    """

    family: str
    anchor: str
    needs: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    sizes: Sizes | None = None
    kind: str = "diffusion_model"
    variant: str = ""
    among: tuple[str, ...] = ()

    def fits(self, outline: Outline) -> bool:
        """Whether the outline has all that this row asks for."""
        return (
            all(outline.has(need) for need in self.needs)
            and not any(outline.has(lack) for lack in self.lacks)
            and all(_sized(outline, place, size) for place, size in (self.sizes or {}).items())
        )

    @property
    def reason(self) -> str:
        """What decided, in words."""
        sizes = [f"{place.replace('@', ' axis ')} = {size}" for place, size in (self.sizes or {}).items()]
        return f"It has {', '.join((self.anchor, *self.needs, *sizes))}."


def _sized(outline: Outline, place: str, size: int | tuple[int, ...]) -> bool:
    template, _, axis = place.partition("@")
    if axis == "n":
        tensor = outline.shapes.get(template)
        found: int | None = len(tensor.shape) if tensor else None
    elif axis == "count":
        found = outline.counts.get(template, 0)
    else:
        found = outline.axis(template, int(axis))
    return found in size if isinstance(size, tuple) else found == size


class Table:
    """Rows of signatures, found by their anchors: a file is compared with few of them."""

    def __init__(self, rows: Iterable[Signature]) -> None:
        self.rows = tuple(rows)
        self._by_anchor: dict[str, list[int]] = {}
        for place, row in enumerate(self.rows):
            for anchor in row.anchor.split("|"):
                anchor = DOTTED[anchor]
                self._by_anchor.setdefault(anchor, []).append(place)

    def first(self, outline: Outline) -> Signature | None:
        """The first row that fits, or None."""
        places = {place for template in outline.shapes for place in self._by_anchor.get(template, ())}
        return next((self.rows[place] for place in sorted(places) if self.rows[place].fits(outline)), None)
