"""The rule of what is needed, on the canvas."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.programs.workflows.canvas import walk
from modelyard.programs.workflows.documents import of_value
from modelyard.programs.workflows.references import Workflow
from programs.workflows.made import canvas, described, node, subgraph


def plan(value: object) -> Workflow:
    found = of_value(value)
    assert found
    return found


def needed(value: object) -> list[tuple[str, str | None, str]]:
    return [(row["name"], row["directory"], use["node"]) for row in plan(value).needed for use in row["used_by"]]


UNET = described("unet.safetensors", "diffusion_models", hash="a" * 64, hash_type="SHA256")


def test_a_loader_needs_its_model_with_what_the_node_tells_about_it() -> None:
    found = plan(canvas(node(1, "UNETLoader", "unet.safetensors", "default", models=(UNET,))))
    use = {"node": "1", "type": "UNETLoader", "widget": "unet_name"}
    assert found.needed == [{**UNET, "used_by": [use]}]
    assert found.declared_not_needed == []
    assert found.format == "ui"


def test_an_old_workflow_gets_folders_from_the_nodes_and_the_order_of_their_widgets() -> None:
    value = canvas(
        node(1, "CheckpointLoader", "v1.yaml", "old.ckpt"),
        node(2, "LTXAVTextEncoderLoader", "gemma.safetensors", "ltx.safetensors", "default"),
        node(3, "LoadMoGeModel", "moge.pt", widgets=("moge_model",)),
        node(4, "UnetLoaderGGUF", "Flux\\flux.gguf"),
    )
    assert needed(value) == [
        ("old.ckpt", "checkpoints", "1"),
        ("gemma.safetensors", "text_encoders", "2"),
        ("ltx.safetensors", "checkpoints", "2"),
        ("moge.pt", "geometry_estimation", "3"),
        ("Flux\\flux.gguf", "diffusion_models", "4"),
    ]


@pytest.mark.parametrize("mode", [2, 4])
def test_a_muted_or_bypassed_node_is_declared_and_not_needed(mode: int) -> None:
    found = plan(canvas(node(1, "UNETLoader", "unet.safetensors", mode=mode, models=(UNET,))))
    assert found.needed == []
    assert found.declared_not_needed == [{**UNET, "nodes": [{"node": 1, "type": "UNETLoader", "mode": mode}]}]


@pytest.mark.parametrize("mode", [2, 4])
def test_nothing_in_a_switched_off_instance_is_needed_however_deep(mode: int) -> None:
    inside = subgraph("inside", node(1, "UNETLoader", "unet.safetensors", models=(UNET,)))
    outside = subgraph("outside", node(2, "inside"))
    found = plan(canvas(node(3, "outside", mode=mode), subgraphs=(inside, outside)))
    assert found.needed == []
    (row,) = found.declared_not_needed
    assert row["nodes"] == [{"node": 1, "type": "UNETLoader", "mode": 0, "subgraph": "inside"}]


def test_the_path_of_a_node_goes_through_its_instances() -> None:
    inside = subgraph("inside", node(1, "VAELoader", "vae.pt"))
    outside = subgraph("outside", node(2, "inside"), node(3, "inside"))
    assert needed(canvas(node(57, "outside"), subgraphs=(inside, outside))) == [
        ("vae.pt", "vae", "57:2:1"),
        ("vae.pt", "vae", "57:3:1"),
    ]


LOADER = node(1, "UNETLoader", "inner.safetensors", "default", widgets=("unet_name", "weight_dtype"))


def test_a_promoted_widget_overrides_the_inner_one_in_the_order_of_the_inputs() -> None:
    inside = subgraph("s", LOADER, promoted=(("dtype", 1, 1), ("unet", 1, 0)))
    two = canvas(node(5, "s", "fp8", "outer.safetensors"), node(6, "s"), subgraphs=(inside,))
    assert needed(two) == [
        ("outer.safetensors", "diffusion_models", "5:1"),
        ("inner.safetensors", "diffusion_models", "6:1"),
    ]


def test_named_values_override_where_the_list_says_nothing() -> None:
    inside = subgraph("s", LOADER, promoted=(("unet", 1, 0),))
    instance = {**node(5, "s"), "widgets_values_named": {"unet": "outer.safetensors"}}
    assert needed(canvas(instance, subgraphs=(inside,))) == [("outer.safetensors", "diffusion_models", "5:1")]


def test_a_list_of_values_counts_before_its_named_copy() -> None:
    loader = {
        **node(5, "UNETLoader", "a.gguf", "x"),
        "widgets_values_named": {"unet_name": "b.gguf", "weight_dtype": "x"},
    }
    assert needed(canvas(loader)) == [("a.gguf", "diffusion_models", "5")]


def test_proxy_widgets_name_inner_nodes_or_inputs() -> None:
    inside = subgraph("s", LOADER, node(2, "VAELoader", "in.pt", widgets=("vae_name",)), promoted=(("unet", 1, 0),))
    instance = node(5, "s", "out.safetensors", "out.pt", proxyWidgets=[["-1", "unet"], ["2", "vae_name"]])
    assert needed(canvas(instance, subgraphs=(inside,))) == [
        ("out.safetensors", "diffusion_models", "5:1"),
        ("out.pt", "vae", "5:2"),
    ]


def test_what_is_set_outside_goes_through_two_instances() -> None:
    inside = subgraph("in", LOADER, promoted=(("unet", 1, 0),))
    outside = subgraph("out", node(2, "in", "middle.gguf", widgets=("unet",)), promoted=(("model", 2, 0),))
    value = canvas(node(5, "out", "outermost.gguf"), subgraphs=(inside, outside))
    assert needed(value) == [("outermost.gguf", "diffusion_models", "5:2:1")]


def test_a_number_where_a_name_belongs_is_a_list_that_slipped_and_changes_nothing() -> None:
    inside = subgraph("s", LOADER, promoted=(("unet", 1, 0),))
    assert needed(canvas(node(5, "s", 4096), subgraphs=(inside,))) == [("inner.safetensors", "diffusion_models", "5:1")]


def test_the_models_of_the_whole_workflow_describe_what_no_node_does() -> None:
    found = plan(canvas(node(1, "UNETLoader", "unet.safetensors"), models=[UNET, described("other.pt", "vae")]))
    assert found.needed[0]["url"] == UNET["url"]
    assert [row["name"] for row in found.declared_not_needed] == ["other.pt"]


def test_a_description_for_another_folder_is_not_believed() -> None:
    found = plan(canvas(node(1, "VAELoader", "x.safetensors", models=(described("x.safetensors", "loras"),))))
    assert "url" not in found.needed[0]
    assert [row["directory"] for row in found.declared_not_needed] == ["loras"]


def test_nodes_nobody_knows_need_what_they_choose_from_a_list_and_no_text_does() -> None:
    value = canvas(
        node(1, "Strange", "chosen.safetensors", widgets=("model",)),
        node(2, "MarkdownNote", "download big.safetensors"),
        node(3, "Power Lora Loader", {"on": True, "lora": "on.safetensors"}, {"on": False, "lora": "off.safetensors"}),
    )
    assert needed(value) == [("chosen.safetensors", None, "1"), ("on.safetensors", "loras", "3")]


def test_texts_mention_embeddings_and_loras() -> None:
    found = plan(canvas(node(1, "CLIPTextEncode", "a cat, embedding:easynegative, <lora:add detail:0.8>")))
    assert found.needed == []
    assert [(row["name"], row["directory"]) for row in found.mentioned] == [
        ("add detail", "loras"),
        ("easynegative", "embeddings"),
    ]


@pytest.mark.parametrize("name", ["../../etc/x.pt", "/etc/x.pt", "C:\\x.pt", "a\\..\\x.pt", "~/x.pt", "a\x1b[2Jx.pt"])
def test_a_name_that_leaves_its_folder_is_kept_and_told(name: str) -> None:
    found = plan(canvas(node(1, "VAELoader", name)))
    assert found.needed[0]["name"] == name
    assert found.needed[0]["unsafe"] is True
    assert len(found.problems) == 1


def test_a_subgraph_that_holds_itself_is_passed_over_and_told() -> None:
    ring = (subgraph("a", node(1, "b"), node(2, "VAELoader", "x.pt")), subgraph("b", node(3, "a")))
    found = plan(canvas(node(9, "a"), subgraphs=ring))
    assert [row["name"] for row in found.needed] == ["x.pt"]
    assert "holds itself" in found.problems[0]


def test_instances_too_deep_are_told() -> None:
    chain = tuple(subgraph(f"s{at}", node(1, f"s{at + 1}")) for at in range(200))
    assert "deep" in plan(canvas(node(9, "s0"), subgraphs=chain)).problems[0]


def test_instances_that_double_at_each_level_end_soon() -> None:
    chain = tuple(subgraph(f"s{at}", node(1, f"s{at + 1}"), node(2, f"s{at + 1}")) for at in range(40))
    began = time.monotonic()
    found = plan(canvas(node(9, "s0"), subgraphs=chain))
    assert "too large" in found.problems[0]
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    "heavy",
    [
        node(1, "LoaderX", *["<lora:a:1>" * 2000] * 20),
        node(1, "LoaderX", *[1] * 10_000),
        node(1, "LoaderX", widgets=tuple(map(str, range(10_000)))),
        node(1, "LoaderX", models=tuple({"name": str(at)} for at in range(1000))),
        node(1, "empty", *["x"] * 10_000, proxyWidgets=[["-1", str(at)] for at in range(10_000)]),
    ],
    ids=["texts", "values", "inputs", "models", "proxies"],
)
def test_a_heavy_node_in_many_instances_ends_soon(heavy: dict[str, Any]) -> None:
    inside = (subgraph("s", heavy), subgraph("empty"))
    began = time.monotonic()
    found = plan(canvas(*(node(at, "s") for at in range(50_000)), subgraphs=inside))
    assert "too large" in found.problems[0]
    assert time.monotonic() - began < 20


def test_a_hundred_thousand_nodes_are_read() -> None:
    began = time.monotonic()
    found = plan(canvas(*(node(at, "LoraLoader", f"l{at}.safetensors", 1, 1) for at in range(100_000))))
    assert len(found.needed) == 100_000
    assert time.monotonic() - began < 20


KEYS = (
    ("id", "type", "mode", "nodes", "inputs", "name", "link", "links", "linkIds", "widget", "widgets_values", "lora")
    + ("widgets_values_named", "properties", "models", "proxyWidgets", "definitions", "subgraphs", "target_id", "on")
    + ("target_slot", "directory", "url", "hash")
)

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["x.pt", "s", "-1"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=6,
        )
    ),
    max_leaves=30,
)


@given(nodes=st.lists(JSON, max_size=4), inside=JSON, more=JSON)
def test_wrong_types_anywhere_are_absent_never_a_crash(nodes: list[Any], inside: Any, more: Any) -> None:
    strange = {"id": "s", "nodes": nodes, "links": more, "inputs": inside}
    whole = {"nodes": [*nodes, {"id": 1, "type": "s", "widgets_values": more}], "models": more}
    for definitions in ({"subgraphs": [strange]}, inside):
        found = walk({**whole, "definitions": definitions})
        assert all(isinstance(each.name, str) for each in found.candidates)
    assert of_value({**whole, "definitions": {"subgraphs": [strange]}})
