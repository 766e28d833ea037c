"""Who asks, and what they may do."""

from __future__ import annotations

import enum

import msgspec


class Role(enum.Enum):
    """What a caller may do; each of the first three may do all that the ones before it may.

    `COMFYUI` stands apart: it opens the routes that `rights.py` names, and no others.
    """

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"
    COMFYUI = "comfyui"

    def may(self, needed: Role) -> bool:
        """Whether this role includes the needed one."""
        if self is Role.COMFYUI or needed is Role.COMFYUI:
            return self is needed
        order = list(Role)
        return order.index(self) >= order.index(needed)


class Caller(msgspec.Struct, frozen=True):
    """Who asks.

    Attributes:
        name: For the log and for history: ``owner``, a token's name, ``socket``.
        role: What they may do; None for a stranger, who may use open routes only.
        token: Digest of their named token, which no later token of the same name has.
    """

    name: str
    role: Role | None
    token: str = ""


STRANGER = Caller("stranger", None)
OWNER = Caller("owner", Role.ADMIN)
COMFYUI = Caller("comfyui", Role.COMFYUI)
SOCKET = Caller("socket", Role.ADMIN)
