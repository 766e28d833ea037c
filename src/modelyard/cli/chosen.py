"""The models that a command is about: found by what was typed, and told one by one."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from modelyard.cli.paths import absolute
from modelyard.cli.telling import Teller
from modelyard.cli.yard import Yard
from modelyard.server.problem import error_told


def found(yard: Yard, text: str) -> dict[str, Any]:
    """A model by its number or its path, with everything that is known of it."""
    if text.isdigit():
        told: dict[str, Any] = yard("GET", f"/models/{text}")
    else:
        told = yard("GET", f"/models/at?{urlencode({'path': absolute(text).rstrip('/')})}")
    return told


def shown(teller: Teller, told: list[dict[str, Any]], words: Any) -> int:
    """Tell what became of each; gives the exit code: that of the first one that failed."""
    code = 0
    for one in told:
        teller.data(one)
        if one.get("error"):
            error = error_told(**one["error"])
            code = code or error.exit_code
            if not teller.as_json:
                teller.error(error, str(one["id"]))
        else:
            teller.result(words(one))
    return code
