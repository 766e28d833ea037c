"""Profiles: named sets of options for downloads, such as where the files of one hub go and how fast."""

from __future__ import annotations

import difflib
import re
import threading
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from modelyard.errors import BadValue
from modelyard.keys.private_file import read_private, write_private
from modelyard.values.sizes import parse_rate

Text = Annotated[str, msgspec.Meta(max_length=8192)]
Globs = Annotated[tuple[Text, ...], msgspec.Meta(max_length=1000)]


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What can be said about a download beside its address; what is left out keeps its default.

    Attributes:
        to: A folder, or a file for one file; relative ones begin at the folder of the settings.
        limit: A speed like `5MB/s`.
        replace: Another file under the name may go once the new one is proven.
        companions: Also what belongs with it: VAE, config, encoders.
        hooks: Names of hooks that run for this task only.
    """

    to: Text = ""
    priority: Literal["low", "normal", "high"] = "normal"
    include: Globs = ()
    exclude: Globs = ()
    replace: bool = False
    companions: bool = False
    unpack: bool = False
    limit: Annotated[str, msgspec.Meta(max_length=40)] = ""
    hooks: Annotated[tuple[Annotated[str, msgspec.Meta(max_length=80)], ...], msgspec.Meta(max_length=20)] = ()


class Profiles:
    """The profiles of one data folder. Safe to use from every thread."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "profiles.json"
        self._lock = threading.Lock()

    def list(self) -> dict[str, Profile]:
        """Every profile by name.

        Raises:
            BadValue: The file is damaged.
        """
        try:
            return msgspec.json.decode(read_private(self._path) or b"{}", type=dict[str, Profile])
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadValue(f"{self._path} holds no profiles: {error}.", hint="Mend it, or remove it.") from error

    def get(self, name: str) -> Profile:
        """The profile of that name.

        Raises:
            BadValue: There is none; the hint has the nearest name.
        """
        found = self.list()
        if name not in found:
            near = difflib.get_close_matches(name, found, 1)
            hint = f"Did you mean {near[0]}?" if near else "Make one: `modelyard profiles set NAME --to FOLDER`."
            raise BadValue(f"There is no profile {name[:80]!r}.", hint=hint)
        return found[name]

    def keep(self, name: str, profile: Profile) -> Profile:
        """Keep a profile; one of the same name is replaced.

        Raises:
            BadValue: The name or the limit makes no sense.
        """
        check(name, profile)
        with self._lock:
            self._write({**self.list(), name: profile})
        return profile

    def remove(self, name: str) -> None:
        """Forget a profile.

        Raises:
            BadValue: There is none of that name.
        """
        with self._lock:
            self.get(name)
            self._write({each: profile for each, profile in self.list().items() if each != name})

    def _write(self, profiles: dict[str, Profile]) -> None:
        write_private(self._path, msgspec.json.format(msgspec.json.encode(profiles), indent=2) + b"\n")


def check(name: str, profile: Profile) -> None:
    """Refuse what would be no profile.

    Raises:
        BadValue: The name or the limit makes no sense.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,79}", name):
        raise BadValue(f"{name[:80]!r} is no name for a profile.", hint="Letters, digits, blanks, dots, dashes.")
    if profile.limit:
        parse_rate(profile.limit)


def over(profile: Profile, said: dict[str, Any]) -> dict[str, Any]:
    """What was said, over what the profile says."""
    kept: dict[str, Any] = msgspec.to_builtins(profile)
    return kept | said
