"""Pre-flight: what has to be done for each file, decided before a byte moves. Pure decisions.

The rules, first match wins:

1. The target has a proof that still holds, and a claimed or pinned digest confirms it: it is here.
2. The target was measured and a digest confirms it: it is here.
3. The target exists and no digest was promised: with the same size it is here, unverified, unless the
   person asked for a new one.
4. The target exists with other bytes: refuse, or replace it when the person said so. It stays until the
   new file is proven.
5. A part is there: go on with it.
6. Fetch it.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from pathlib import Path

import msgspec

from modelyard.engine.digesting import differences
from modelyard.errors import DiskFull, TargetExists
from modelyard.values.sizes import show_size


class Step(enum.Enum):
    """What has to be done for a file."""

    HERE = "here"
    RESUME = "resume"
    FETCH = "fetch"
    REPLACE = "replace"


class Facts(msgspec.Struct, frozen=True):
    """What is known of a target on disk.

    Attributes:
        size: Bytes of the file under the final name, None when there is none.
        measured: Its digests, from a proof that holds or measured just now.
        proven_by: How we know them: ``proof`` or ``measured``.
        same_source: Its proof says that it came from the very source that is asked now.
        part: Bytes of a part of an earlier run.
    """

    size: int | None = None
    measured: Mapping[str, str] | None = None
    proven_by: str = ""
    same_source: bool = False
    part: int = 0


class Verdict(msgspec.Struct, frozen=True):
    """The step for a file, and why, in words."""

    step: Step
    how: str
    have: int = 0


def decide(target: Path, size: int | None, expected: Mapping[str, str], facts: Facts, *, replace: bool) -> Verdict:
    """The step for one file.

    Args:
        size: Promised bytes, None when unknown.
        expected: Promised digests.
        replace: The person allows another file under the name to go.

    Raises:
        TargetExists: Another file stands there and may not go.
    """
    if facts.size is None:
        if facts.part:
            return Verdict(Step.RESUME, f"{show_size(facts.part)} are already here", facts.part)
        return Verdict(Step.FETCH, "not here yet")
    confirmed = [name for name, value in expected.items() if (facts.measured or {}).get(name) == value]
    if confirmed and facts.measured and not differences(expected, facts.measured):
        known = "measured earlier and untouched since" if facts.proven_by == "proof" else "measured just now"
        return Verdict(Step.HERE, f"same {confirmed[0]}, {known}", facts.size)
    comparable = set(expected) & set(facts.measured or {})
    if not replace and not comparable and facts.size == size and (facts.same_source or not expected):
        why = "same source" if facts.same_source else "same size; no hash to compare"
        return Verdict(Step.HERE, f"{why} and size, unverified" if facts.same_source else why, facts.size)
    if not replace:
        raise TargetExists(f"{target} exists with other bytes ({show_size(facts.size)}).")
    return Verdict(Step.REPLACE, "another file stands there; it stays until the new one is proven", facts.part)


def check_room(
    need: Mapping[int, int], free: Mapping[int, int | None], reserve: Mapping[int, int], names: Mapping[int, str]
) -> None:
    """Refuse before byte 1 what cannot fit. All maps are keyed by device.

    Args:
        need: Bytes still to be written.
        free: Bytes that may be written, None when unknown.
        reserve: Bytes that must stay free.
        names: A folder on the device, for people.

    Raises:
        DiskFull: With what is needed and what there is.
    """
    for device, bytes_needed in need.items():
        room = free.get(device)
        if room is not None and bytes_needed > 0 and bytes_needed + reserve.get(device, 0) > room:
            raise DiskFull(
                f"{show_size(bytes_needed)} are needed on the disk of {names[device]}, "
                f"{show_size(max(0, room - reserve.get(device, 0)))} are free.",
                needed=bytes_needed,
                free=room,
            )
