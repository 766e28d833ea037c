"""One hook as a person sets it up, and whether it makes sense. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from modelyard.errors import BadValue
from modelyard.jobs.hooks.names import NAMES
from modelyard.net.url import parse, without_query

_WAYS = ("run", "plugin", "webhook", "notify")


class Hook(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One hook: when, and exactly one way to tell.

    Attributes:
        name: Chosen by the person, unique.
        on: Names of events, see `names.NAMES`.
        run: A command and its arguments; never a shell. The event comes as JSON on its input.
        plugin: Name of an entry point of the group ``modelyard.hooks``.
        webhook: URL that gets the event as JSON by POST.
        secret: Signs what the webhook gets: ``X-Modelyard-Signature: sha256=…``.
        notify: URL of Apprise: mail, chat and a hundred other ways.
        named: It runs only for tasks whose options name it.
        timeout: Seconds until it is ended or given up.
    """

    name: str
    on: tuple[str, ...]
    run: tuple[str, ...] = ()
    plugin: str = ""
    webhook: str = ""
    secret: str = ""
    notify: str = ""
    named: bool = False
    timeout: Annotated[float, msgspec.Meta(ge=0.1, le=3600)] = 30.0

    @property
    def way(self) -> str:
        """``run``, ``plugin``, ``webhook`` or ``notify``."""
        return next(way for way in _WAYS if getattr(self, way))

    def shown(self) -> dict[str, Any]:
        """The hook as JSON-able data without what is secret: signatures, and the inside of URLs."""
        told: dict[str, Any] = {"name": self.name, "on": list(self.on), "way": self.way, "timeout": self.timeout}
        told["what"] = {
            "run": list(self.run),
            "plugin": self.plugin,
            "webhook": without_query(self.webhook),
            "notify": self.notify.partition("://")[0] + "://…",
        }[self.way]
        return told | ({"signed": True} if self.secret else {}) | ({"named": True} if self.named else {})

    def hears(self, name: str, data: Mapping[str, Any]) -> bool:
        """Whether it runs on an event of this name with these facts."""
        chosen = (data.get("options") or {}).get("hooks", ()) if self.named else (self.name,)
        return name in self.on and self.name in chosen


def checked(hook: Hook) -> Hook:
    """The hook, when it makes sense.

    Raises:
        BadValue: A name, an event, a way or an URL is wrong; the hint says what is right.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,79}", hook.name):
        raise BadValue(f"{hook.name[:80]!r} is no name for a hook.", hint="Letters, digits, blanks, dots and dashes.")
    if not hook.on:
        raise BadValue("When should it run?", hint=f"Events are {', '.join(NAMES)}.")
    for event in hook.on:
        check_event(event)
    if sum(bool(getattr(hook, way)) for way in _WAYS) != 1:
        raise BadValue("A hook does exactly one thing.", hint=f"Name one of {', '.join(_WAYS)}.")
    if hook.run and (not hook.run[0] or any("\0" in part for part in hook.run)):
        raise BadValue("That is no command.")
    if hook.webhook:
        parse(hook.webhook)
    if hook.notify and not re.match(r"[a-z][a-z0-9+.-]*://\S", hook.notify, re.IGNORECASE):
        raise BadValue("That is no URL of Apprise.", hint="Write it like mailto://user:pass@host or ntfy://topic.")
    if hook.secret and not hook.webhook:
        raise BadValue("Only a webhook is signed with a secret.")
    return hook


def check_event(name: str) -> str:
    """The name of an event.

    Raises:
        BadValue: There is none of that name; the hint has the nearest one.
    """
    if name not in NAMES:
        near = difflib.get_close_matches(name, NAMES, 1)
        hint = f"Did you mean {near[0]}?" if near else f"Events are {', '.join(NAMES)}."
        raise BadValue(f"There is no event {name[:80]!r}.", hint=hint)
    return name
