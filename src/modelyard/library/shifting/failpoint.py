"""Places at which a test may end the process at once, as a power cut would; no-ops unless the environment names one."""

from __future__ import annotations

import os

VARIABLE = "MODELYARD_FAILPOINT"
_passed: dict[str, int] = {}


def failpoint(name: str) -> None:
    """End here without any clean-up when the variable says ``NAME`` or ``NAME:COUNT`` (the how-many-eth pass)."""
    armed = os.environ.get(VARIABLE)
    if not armed:
        return
    wanted, _, count = armed.partition(":")
    if wanted == name:
        _passed[name] = _passed.get(name, 0) + 1
        if _passed[name] >= int(count or 1):
            os._exit(137)
