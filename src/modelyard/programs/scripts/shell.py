"""Scripts for a POSIX shell: lines of `modelyard get`, and plain curl."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from modelyard.programs.scripts.items import Item, below, comment, safe_address, safe_link

_CURL = """\
#!/bin/sh
# Fetches and proves {count}; needs curl and sha256sum or shasum. Run it again to go on.
# Keys are read from HF_TOKEN and CIVITAI_TOKEN, and stand on no command line.
set -eu

digest() {{ if command -v sha256sum > /dev/null; then sha256sum; else shasum -a 256; fi; }}

proven() {{ # file, SHA-256 or nothing
    [ -n "$2" ] && [ -e "$1" ] && [ "$(digest < "$1" | cut -c 1-64)" = "$2" ]
}}

fetch() {{ # link, target, SHA-256 or nothing
    [ ! -e "$2" ] || {{ echo "here: $2"; return; }}
    mkdir -p -- "$(dirname -- "$2")"
    [ -n "$3" ] || rm -f -- "$2.part"  # without a hash nobody could tell whether two halves belong together
    case $1 in
        https://huggingface.co/*) key=${{HF_TOKEN-}} ;;
        https://civitai.com/*) key=${{CIVITAI_TOKEN-}} ;;
        *) key= ;;
    esac
    proven "$2.part" "$3" || printf '%s\\n' "${{key:+header = \\"Authorization: Bearer $key\\"}}" |
        curl --config - --fail --location --globoff --retry 5 --continue-at - --output "$2.part" --url "$1"
    [ -z "$3" ] || proven "$2.part" "$3" || {{ rm -f -- "$2.part"; echo "wrong bytes: $2" >&2; exit 6; }}
    mv -- "$2.part" "$2"
}}

"""


def modelyard(items: Sequence[Item], base: str) -> Iterator[str]:
    """One line of `modelyard get` each."""
    yield "#!/bin/sh\nset -e\n"
    for item in items:
        address = safe_address(item.address) or safe_link(item.url)
        place = below(base, item.target)
        one = bool(safe_link(item.url))  # else the address may stand for several files, which go into a folder
        words = ["modelyard", "get", "--to", place if one else place.rpartition("/")[0] + "/"]
        words += ["--sha256", item.digest] if item.digest and one else []
        yield f"# {comment(item.remark)}\n{shlex.join([*words, '--', address])}\n"


def curl(items: Sequence[Item], base: str) -> Iterator[str]:
    """A function that fetches and proves one file, and a call of it each."""
    yield _CURL.format(count=f"{len(items)} files")
    for item in items:
        words = shlex.join(["fetch", safe_link(item.url), below(base, item.target), item.digest])
        yield f"# {comment(item.remark)}\n{words}\n"


def why_not_shell(item: Item, *, link: bool) -> str:
    """Why a file cannot stand in such a script; empty when it can."""
    if "\0" in item.target:
        return "Its name cannot be said in a shell."
    if link:
        return "" if safe_link(item.url) else "Nobody knows a lasting link to it."
    return "" if safe_address(item.address) or safe_link(item.url) else "Nobody knows where it can be had."
