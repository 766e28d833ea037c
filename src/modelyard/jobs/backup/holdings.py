"""What a backup is taken of, and what of it may be written down: no key, no password, no signed link."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from modelyard.jobs.hooks.hook_file import HookFile
from modelyard.jobs.profiles import Profiles
from modelyard.jobs.stock import Stock
from modelyard.keys.redaction import Redactor
from modelyard.net.lan_hubs import LanHubs
from modelyard.tasks.queue import Queue

_BLANKS = re.compile(r"(\s+)")


class Holdings(msgspec.Struct, frozen=True):
    """What one data folder has."""

    stock: Stock
    queue: Queue
    profiles: Profiles
    hooks: HookFile
    lan_hubs: LanHubs
    redactor: Redactor


def masked(redactor: Redactor, value: Any) -> Any:
    """JSON-able data with the keys in its texts masked, word by word.

    Owners write `Token: ohwx woman` into notes: only a word that looks like a key by itself is taken for one.
    """
    if isinstance(value, str):
        if redactor.text(value) == value:
            return value
        return "".join(redactor.text(word) for word in _BLANKS.split(value))
    if isinstance(value, Mapping):
        return {name: masked(redactor, held) for name, held in value.items()}
    if isinstance(value, list | tuple):
        return [masked(redactor, held) for held in value]
    return value
