"""Plans as they are answered: a key that stands in a link of the workflow is fetched with, and not said again.

What follows `?` in a link to a plain server may be somebody's secret under any name: only the owner is told it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from modelyard.app import App
from modelyard.errors import YardError
from modelyard.hubs.web.addresses import NAME as WEB
from modelyard.jobs.addressing import forget, read_address, without_secrets
from modelyard.jobs.workflows.plan import Candidate, PlannedModel
from modelyard.keys.redaction import MASK
from modelyard.net.url import without_query

_LINKS = ("url", "page", "gate")
_CUT = "?…"


class Links(msgspec.Struct, frozen=True):
    """Takes keys out of what a plan says; names and paths stay as they are, whatever they look like.

    Attributes:
        owner: Whether the owner of the machine asks.
    """

    app: App
    owner: bool

    def link(self, text: str) -> str:
        """A link without its keys."""
        if not text[:8].lower().startswith(("http://", "https://")):
            return self.app.redactor.text(text)
        shown = self.app.redactor.text(without_secrets(self.app.hubs, text))
        bare = without_query(shown)
        return shown if self.owner or bare == shown or not self._is_plain(text) else f"{bare}{_CUT}"

    def _is_plain(self, text: str) -> bool:
        """Whether a link leads to a server that is no hub."""
        try:
            return read_address(self.app.hubs, text, forget)[0].name == WEB
        except YardError:
            return True

    def row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A row of a reader."""
        told = {**row, **{name: self.link(row[name]) for name in ("url", "address") if isinstance(row.get(name), str)}}
        if isinstance(row.get("mirrors"), list | tuple):
            told["mirrors"] = [self.link(str(each)) for each in row["mirrors"]]
        return told

    def model(self, model: PlannedModel) -> PlannedModel:
        """A row of a plan; an address that is nothing without its key is left out, so that nobody asks for it."""
        links = {name: self.link(getattr(model, name)) for name in _LINKS}
        said = [text for text in (model.url, model.address, *(one.address for one in model.candidates)) if text]
        steps = tuple(self._words(step, said) for step in model.steps)
        why = self._words(model.why, said)
        near = tuple(map(self._candidate, model.candidates))
        address = self._address(model.address)
        return msgspec.structs.replace(model, **links, address=address, steps=steps, why=why, candidates=near)

    def _words(self, text: str, links: Sequence[str]) -> str:
        """A sentence without the keys of the links in it."""
        for link in sorted(links, key=len, reverse=True):
            text = text.replace(link, self.link(link))
        return self.app.redactor.text(text)

    def _candidate(self, one: Candidate) -> Candidate:
        return msgspec.structs.replace(one, address=self._address(one.address), page=self.link(one.page))

    def _address(self, address: str) -> str:
        shown = self.link(address)
        is_cut = shown.endswith(_CUT) or (MASK in shown and MASK not in address)
        return "" if is_cut else shown
