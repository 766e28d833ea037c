"""Adapters of weights (LoRA and its kin): which network it is, of what rank, and for which base."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

import msgspec

from modelyard.library.formats.header import Tensor
from modelyard.library.identify.tables.adapted import ROWS, AdapterRow
from modelyard.library.identify.templates import JOINED

_NETWORKS = (
    ("glora", ("_a1_weight\n", "_b1_weight\n")),
    ("loha", ("_hada_w1_a\n",)),
    ("lokr", ("_lokr_w1\n", "_lokr_w1_a\n", "_lokr_w2\n")),
    ("oft", ("_oft_blocks\n", "_oft_diag\n", "_oft_R_weight\n", "_boft_R\n")),
    ("ia3", ("_on_input\n",)),
    (
        "lora",
        (
            "_lora_down_weight\n",
            "_lora_up_weight\n",
            "_lora_A_weight\n",
            "_lora_B_weight\n",
            "_lora_A_default_weight\n",
            "_lora1_down_weight\n",
            "_lora2_down_weight\n",
            "_lora_linear_layer_down_weight\n",
            "_lora_A\n",
            "_lora_down\n",
        ),
    ),
    ("full-diff", ("_diff\n", "_diff_b\n")),
)
_DOWN = (
    "_lora_down_weight",
    "_lora_A_weight",
    "_lora_A_default_weight",
    "_lora1_down_weight",
    "_lora_linear_layer_down_weight",
    "_lora_A",
)
_UP = (
    "_lora_up_weight",
    "_lora_B_weight",
    "_lora_B_default_weight",
    "_lora1_up_weight",
    "_lora_linear_layer_up_weight",
    "_lora_B",
)
_CONTROL = ("lora_controlnet", "zero_convs", "input_hint_block")


class Adapter(msgspec.Struct, frozen=True):
    """What an adapter's keys and shapes say; `sized` when shapes decided the base, not names alone."""

    network: str
    rank: int | None
    family: str
    candidates: tuple[str, ...]
    sized: bool
    reason: str


class Modules:
    """The modules an adapter changes, block numbers taken out, and how wide they are."""

    def __init__(self, names: list[str], tensors: Mapping[str, Tensor]) -> None:
        self._names, self._tensors = names, tensors
        self.counts = Counter(names)
        self._shapes = {name: t.shape for name, t in dict(zip(names, tensors.values(), strict=True)).items()}
        self._known: dict[str, bool] = {}
        self._widths: dict[tuple[str, str], set[int | None]] = {}
        self._templates = "\n" + "\n".join(self._shapes) + "\n"

    def has(self, need: str) -> bool:
        """Whether a module is changed (``a|b`` either): ``^`` the start of its name, ``=`` with its number."""
        if need not in self._known:
            self._known[need] = any(self._changed(option) for option in need.split("|"))
        return self._known[need]

    def widths(self, options: str, side: str) -> set[int | None]:
        """The widths of any of the modules."""
        if (options, side) not in self._widths:
            self._widths[options, side] = {self.width(module, side) for module in options.split("|")}
        return self._widths[options, side]

    def _changed(self, module: str) -> bool:
        if module.startswith("="):
            return any(module[1:] in name.replace(".", "_") for name in self._tensors)
        return ("\n" + module[1:] if module.startswith("^") else module) in self._templates

    def width(self, module: str, side: str) -> int | None:
        """Numbers that go into (``in``) or come out of (``out``) a module; None when that is hard to tell."""
        low_rank = self._first(module, _DOWN if side == "in" else _UP)
        if low_rank:
            return low_rank[1] if side == "in" and len(low_rank) > 1 else low_rank[0]
        axis = 1 if side == "in" else 0
        hada = self._first(module, ("_hada_w1_b",) if side == "in" else ("_hada_w1_a",))
        if hada:
            return hada[axis] if len(hada) > axis else None
        first = self._first(module, ("_lokr_w1", "_lokr_w1_b" if axis else "_lokr_w1_a"))
        second = self._first(module, ("_lokr_w2", "_lokr_w2_b" if axis else "_lokr_w2_a"))
        if first and second and len(first) > axis and len(second) > axis:
            return first[axis] * second[axis]
        whole = self._first(module, ("_diff",))
        return whole[axis] if whole and len(whole) > axis else None

    def highest(self, start: str) -> int:
        """The highest block number behind `start`, -1 for none."""
        wanted = [name for name in self.counts if f"{start}#" in name]
        if not wanted:
            return -1
        one = max(wanted, key=lambda name: self.counts[name])
        names = (
            name.replace(".", "_") for name, is_one in zip(self._tensors, self._names, strict=True) if is_one == one
        )
        numbers = re.compile(rf"(?:_|^){start}(\d{{1,6}})_")
        return max((int(match[1]) for name in names if (match := numbers.search(name))), default=-1)

    def dimensions(self, module: str) -> int | None:
        """How many axes a module's first matrix has: 4 for a convolution."""
        shape = self._first(module, _DOWN)
        return len(shape) if shape else None

    def rank(self) -> int | None:
        """The rank that most layers have."""
        ranks: Counter[int] = Counter()
        for name, count in self.counts.items():
            shape = self._shapes[name]
            if shape and name.endswith((*_DOWN, "_w1_b")):
                ranks[shape[0]] += count
        return ranks.most_common(1)[0][0] if ranks else None

    def differences(self) -> int:
        """How many whole differences it holds."""
        return sum(count for name, count in self.counts.items() if name.endswith(("_diff", "_diff_b")))

    def _first(self, module: str, endings: tuple[str, ...]) -> tuple[int, ...]:
        return next((self._shapes[module + end] for end in endings if module + end in self._shapes), ())


def read(tensors: Mapping[str, Tensor]) -> Adapter | None:
    """What the adapter is, or None when the file is none."""
    names = list(map(JOINED.__getitem__, tensors))
    text = "\n" + "\n".join(dict.fromkeys(names)) + "\n"
    network = next((name for name, marks in _NETWORKS if any(mark in text for mark in marks)), "")
    if not network or any(f"\n{mark}" in text for mark in _CONTROL):
        return None
    modules = Modules(names, tensors)
    if network == "full-diff" and modules.differences() < len(tensors) // 2:
        return None
    if network in ("lora", "loha") and ("_dora_scale\n" in text or "_lora_magnitude_vector" in text):
        network = "dora"
    row = next((row for row in ROWS if _fits(row, modules)), None)
    if row is None:
        return Adapter(
            network, modules.rank(), "unknown", (), False, "It changes weights of a base that no table knows."
        )
    reason = f"It changes {', '.join(row.has)}" + "".join(f", {m} {s} = {n}" for m, s, n in row.widths)
    return Adapter(network, modules.rank(), row.family, row.among, bool(row.widths) or row.sure, reason + ".")


def _fits(row: AdapterRow, modules: Modules) -> bool:
    return (
        all(modules.has(need) for need in row.has)
        and not any(modules.has(lack) for lack in row.lacks)
        and all(number in modules.widths(options, side) for options, side, number in row.widths)
        and all(modules.highest(start) >= number for start, number in row.above)
        and all(modules.dimensions(module) == axes for module, axes in row.axes)
    )
