"""What a person asks for (`Address`) and what a hub answers (`Offer`, `Listing`)."""

from __future__ import annotations

import enum
from collections.abc import Mapping

import msgspec


class Address(msgspec.Struct, frozen=True):
    """What a person typed or pasted, read by the hub that knows it. Holds no secret.

    Attributes:
        hub: Name of the hub that reads it: ``huggingface``, ``civitai``, ``modelscope``, ``github``, ``web``.
        model: ``owner/repo``, a CivitAI model number as text (may be empty when only a version is
            known), or the whole URL for ``web``.
        revision: Branch, tag, commit or CivitAI version number; None means the default one.
        path: A file inside the model, a glob such as ``*.gguf``, or None for the whole model.
        kind: ``model``, ``dataset`` or ``space`` where a hub tells them apart.
        options: Further exact choices, sorted pairs (``fileId=7`` of a CivitAI link).
        endpoint: ``scheme://host[:port]`` when the pasted link names another than the hub's own.
    """

    hub: str
    model: str
    revision: str | None = None
    path: str | None = None
    kind: str = "model"
    options: tuple[tuple[str, str], ...] = ()
    endpoint: str | None = None


class Example(msgspec.Struct, frozen=True):
    """A text that a hub must read as an address; stands beside the pattern and is its test."""

    text: str
    means: Address


class Access(enum.Enum):
    """What a hub wants before it hands out a file, as far as it tells in advance."""

    OPEN = "open"
    LOGIN = "login"
    GATED = "gated"
    EARLY = "early-access"
    DISABLED = "disabled"
    UNKNOWN = "unknown"


class Source(msgspec.Struct, frozen=True):
    """A stable URL that serves a file's bytes, never a signed or key-bearing one.

    Attributes:
        url: Asked anew whenever a signed link behind it expires.
        hub: Whose manners (limits) and keys apply; the key itself is added by `net` per origin.
        headers: Extra request headers without secrets.
        told_by_public: A public server named this URL; it must not lead into the local network.
    """

    url: str
    hub: str = "web"
    headers: tuple[tuple[str, str], ...] = ()
    told_by_public: bool = False


class Xet(msgspec.Struct, frozen=True):
    """Where a file's bytes lie in Hugging Face's chunk store.

    Attributes:
        hash: The store's own hash of the bytes; it proves nothing to us.
        token_url: Asked for the store's address and a token, with the hub's key.
    """

    hash: str
    token_url: str


class Offer(msgspec.Struct, frozen=True):
    """What a hub says about one file.

    Attributes:
        address: Pinned address of exactly this file.
        path: Relative path inside the model with ``/``; a name from outside, cleaned before use.
        size: Bytes, None when the hub does not say.
        claimed: Digests the hub claims, algorithm to lower-case hex (see `values.digests`).
        sources: Where its bytes can be had, best first. Never empty.
        kind: The hub's word for what it is: ``Checkpoint``, ``LORA``, ``VAE``, ``Config``, ``file``.
        name_is_guess: True when the server's Content-Disposition may name it better.
        primary: True when it is what a person gets who asks for the model without choosing.
        role: ``main`` or ``companion`` (a VAE, encoder or config that belongs to it).
        pieces: Published piece length in bytes and the SHA-256 of each piece (Metalink), or None.
        xet: The same bytes in Hugging Face's chunk store, where they are there.
    """

    address: Address
    path: str
    size: int | None
    claimed: Mapping[str, str]
    sources: tuple[Source, ...]
    kind: str = "file"
    licence: str | None = None
    access: Access = Access.UNKNOWN
    page: str | None = None
    name_is_guess: bool = False
    primary: bool = True
    role: str = "main"
    note: str | None = None
    xet: Xet | None = None
    pieces: tuple[int, tuple[str, ...]] | None = None

    @property
    def hub(self) -> str:
        """Name of the hub that offers it."""
        return self.address.hub

    @property
    def name(self) -> str:
        """Last component of `path`."""
        return self.path.rsplit("/", 1)[-1]


class Listing(msgspec.Struct, frozen=True):
    """What a hub says about one model: its facts and the files it offers.

    Attributes:
        address: The address with its revision pinned to what the hub answered (commit, version).
        title: Name for people.
        offers: The selected files, in the hub's order.
        companions: Files that belong with them but were not asked for.
        facts: Further JSON-able facts for `info` (licence, base model, trigger words, downloads).
    """

    address: Address
    title: str
    offers: tuple[Offer, ...]
    companions: tuple[Offer, ...] = ()
    page: str | None = None
    licence: str | None = None
    access: Access = Access.UNKNOWN
    facts: Mapping[str, object] = msgspec.field(default_factory=dict)


class Finding(msgspec.Struct, frozen=True):
    """One row of a search: a model that a hub knows."""

    hub: str
    address: str
    title: str
    kind: str = ""
    downloads: int | None = None
    likes: int | None = None
    updated: str | None = None
    page: str | None = None
    gated: bool = False


class KeyReport(msgspec.Struct, frozen=True):
    """What a hub says about a key. Never holds the key.

    Attributes:
        valid: Whether the hub knows it.
        owner: Account name it belongs to.
        kind: ``read``, ``write``, ``fine-grained``, ``api-key``...
        scopes: The hub's own words for what it may do.
        opens: For an asked gated model: True, False, or None when not asked.
        note: One sentence for people.
    """

    hub: str
    valid: bool
    owner: str | None = None
    kind: str | None = None
    scopes: tuple[str, ...] = ()
    opens: bool | None = None
    note: str | None = None
