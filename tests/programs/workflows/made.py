"""Workflows made for tests: as small as they can be, in the shapes that ComfyUI writes."""

from __future__ import annotations

from typing import Any

HOST = "https://huggingface.co/org/repo/resolve/main/"


def described(name: str, directory: str, **more: str) -> dict[str, str]:
    """One entry of `properties.models`."""
    return {"name": name, "directory": directory, "url": HOST + name, **more}


def node(
    id_: int,
    kind: str,
    *values: object,
    mode: int = 0,
    widgets: tuple[str, ...] = (),
    models: tuple[dict[str, str], ...] = (),
    **properties: object,
) -> dict[str, Any]:
    """One node of a canvas."""
    inputs = [{"name": name, "type": "COMBO", "widget": {"name": name}, "link": None} for name in widgets]
    more = {"models": list(models)} if models else {}
    return {
        "id": id_,
        "type": kind,
        "mode": mode,
        "inputs": inputs,
        "widgets_values": list(values),
        "properties": {**more, **properties},
    }


def canvas(*nodes: dict[str, Any], subgraphs: tuple[dict[str, Any], ...] = (), **more: object) -> dict[str, Any]:
    """A whole workflow."""
    return {"version": 0.4, "nodes": list(nodes), "links": [], "definitions": {"subgraphs": list(subgraphs)}, **more}


def subgraph(id_: str, *nodes: dict[str, Any], promoted: tuple[tuple[str, int, int], ...] = ()) -> dict[str, Any]:
    """A subgraph; each promoted input has a name, and the inner node and slot where it ends."""
    links = [
        {"id": at, "origin_id": -10, "origin_slot": at, "target_id": inner, "target_slot": slot}
        for at, (_, inner, slot) in enumerate(promoted)
    ]
    inputs = [{"id": f"in-{at}", "name": name, "linkIds": [at]} for at, (name, _, _) in enumerate(promoted)]
    return {"id": id_, "name": id_, "nodes": list(nodes), "links": links, "inputs": inputs}


def queued(name: str = "base.safetensors") -> dict[str, Any]:
    """A prompt with one checkpoint."""
    return {"4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": name, "clip": ["5", 0]}}}
