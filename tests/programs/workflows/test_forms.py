"""A workflow needs the same models as a canvas, as the prompt that it is queued as, and in every kind of file."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from modelyard.programs.workflows.reading import read_stream
from programs.workflows.containers import boxed
from programs.workflows.made import canvas, described, node, subgraph

UNET = described("unet.safetensors", "diffusion_models", hash="a" * 64, hash_type="SHA256")
LOADER = node(1, "UNETLoader", "inner.gguf", "default", widgets=("unet_name", "weight_dtype"), models=(UNET,))
VAE = node(2, "VAELoader", "in.pt", widgets=("vae_name",))
TEXT = node(1, "CLIPTextEncode", "embedding:easy, <lora:add detail:0.8>, not.safetensors", widgets=("text",))
TEXT["inputs"][0]["type"] = "STRING"
PROMOTED = subgraph("s", LOADER, VAE, promoted=(("dtype", 1, 1), ("unet", 1, 0)))

WORKFLOWS: dict[str, dict[str, Any]] = {
    "loaders of each kind": canvas(
        LOADER,
        VAE,
        node(3, "CheckpointLoaderSimple", "sub\\base.ckpt", widgets=("ckpt_name",)),
        node(4, "LoraLoader", "värld.pt", 1, 0.5, widgets=("lora_name", "strength_model", "strength_clip")),
        node(5, "DualCLIPLoader", "a.sft", "b.sft", "flux", widgets=("clip_name1", "clip_name2", "type")),
    ),
    "muted and bypassed": canvas({**LOADER, "mode": 2}, {**VAE, "id": 3, "mode": 4}, VAE),
    "an instance that is switched off": canvas(node(5, "s", mode=4), node(6, "s"), subgraphs=(PROMOTED,)),
    "instances in instances": canvas(
        node(57, "outside"),
        subgraphs=(subgraph("s", LOADER), subgraph("outside", node(2, "s"), node(3, "s"), node(4, "s", mode=2))),
    ),
    "promoted widgets": canvas(node(5, "s", "fp8", "outer.safetensors"), node(6, "s"), subgraphs=(PROMOTED,)),
    "promoted through two": canvas(
        node(5, "out", "outermost.gguf"),
        subgraphs=(
            subgraph("in", LOADER, promoted=(("unet", 1, 0),)),
            subgraph("out", node(2, "in", "middle.gguf", widgets=("unet",)), promoted=(("model", 2, 0),)),
        ),
    ),
    "proxies": canvas(
        node(5, "s", "fp8", "out.pt", proxyWidgets=[["-1", "dtype"], ["2", "vae_name"]]), subgraphs=(PROMOTED,)
    ),
    "nodes that nobody knows, and a list of LoRAs": canvas(
        node(1, "Strange", "chosen.safetensors", widgets=("model",)),
        node(
            *(3, "Power Lora Loader", {"on": True, "lora": "on.pt"}, {"on": False, "lora": "off.pt"}),
            widgets=("lora_1", "lora_2"),
        ),
    ),
    "texts": canvas(TEXT, VAE),
}


def prompt_of(whole: Mapping[str, Any]) -> dict[str, Any]:
    """What a front end queues of a canvas: nodes that run, those of subgraphs too, with the values that count."""
    subgraphs = {each["id"]: each for each in whole["definitions"]["subgraphs"]}

    def flat(nodes: list[Any], path: str, outer: Mapping[int, Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
        for each in (one for one in nodes if one["mode"] == 0):
            inside = subgraphs.get(each["type"])
            names = [told["name"] for told in each["inputs"] or (inside or {}).get("inputs", ())]
            proxies = each["properties"].get("proxyWidgets", ())
            at = path + str(each["id"])
            if inside is None:
                values = dict(zip(names, each["widgets_values"], strict=True)) | outer.get(each["id"], {})
                yield at, {"class_type": each["type"], "inputs": values}
                continue
            named = {} if proxies else dict(zip(names, each["widgets_values"], strict=False))
            yield from flat(inside["nodes"], f"{at}:", set_in(inside, each, named | outer.get(each["id"], {})))

    return dict(flat(whole["nodes"], "", {}))


def set_in(inside: Mapping[str, Any], instance: Mapping[str, Any], named: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """Values that an instance gives to nodes inside, by their numbers and inputs."""
    found: dict[int, dict[str, Any]] = {}
    for (inner, name), value in zip(
        instance["properties"].get("proxyWidgets", ()), instance["widgets_values"], strict=False
    ):
        if inner == "-1":
            named[name] = value
        else:
            found.setdefault(int(inner), {})[name] = value
    # an instance inside may call what it promotes otherwise than its subgraph does
    ours = [told["name"] for told in instance["inputs"]] or [told["name"] for told in inside["inputs"]]
    nodes = {each["id"]: each for each in inside["nodes"]}
    for link in inside["links"]:
        name, target = ours[link["origin_slot"]], nodes[link["target_id"]]
        if name in named:
            slot = target["inputs"][link["target_slot"]]["name"]
            found.setdefault(target["id"], {})[slot] = named[name]
    return found


Needed = list[tuple[str, str | None, str, str]]


def needed(data: bytes) -> Needed:
    """What a file needs: name, folder, node and input of each."""
    found = read_stream(io.BytesIO(data), len(data))
    assert found is not None
    rows = ((row["name"], row["directory"], use) for row in found.needed for use in row["used_by"])
    return sorted((name, folder, use["node"], use["widget"]) for name, folder, use in rows)


@pytest.mark.parametrize("kind", WORKFLOWS)
def test_both_forms_need_the_same_in_every_kind_of_file(kind: str) -> None:
    whole = WORKFLOWS[kind]
    texts = {"workflow": json.dumps(whole, ensure_ascii=False), "prompt": json.dumps(prompt_of(whole))}
    expected = needed(texts["workflow"].encode())
    assert expected and needed(texts["prompt"].encode()) == expected
    forms = {name: write for name, (_, write) in boxed.FORMS.items()} | {"jpeg": boxed.jpeg_text}
    for name, write in forms.items():
        for told in (texts, *({key: text} for key, text in texts.items())):
            assert needed(write(told)) == expected, (name, list(told))


def test_the_models_of_these_workflows_are_those_that_count() -> None:
    names = {kind: [row[0] for row in needed(json.dumps(whole).encode())] for kind, whole in WORKFLOWS.items()}
    assert names["muted and bypassed"] == ["in.pt"]
    assert names["an instance that is switched off"] == ["in.pt", "inner.gguf"]
    assert names["instances in instances"] == ["inner.gguf", "inner.gguf"]
    assert names["promoted widgets"] == ["in.pt", "in.pt", "inner.gguf", "outer.safetensors"]
    assert names["promoted through two"] == ["outermost.gguf"]
    assert names["proxies"] == ["inner.gguf", "out.pt"]
    assert names["nodes that nobody knows, and a list of LoRAs"] == ["chosen.safetensors", "on.pt"]
    assert names["texts"] == ["in.pt"]
