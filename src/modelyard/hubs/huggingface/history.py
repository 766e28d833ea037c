"""The history of a repository at Hugging Face: which commit changed a file last, and what came before (facts 2.4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import quote

from modelyard.errors import BadAnswer, YardError
from modelyard.hubs.huggingface.entries import is_commit
from modelyard.hubs.huggingface.listing import next_page
from modelyard.net.api import Answer, Api
from modelyard.values.about import Change
from modelyard.values.offers import Address
from modelyard.values.untrusted import record, records, text

_AT_ONCE = 50
"""Paths of one question: with their commits the hub tells pages of 50."""

_MOST_PAGES = 20
_UNKNOWN_HERE = frozenset({400, 404, 405, 501})
"""Statuses by which a mirror says that it does not know a route; whether the repository is there is known before."""

Explain = Callable[[Answer, Address], YardError]


class Historian:
    """Asks one endpoint. Implements `Committing`."""

    def __init__(self, api: Api, endpoint: str, explain: Explain) -> None:
        self._api = api
        self._endpoint = endpoint
        self._explain = explain

    def changes(self, address: Address, paths: Sequence[str]) -> dict[str, Change]:
        """See `Committing.changes`."""
        found: dict[str, Change] = {}
        url = f"{self._endpoint}/api/{address.kind}s/{address.model}/paths-info/{_revision(address)}"
        for first in range(0, len(paths), _AT_ONCE):
            answer = self._api.post(url, {"paths": list(paths[first : first + _AT_ONCE]), "expand": True})
            if answer.status in _UNKNOWN_HERE:
                break
            for entry in records(self._list(answer, address)):
                last = record(entry.get("lastCommit"))
                if is_commit(commit := text(last.get("id"))):
                    found[text(entry.get("path"))] = Change(commit, text(last.get("title")), text(last.get("date"), 40))
        return found

    def in_history(self, address: Address, commit: str) -> bool | None:
        """See `Committing.in_history`.

        Not told of a history that is too long for a few pages, and of a commit that is nowhere in the repository: the
        whole history was written anew.
        """
        if address.revision == commit:
            return True
        answer = self._api.get(f"{self._endpoint}/api/{address.kind}s/{address.model}/commits/{_revision(address)}")
        for _ in range(_MOST_PAGES):
            if answer.status in _UNKNOWN_HERE:
                return None
            if any(one.get("id") == commit for one in records(self._list(answer, address))):
                return True
            following = next_page(answer)
            if following is None:
                return False if self._is_there(address, commit) else None
            answer = self._api.get(following)
        return None

    def _is_there(self, address: Address, commit: str) -> bool:
        return self._api.get(f"{self._endpoint}/api/{address.kind}s/{address.model}/revision/{commit}").status == 200

    def _list(self, answer: Answer, address: Address) -> object:
        if answer.status != 200:
            raise self._explain(answer, address)
        value = answer.json()
        if not isinstance(value, list):
            raise BadAnswer(f"What Hugging Face tells of the history of {address.model} is no list.")
        return value


def _revision(address: Address) -> str:
    return quote(address.revision or "main", safe="")
