"""What may stand in for a model that cannot be had: a sound one of the same kind and base, the likest first.

A model for another base does not fit into what was built for the wanted one. Such ones are offered only when there is
none of the same base, and it is said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from modelyard.catalogue.asking import Asking
from modelyard.catalogue.model import Health, Model
from modelyard.catalogue.order import Order
from modelyard.jobs.lending.planning import KIND_FOLDERS
from modelyard.jobs.stock import Stock
from modelyard.library.identify.told import family_of

_MOST = 5
_LOOKED_AT = 1000
_UNKNOWN = ("", "unknown")
_KINDS = {folder: kind for kind, folder in KIND_FOLDERS.items()}


class Fallback(msgspec.Struct, frozen=True):
    """A model that is here and may stand in.

    Attributes:
        kind: `lora`, `checkpoint` …
        base: For which base model it is made, empty when nobody knows.
        fits: Whether kind and base are those of the wanted one, as far as that is known.
        why: The same in a sentence.
    """

    id: int
    title: str
    path: str
    kind: str
    base: str
    fits: bool
    why: str


class Sought(msgspec.Struct, frozen=True):
    """What is known of a model that is not here.

    Attributes:
        kind: Empty when its folder may hold any.
        family: Of its base, empty when nothing says it.
        words: Its names.
    """

    kind: str
    family: str
    words: str


def sought(folder: str, name: str, address: str, base: str) -> Sought:
    """What the asker's words say of a model. Pure.

    Args:
        base: Its base model or family, as the asker calls it.
    """
    told = base and (family_of(base) or base.lower())
    words = f"{name} {address}"
    return Sought(_KINDS.get(folder, ""), told or _named(words), words)


def fallbacks(stock: Stock, wanted: Sought, folder: str) -> list[Fallback]:
    """A few models that may stand in."""
    if not folder:
        return []
    asking = Asking(folder=(folder,), health=(Health.GOOD, Health.UNVERIFIED))
    often = Order("uses", descending=True, most=_LOOKED_AT)
    found = stock.catalogue.page(asking, often).models
    if wanted.family:  # it may be used too seldom to be among the first
        found = [*stock.catalogue.page(msgspec.structs.replace(asking, family=(wanted.family,)), often).models, *found]
    if wanted.kind:
        mixed = msgspec.structs.replace(asking, folder=("",), kind=(wanted.kind,))
        found = [*found, *stock.catalogue.page(mixed, often).models]
    return chosen(wanted, list({model.id: model for model in found}.values()))


def chosen(wanted: Sought, models: Sequence[Model]) -> list[Fallback]:
    """The likest of some models: of the same base, else of any; those that share words with it come first. Pure."""
    kin = [model for model in models if not wanted.kind or model.kind in (wanted.kind, *_UNKNOWN)]
    same = [model for model in kin if wanted.family and family(model) == wanted.family]
    words = _words(wanted.words)
    best = sorted(same or kin, key=lambda one: -len(words & _words(f"{one.name} {one.base} {one.family}")))
    return [_told(wanted, model) for model in best[:_MOST]]


def family(model: Model) -> str:
    """Of which family a model is: as its bytes say, else as its hub's word for the base says."""
    return model.family if model.family not in _UNKNOWN else family_of(model.base)


def _told(wanted: Sought, model: Model) -> Fallback:
    base = family(model)
    known = model.kind not in _UNKNOWN
    kind = f"A {model.kind.replace('_', ' ')}" if known else "Its kind is unknown, it lies in the same folder"
    if wanted.family and base == wanted.family:
        why = f"{kind}, for the same base: {base}."
    elif wanted.family and base:
        why = f"{kind}, but for {base}; what is wanted is for {wanted.family}."
    elif wanted.family:
        why = f"{kind}; its base is unknown, what is wanted is for {wanted.family}."
    else:
        why = f"{kind}{f' for {base}' if base else ''}; for which base the wanted one is made, nobody said."
    fits = known and bool(wanted.family) and base == wanted.family
    return Fallback(model.id, model.title, model.path, model.kind, model.base or base, fits, why)


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"[a-z]+|[0-9.]+", text.lower()) if len(word) > 1}


def _named(text: str) -> str:
    """The family that a name or an address tells where a word begins: no *wan* in a swan; empty for none."""
    words = re.findall(r"[a-z0-9.]+", text.lower())
    for at in range(len(words)):
        window = "-".join(words[at : at + 4])
        found = family_of(window)
        if found and family_of(window[1:]) != found:
            return found
    return ""
