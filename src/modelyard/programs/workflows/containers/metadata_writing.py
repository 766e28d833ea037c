"""Changes texts in the header of a latent. Tensors count from the header's end, so nothing else changes."""

from __future__ import annotations

import json
from collections.abc import Callable

from modelyard.errors import NotSupported
from modelyard.programs.workflows.containers.source import Truncated, key_of
from modelyard.programs.workflows.renaming import strings
from modelyard.values.untrusted import record

_LATENT = "latent_tensor"
_ALIGNED = 8


def changed(raw: bytes, change: Callable[[str], str]) -> bytes:
    """A latent whose workflow texts are what `change` makes of them.

    Raises:
        NotSupported: It is a model: its bytes are what it is known by.
        ValueError: Its header is damaged.
    """
    length = int.from_bytes(raw[:8], "little")
    document = raw[8 : 8 + length].decode("utf-8")
    told = record(json.loads(document))
    if _LATENT not in told:
        raise NotSupported("This is a model, whose hash would change with its header.", hint="Fix a workflow of it.")
    if 8 + length > len(raw):
        raise Truncated("the header ends in the middle")
    texts = frozenset(value for value in record(told.get("__metadata__")).values() if isinstance(value, str))
    pieces, done = list[str](), 0
    for path, start, end, old in strings(document, texts):
        if len(path) == 2 and path[0] == "__metadata__" and key_of(str(path[1])) and (new := change(old)) != old:
            pieces += [document[done:start], json.dumps(new, ensure_ascii=document.isascii())]
            done = end
    if not pieces:
        return raw
    header = "".join([*pieces, document[done:]]).encode("utf-8")
    if length % _ALIGNED == 0:
        header = header.rstrip(b" ")
        header += b" " * (-len(header) % _ALIGNED)
    return len(header).to_bytes(8, "little") + header + raw[8 + length :]
