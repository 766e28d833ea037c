"""The port that every hub implements, built in or plugged in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeAlias, runtime_checkable

from modelyard.errors import YardError
from modelyard.keys.realm import Realm
from modelyard.net.api import Answer, Api
from modelyard.values.about import About, Change, Version
from modelyard.values.offers import Address, Example, Finding, KeyReport, Listing, Offer, Source

Keyed: TypeAlias = Callable[[str], bool]
"""Whether requests to an origin carry a key."""


def never_keyed(origin: str) -> bool:  # noqa: ARG001  # the answer of a world without keys
    """No origin has a key."""
    return False


class Hub(Protocol):
    """A place that lists models.

    A hub holds no state but its constructor's arguments, so one object serves all threads. Besides
    `NetworkError` and its kin from the network, each method raises only what it names.

    Attributes:
        name: As in `Address.hub`: lower-case letters.
        title: For people.
        prefixes: Without the colon, the one that `show` writes first: ``("hf",)``.
        examples: Texts it reads and what they mean; they are run as tests.
        realm: Where its key may go.
    """

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def prefixes(self) -> tuple[str, ...]: ...

    @property
    def examples(self) -> tuple[Example, ...]: ...

    @property
    def realm(self) -> Realm: ...

    def read(self, text: str) -> Address | None:
        """Read a text as an address of this hub, None when it is none. Pure: no network, no disk.

        Raises:
            BadAddress: The text is meant for this hub but cannot be one of its addresses.
        """
        ...

    def show(self, address: Address) -> str:
        """The address as a text that `read` reads back to an equal address."""
        ...

    def resolve(self, address: Address) -> Listing:
        """Ask the hub what an address offers: all files, or those that its path or options choose.

        The answer's addresses are pinned to what the hub said (commit, version).

        Raises:
            NotFound, AccessError: See `errors`; the most precise class that the hub's answer allows.
            NothingSelected: The model has no file that the path matches.
        """
        ...

    def search(self, text: str, *, limit: int, kind: str | None = None) -> list[Finding]:
        """Models that match a text, best first, at most `limit`."""
        ...

    def by_hash(self, digests: Sequence[str]) -> dict[str, list[Offer]]:
        """Where the hub has files with these digests (hex, any algorithm it knows).

        A digest it does not have is missing from the answer. That is no proof: hubs cache a miss for
        hours.
        """
        ...

    def check_key(self, gated: Address | None = None) -> KeyReport:
        """Ask the hub about the kept key, and whether it opens a gated model."""
        ...

    def explain(self, answer: Answer, source: Source) -> YardError | None:
        """The error behind an answer to a download that is not the file: 4xx, 5xx, or a page of HTML.

        None when the hub has nothing to say beyond the status.
        """
        ...


@runtime_checkable
class Describing(Protocol):
    """What a hub can do besides that tells about models; plugins may leave it out.

    Descriptions come as the hub has them: whoever shows one cleans it first.

    Attributes:
        name: As `Hub.name`.
        finds_hashes: Whether it can find a file by its hash at all.
        lists_versions: Whether it keeps the versions of a model apart; for repositories see `Committing`.
    """

    @property
    def name(self) -> str: ...

    @property
    def finds_hashes(self) -> bool: ...

    @property
    def lists_versions(self) -> bool: ...

    def about_by_hash(self, digests: Sequence[str]) -> dict[str, About]:
        """What the hub says of files with these digests (hex, any algorithm it knows), in few requests.

        A digest it does not know is missing from the answer. That is no proof: hubs cache a miss for hours.
        """
        ...

    def about(self, address: Address) -> About:
        """What the hub says of a model; of its newest version when the address names none.

        Raises:
            NotFound, AccessError: See `errors`; the most precise class that the hub's answer allows.
        """
        ...

    def versions(self, address: Address) -> list[Version]:
        """Versions of a model, the newest first.

        Raises:
            NotFound, AccessError: As `about`.
        """
        ...


@runtime_checkable
class Committing(Protocol):
    """What a hub can do besides whose models are repositories of files under a history; plugins may leave it out."""

    @property
    def name(self) -> str: ...

    def changes(self, address: Address, paths: Sequence[str]) -> dict[str, Change]:
        """The commit that last changed each of some files, as they are at an address's revision.

        A file whose commit nobody tells is missing from the answer.

        Raises:
            NotFound, AccessError: As `Hub.resolve`.
        """
        ...

    def in_history(self, address: Address, commit: str) -> bool | None:
        """Whether a commit came before an address's revision, or is that one; None when the hub does not tell.

        Raises:
            NotFound, AccessError: As `Hub.resolve`.
        """
        ...


@runtime_checkable
class Accompanying(Protocol):
    """What a hub can do besides that asks about a file alone where one is meant; plugins may leave it out."""

    def accompanied(self, address: Address) -> Listing:
        """As `Hub.resolve`, with what belongs with a single file: that takes another request or two."""
        ...


def accompanied(hub: Hub, address: Address) -> Listing:
    """What a hub offers at an address, and what belongs with it.

    Raises:
        YardError: As `Hub.resolve`.
    """
    return hub.accompanied(address) if isinstance(hub, Accompanying) else hub.resolve(address)


@runtime_checkable
class Linking(Protocol):
    """What a hub can do besides whose files have lasting links; plugins may leave it out."""

    def link(self, address: Address) -> str:
        """The lasting link to one file's bytes; empty when the address does not say which file. Pure.

        It leads to the hub itself, not to an endpoint that a person set here: it is for other machines.
        """
        ...


Factory: TypeAlias = Callable[[Api, Mapping[str, str]], Hub]
"""What an entry point of the group ``modelyard.hubs`` names: from the network and the environment to a hub."""
