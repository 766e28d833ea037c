"""UI JSON (the canvas as ComfyUI saves it): walks active nodes, into subgraphs, and collects what names models. Pure.

The rule is the front end's: muted and bypassed nodes do not count, nor anything in a muted or bypassed instance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from modelyard.programs.workflows import promoted, spoken
from modelyard.programs.workflows.references import Candidate, Declared, Found
from modelyard.programs.workflows.widgets import combos_of, list_of, models_in, values_of, word
from modelyard.values.untrusted import record, records, text

MOST_NODES = 300_000
"""Nodes of one workflow that are visited, those of subgraphs once for each instance."""

MOST_WORK = 3_000_000
"""Nodes, values and lines of text that are looked at: a small file of nested instances can mean billions."""

DEEPEST = 64
"""Instances within instances."""

OFF = (2, 4)
"""Modes of a node that does not run: muted, bypassed."""


def walk(workflow: Mapping[str, Any]) -> Found:
    """Everything a canvas says about models; what is too deep, too many or in a circle is told in `problems`."""
    return _Walk(workflow).found()


class _Walk:
    """One walk over one workflow."""

    def __init__(self, workflow: Mapping[str, Any]) -> None:
        self._workflow = workflow
        definitions = list_of(record(workflow.get("definitions")).get("subgraphs"))
        self._subgraphs = {
            text(each.get("id")): each for each in reversed([*map(record, definitions)]) if each.get("id")
        }
        self._nodes, self._work = MOST_NODES, MOST_WORK
        self._targets: dict[str, promoted.Targets] = {}
        self._candidates: list[Candidate] = []
        self._mentioned: list[dict[str, Any]] = []
        self._problems: dict[str, None] = {}

    def found(self) -> Found:
        """Walk, and tell."""
        self._graph(self._workflow, "", {}, ())
        return Found(tuple(self._candidates), tuple(self._declared()), tuple(self._mentioned), tuple(self._problems))

    def _graph(
        self, graph: Mapping[str, Any], prefix: str, overrides: promoted.Overrides, above: tuple[str, ...]
    ) -> None:
        set_on: dict[str, dict[str, str]] = {}
        for (node_id, name), value in overrides.items():
            set_on.setdefault(node_id, {})[name] = value
        for node in map(record, list_of(graph.get("nodes"))):
            self._nodes -= 1
            if self._nodes < 0 or self._work < 0:
                self._problems["The workflow is too large: the rest was not looked at."] = None
                return
            if node.get("mode") in OFF or not node:
                continue
            node_id, kind = word(node.get("id")), text(node.get("type"))
            if kind in self._subgraphs:
                self._instance(node, kind, prefix + node_id, set_on.get(node_id, {}), above)
            else:
                self._node(node, kind, prefix + node_id, set_on.get(node_id, {}), above[-1] if above else "")

    def _instance(
        self, node: Mapping[str, Any], kind: str, path: str, outer: Mapping[str, str], above: tuple[str, ...]
    ) -> None:
        if kind in above:
            self._problems["A subgraph holds itself; that instance was passed over."] = None
        elif len(above) >= DEEPEST:
            self._problems[f"Subgraphs lie more than {DEEPEST} deep; the deepest were passed over."] = None
        else:
            subgraph = self._subgraphs[kind]
            if kind not in self._targets:
                self._targets[kind] = promoted.targets(subgraph)
            overrides = promoted.inner(node, self._targets[kind], outer)
            self._work -= _parts(node) + len(overrides)
            self._graph(subgraph, path + ":", overrides, (*above, kind))

    def _node(self, node: Mapping[str, Any], kind: str, path: str, outer: Mapping[str, str], subgraph: str) -> None:
        values = {**values_of(node), **outer}
        self._work -= sum(1 + len(value) // 10 if isinstance(value, str) else 1 for value in values.values())
        self._work -= _parts(node)
        declared = frozenset(text(each.get("name")) for each in _models(node))
        for name, folder, widget in models_in(kind, values, combos_of(node), declared):
            self._candidates.append(Candidate(name, folder, path, kind, text(widget), _place(subgraph, node)))
        self._mentioned += spoken.mentions(values, path, kind)

    def _declared(self) -> Iterator[Declared]:
        """What is declared anywhere, in order."""
        graphs = [("", self._workflow), *reversed(self._subgraphs.items())]
        for subgraph, graph in graphs:
            for node in map(record, list_of(graph.get("nodes"))):
                for model in _models(node):
                    yield _described(model, node, subgraph, _place(subgraph, node))
        for model in records(self._workflow.get("models")):
            if text(model.get("name")):
                yield _described(model, {}, "", "")


def _parts(node: Mapping[str, Any]) -> int:
    """How much has to be looked at for one visit of a node."""
    properties = record(node.get("properties"))
    lists = (node.get("inputs"), node.get("widgets_values"), properties.get("models"), properties.get("proxyWidgets"))
    return 1 + sum(len(list_of(each)) for each in lists)


def _place(subgraph: str, node: Mapping[str, Any]) -> str:
    return f"{subgraph}/{word(node.get('id'))}"


def _models(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [model for model in records(record(node.get("properties")).get("models")) if text(model.get("name"))]


def _described(model: Mapping[str, Any], node: Mapping[str, Any], subgraph: str, place: str) -> Declared:
    id_, mode = node.get("id", ""), node.get("mode")
    return Declared(
        name=text(model.get("name")),
        directory=text(model.get("directory")),
        url=text(model.get("url")),
        hash=text(model.get("hash")),
        hash_type=text(model.get("hash_type")),
        node=id_ if isinstance(id_, int) and abs(id_) < 2**63 else text(id_),
        type=text(node.get("type")),
        mode=mode if isinstance(mode, int) and abs(mode) < 2**63 else 0,
        subgraph=subgraph,
        place=place,
    )
