"""Plans as they are answered: a key that stands in a link of the workflow is fetched with, and not said again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from modelyard.app import App
from modelyard.jobs.addressing import without_secrets
from modelyard.jobs.workflows.plan import Candidate, PlannedModel
from modelyard.keys.redaction import MASK

_LINKS = ("url", "page", "gate")


@dataclass(frozen=True, slots=True)
class Links:
    """Takes keys out of what a plan says; names and paths stay as they are, whatever they look like."""

    app: App

    def link(self, text: str) -> str:
        """A link without its keys."""
        is_link = text[:8].lower().startswith(("http://", "https://"))
        return self.app.redactor.text(without_secrets(self.app.hubs, text) if is_link else text)

    def row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A row of a reader."""
        told = {**row, **{name: self.link(row[name]) for name in ("url", "address") if isinstance(row.get(name), str)}}
        if isinstance(row.get("mirrors"), list | tuple):
            told["mirrors"] = [self.link(str(each)) for each in row["mirrors"]]
        return told

    def model(self, model: PlannedModel) -> PlannedModel:
        """A row of a plan; an address that is nothing without its key is left out, so that nobody asks for it."""
        links = {name: self.link(getattr(model, name)) for name in _LINKS}
        steps = tuple(map(self.app.redactor.text, model.steps))
        why = self.app.redactor.text(model.why)
        near = tuple(map(self._candidate, model.candidates))
        address = self._address(model.address)
        return msgspec.structs.replace(model, **links, address=address, steps=steps, why=why, candidates=near)

    def _candidate(self, one: Candidate) -> Candidate:
        return msgspec.structs.replace(one, address=self._address(one.address), page=self.link(one.page))

    def _address(self, address: str) -> str:
        shown = self.link(address)
        return "" if MASK in shown and MASK not in address else shown
