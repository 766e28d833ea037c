"""What is known about a model apart from its bytes: from hubs, sidecars, its own header, and its owner."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Picture(msgspec.Struct, frozen=True):
    """A preview that a hub or a sidecar names.

    Attributes:
        url: Where it can be fetched.
        kind: ``image`` or ``video``.
        nsfw: CivitAI's bit for how explicit it is (1 none … 32 blocked), None when nobody says.
    """

    url: str
    kind: str = "image"
    nsfw: int | None = None
    width: int | None = None
    height: int | None = None


class Own(msgspec.Struct, frozen=True):
    """What its owner wrote; wins over every hub and is never overwritten by one.

    Attributes:
        rating: 1 to 5, None when there is none.
        strength: The weight that its owner prefers, for LoRAs.
        negative: What its owner puts into the negative prompt with it.
    """

    title: str = ""
    notes: str = ""
    favourite: bool = False
    rating: int | None = None
    tags: tuple[str, ...] = ()
    group: str = ""
    strength: float | None = None
    negative: str = ""


class About(msgspec.Struct, frozen=True):
    """What is known about one model. Empty means nobody said.

    Attributes:
        hub: ``civitai``, ``huggingface``, ``modelscope`` … that the facts come from.
        model_id: The hub's own: a CivitAI model number, or ``owner/repo``.
        version_id: CivitAI version number, or a commit.
        kind: The hub's word (``LORA``, ``Checkpoint``), not what we measured.
        description: Markdown or HTML as it came; it is cleaned before a page sees it.
        description_form: ``html``, ``markdown`` or ``text``.
        trained_words: Words that trigger it, in the author's order.
        claimed: Digests that somebody claimed, algorithm to lower-case hex; nothing here was measured.
        nsfw: CivitAI's bits of the model, None when nobody says.
        gone: The hub said that it was deleted there; what we knew stays.
        asked: ISO 8601 time at which the hub was asked last, empty for never.
        unknown_at: Hubs that answered that they do not know these bytes.
    """

    hub: str = ""
    model_id: str = ""
    version_id: str = ""
    name: str = ""
    version: str = ""
    kind: str = ""
    base_model: str = ""
    author: str = ""
    licence: str = ""
    page: str = ""
    download_url: str = ""
    description: str = ""
    description_form: str = "html"
    trained_words: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    claimed: Mapping[str, str] = msgspec.field(default_factory=dict)
    published: str = ""
    nsfw: int | None = None
    gone: bool = False
    asked: str = ""
    unknown_at: tuple[str, ...] = ()
    own: Own = Own()

    @property
    def completeness(self) -> str:
        """``complete``: named, described, with base model and a picture; ``partial``: some of it; else ``minimal``."""
        facts = (self.name, self.description, self.base_model, self.pictures)
        return "complete" if all(facts) else "partial" if any(facts) else "minimal"


class VersionFile(msgspec.Struct, frozen=True):
    """One file of a version, as its hub lists it.

    Attributes:
        size: Bytes, None when the hub does not say.
        claimed: Digests, algorithm to lower-case hex.
    """

    name: str
    size: int | None = None
    claimed: Mapping[str, str] = msgspec.field(default_factory=dict)


class Version(msgspec.Struct, frozen=True):
    """One version of a model at its hub.

    Attributes:
        id: CivitAI version number, or a commit.
        published: ISO 8601 time, empty when nobody says.
        address: What to fetch for exactly these files, where the model's address and `id` do not say it.
    """

    id: str
    name: str = ""
    base_model: str = ""
    published: str = ""
    page: str = ""
    files: tuple[VersionFile, ...] = ()
    address: str = ""


class Change(msgspec.Struct, frozen=True):
    """The commit that last changed a file of a repository.

    Attributes:
        at: ISO 8601 time, empty when nobody says.
    """

    commit: str
    title: str = ""
    at: str = ""
