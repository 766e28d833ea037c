"""Widgets that a subgraph shows on its instance: what stands there counts, not what stands inside. Pure.

An instance names them by the subgraph's inputs (`widgets_values_named`, or `widgets_values` in the order of those
inputs that end at a widget), or by `proxyWidgets`: pairs of an inner node and its widget, `-1` for an input.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from modelyard.programs.workflows.widgets import MOST_VALUES, list_of, word
from modelyard.values.untrusted import record, text

Overrides = dict[tuple[str, str], str]
"""Inner node and widget name, to the value that a person set further out."""


Targets = dict[str, list[tuple[str, str]]]
"""Name of a subgraph's input, to the inner nodes and widgets where it ends."""


def inner(instance: Mapping[str, Any], targets: Targets, outer: Mapping[str, str]) -> Overrides:
    """What an instance sets inside its subgraph.

    Args:
        instance: The node that stands for the subgraph.
        targets: Where the subgraph's inputs end.
        outer: What was set on the instance itself, by widget name, when it lies in another instance.
    """
    set_inside: Overrides = {}
    for key, value in dict(_own(instance, list(targets))).items():
        _put(set_inside, targets, key, value)
    proxied = {name: (node, name) for node, name in _proxies(instance)}
    for name, value in outer.items():
        _put(set_inside, targets, ("-1", name) if name in targets else proxied.get(name, ("-1", name)), value)
    return set_inside


def _put(overrides: Overrides, targets: Targets, key: tuple[str, str], value: object) -> None:
    """Set one value. A number where a text belongs is a list that slipped, and believed no more than no value."""
    if isinstance(value, str):
        for target in targets.get(key[1], []) if key[0] == "-1" else [key]:
            overrides[target] = value


def _own(instance: Mapping[str, Any], names: list[str]) -> Iterator[tuple[tuple[str, str], object]]:
    written, named = instance.get("widgets_values"), record(instance.get("widgets_values_named"))
    values = list_of(written)[:MOST_VALUES]
    keys = _proxies(instance) or [("-1", name) for name in names]
    if isinstance(written, dict) or not values or (named and len(keys) != len(values)):
        for name, value in (record(written) or named).items():
            yield ("-1", name), value
        return
    yield from zip(keys, values, strict=False)


def _proxies(instance: Mapping[str, Any]) -> list[tuple[str, str]]:
    entries = list_of(record(instance.get("properties")).get("proxyWidgets"))[:MOST_VALUES]
    return [(word(entry[0]), text(entry[1])) for entry in entries if isinstance(entry, list) and len(entry) >= 2]


def targets(subgraph: Mapping[str, Any]) -> Targets:
    """Each input that ends at widgets, in order, with those widgets."""
    links = dict(filter(None, map(_link, list_of(subgraph.get("links")))))
    nodes = {word(record(node).get("id")): record(node) for node in list_of(subgraph.get("nodes"))}
    found: Targets = {}
    for entry in map(record, list_of(subgraph.get("inputs"))):
        ends = [links[id_] for id_ in map(word, list_of(entry.get("linkIds"))[:MOST_VALUES]) if id_ in links]
        widgets = [(node, name) for node, slot in ends if (name := _widget(nodes.get(node, {}), slot))]
        if widgets:
            found.setdefault(text(entry.get("name")), []).extend(widgets)
    return found


def _link(link: object) -> tuple[str, tuple[str, int]] | None:
    """Id of a link, with the node and slot it ends at; links are objects or, in older files, arrays."""
    if isinstance(link, list) and len(link) >= 5:
        id_, node, slot = link[0], link[3], link[4]
    else:
        told = record(link)
        id_, node, slot = told.get("id"), told.get("target_id"), told.get("target_slot")
    return (word(id_), (word(node), slot)) if isinstance(slot, int) else None


def _widget(node: Mapping[str, Any], slot: int) -> str:
    inputs = list_of(node.get("inputs"))
    return text(record(record(inputs[slot]).get("widget")).get("name")) if 0 <= slot < len(inputs) else ""
