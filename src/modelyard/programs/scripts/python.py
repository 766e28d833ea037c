"""A Python script that needs the standard library alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from modelyard.programs.scripts.items import Item, below, comment, safe_link

_HEAD = '''\
#!/usr/bin/env python3
"""Fetches and proves files; needs nothing but Python. Keys are read from HF_TOKEN and CIVITAI_TOKEN."""

import hashlib
import os
import shutil
import sys
import urllib.parse
import urllib.request

KEYS = {"huggingface.co": "HF_TOKEN", "civitai.com": "CIVITAI_TOKEN"}
# link, target, SHA-256 (empty: unknown)
FILES = [
'''
_TAIL = """\
]


def fetch(link, target, digest):
    if os.path.exists(target):
        return print("here:", ascii(target))
    os.makedirs(os.path.dirname(target) or ".", exist_ok=True)
    request = urllib.request.Request(link, headers={"User-Agent": "modelyard-script"})
    parts = urllib.parse.urlsplit(link)
    key = os.environ.get(KEYS.get(parts.netloc, ""), "")
    if key and parts.scheme == "https":
        request.add_unredirected_header("Authorization", "Bearer " + key)  # only to the hub itself
    print("fetching:", ascii(target), flush=True)
    with urllib.request.urlopen(request) as answer, open(target + ".part", "wb") as file:
        shutil.copyfileobj(answer, file, 1 << 20)
        file.flush()
        os.fsync(file.fileno())
        length = answer.headers.get("Content-Length")
    if length is not None and os.path.getsize(target + ".part") != int(length):
        sys.exit("cut short: " + ascii(target))
    if digest:
        found = hashlib.sha256()
        with open(target + ".part", "rb") as file:
            while block := file.read(1 << 20):
                found.update(block)
        if found.hexdigest() != digest:
            os.remove(target + ".part")
            sys.exit("wrong bytes: " + ascii(target))
    os.replace(target + ".part", target)


for one in FILES:
    fetch(*one)
"""


def python(items: Sequence[Item], base: str) -> Iterator[str]:
    """A list of files and the loop that fetches them."""
    yield _HEAD
    for item in items:
        words = ", ".join(map(ascii, (safe_link(item.url), below(base, item.target), item.digest)))
        yield f"    # {comment(item.remark)}\n    ({words}),\n"
    yield _TAIL
