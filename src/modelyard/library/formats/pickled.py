"""Pickles, taken apart with `pickletools` and never loaded: which globals they name and which tensors they describe."""

from __future__ import annotations

import io
import pickletools
from collections.abc import Iterator

from modelyard.library.formats.content import TORCH_LEGACY
from modelyard.library.formats.header import Code, Header, Problem
from modelyard.library.formats.pickle_globals import KNOWN
from modelyard.library.formats.pickle_stack import Refused, Stack, tensors_of
from modelyard.store.positioned import pread

MOST_BYTES = 16 << 20
"""A pickle is read so far and no further; the tensors of a checkpoint lie outside of it."""

_MOST_OPCODES, _LEGACY_PICKLES = 400_000, 5
_OPENING = frozenset(b"(]}c)\x80\x8cXUVSIJKMLFGNTi")


def plausible(start: bytes) -> bool:
    """Whether a file begins like a pickle of protocol 2 or later."""
    return len(start) > 2 and start[0] == 0x80 and start[1] <= 5


def plausible_anywhere(start: bytes) -> bool:
    """Whether a file may be a pickle of protocol 0 or 1: its first opcodes make sense."""
    if not start or start[0] not in _OPENING:
        return False
    try:
        seen = [op.name for (op, _, _), _ in zip(pickletools.genops(start), range(8), strict=False)]
    except (ValueError, IndexError, OverflowError, AttributeError, UnicodeDecodeError):
        return False
    return len(seen) >= 2


def read(fd: int, start: bytes, size: int) -> Header:
    """The globals and tensors of a plain pickle or of torch's legacy format; refused unless every global is known."""
    legacy = start.startswith(TORCH_LEGACY)
    data = pread(fd, min(size, MOST_BYTES), 0)
    stream, stacks, problem = io.BytesIO(data), list[Stack](), None
    for _ in range(_LEGACY_PICKLES if legacy else 1):
        stack, problem = disassembled(stream, whole=len(data) == size)
        stacks.append(stack)
        if problem:
            break
    rest = size - stream.tell()
    tensors = tensors_of(stacks[3].top) if legacy and len(stacks) > 3 else tensors_of(stacks[0].top)
    findings = [*judged([name for stack in stacks for name in stack.globals]), *([problem] if problem else [])]
    if not legacy and not problem and rest:
        findings.append(Problem(Code.TRAILING_BYTES, f"{rest} bytes follow its pickle; something may hide there."))
    names = tuple(dict.fromkeys(".".join(name) for stack in stacks for name in stack.globals))
    return Header("torch-legacy" if legacy else "pickle", size, tensors, {"globals": names}, tuple(findings))


def disassembled(stream: io.BytesIO, *, whole: bool = True) -> tuple[Stack, Problem | None]:
    """Take one pickle apart, up to its STOP."""
    stack, count = Stack(), 0
    try:
        for op, argument, _ in pickletools.genops(stream):
            count += 1
            if count > _MOST_OPCODES:
                return stack, Problem(
                    Code.BAD_PICKLE, f"Its pickle has more than {_MOST_OPCODES} steps; it was not read to the end."
                )
            stack.step(op, argument)
    except Refused as refused:
        return stack, Problem(Code.UNSAFE_PICKLE, str(refused))
    except (
        ValueError,
        IndexError,
        KeyError,
        OverflowError,
        AttributeError,
        TypeError,
        UnicodeDecodeError,
        MemoryError,
    ) as error:
        why = "damaged" if whole else "damaged or too long"
        return stack, Problem(Code.BAD_PICKLE, f"Its pickle is {why}: {str(error)[:120]}.")
    return stack, None


def judged(names: list[tuple[str, str]]) -> Iterator[Problem]:
    """A problem that tells the globals which are not known, if there are any."""
    strange = list(dict.fromkeys(f"{module}.{name}" for module, name in names if (module, name) not in KNOWN))
    if strange:
        more = f" and {len(strange) - 5} more" if len(strange) > 5 else ""
        words = ", ".join(name[:80] for name in strange[:5])
        yield Problem(Code.UNSAFE_PICKLE, f"Loading it would call {words}{more}; that may run code.")
