"""The people of the practice hub and their keys: all invented, none secret."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

Site = Literal["hf", "civitai", "modelscope", "github", "ollama"]


@dataclass(frozen=True, slots=True)
class Account:
    """Who stands behind a key.

    Attributes:
        granted: Whether the owner of gated and private things lets this account in.
        role: The key's role: read, write or fineGrained.
        gated: Whether a fine-grained key may read gated repositories.
        kind: ``user`` or ``org``.
        prefers: CivitAI file preferences, such as ``fp=fp32``.
    """

    token: str
    name: str
    site: Site
    granted: bool = True
    role: str = "read"
    gated: bool = True
    kind: str = "user"
    prefers: dict[str, str] = field(default_factory=dict)


ACCOUNTS = (
    Account("hf_good", "ada", "hf"),
    Account("hf_bad", "bob", "hf", granted=False),
    Account("hf_write", "ada", "hf", role="write"),
    Account("hf_fine", "ada", "hf", role="fineGrained"),
    Account("hf_narrow", "ada", "hf", role="fineGrained", gated=False),
    Account("hf_org", "org", "hf", kind="org"),
    Account("ck_good", "ada", "civitai", prefers={"fp": "fp32", "size": "full"}),
    Account("ck_plain", "bob", "civitai"),
    Account("ms_good", "ada", "modelscope"),
    Account("gh_good", "ada", "github"),
    Account("ol_good", "ada", "ollama"),
)
"""Every key that some site knows; ``hf_junk``, ``ck_junk`` and ``ms_junk`` are known nowhere."""


class Accounts:
    """Who a key belongs to."""

    def __init__(self, known: Iterable[Account] = ACCOUNTS) -> None:
        self._known = {(account.site, account.token): account for account in known}

    def add(self, account: Account) -> None:
        """Know one more key."""
        self._known[account.site, account.token] = account

    def who(self, site: Site, token: str | None) -> Account | None:
        """The account behind a key; None when the site does not know it or none came."""
        return self._known.get((site, token)) if token else None
