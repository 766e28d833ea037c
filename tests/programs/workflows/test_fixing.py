"""Names of models are replaced where they stand, and nothing else changes."""

from __future__ import annotations

import contextlib
import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import comfyui_workflow_templates_json
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from modelyard.errors import NotSupported, NoWorkflow
from modelyard.programs.workflows.fixing import rewrite
from modelyard.programs.workflows.reading import read_stream
from modelyard.programs.workflows.references import Workflow
from programs.workflows.containers import boxed
from programs.workflows.made import canvas, described, node, queued, subgraph

TEMPLATES = Path(next(iter(comfyui_workflow_templates_json.__path__)))
Make = Callable[[dict[str, str]], bytes]
OLD, NEW = "old.safetensors", "new ü.safetensors"
VAE = canvas(node(1, "VAELoader", OLD, models=(described(OLD, "vae"),)), text=OLD)


def raw(value: object, **how: Any) -> bytes:
    return json.dumps(value, **how).encode()


def read(data: bytes) -> Workflow:
    found = read_stream(io.BytesIO(data), len(data))
    assert found
    return found


def names_or_none(data: bytes) -> list[str] | None:
    found = read_stream(io.BytesIO(data), len(data))
    return [row["name"] for row in found.needed] if found else None


def names(data: bytes) -> list[str]:
    return [row["name"] for row in read(data).needed]


@pytest.mark.parametrize("how", [{}, {"indent": 3}, {"ensure_ascii": False}, {"separators": (" , ", " : ")}])
def test_only_the_name_changes_however_the_json_is_written(how: dict[str, Any]) -> None:
    before = raw({**VAE, "n": 1.50, "odd": "ß"}, **how)
    new = json.dumps(NEW, ensure_ascii=before.isascii()).encode()
    after = rewrite(before, {(OLD, "vae"): NEW})
    parts = before.split(json.dumps(OLD).encode())
    assert len(parts) == 4  # the widget, the declaration, and a text that is no model's name
    assert after == parts[0] + new + parts[1] + new + parts[2] + json.dumps(OLD).encode() + parts[3]


def test_a_fixed_workflow_keeps_what_it_declares_about_the_model() -> None:
    (row,) = read(rewrite(raw(VAE), {(OLD, "vae"): NEW})).needed
    assert (row["name"], row["directory"], row["url"]) == (NEW, "vae", described(OLD, "vae")["url"])


def test_one_name_in_two_folders_is_two_models() -> None:
    workflow = canvas(node(1, "CheckpointLoaderSimple", OLD), node(2, "UNETLoader", OLD, "default"))
    after = rewrite(raw(workflow), {(OLD, "checkpoints"): "a.ckpt", (OLD, "diffusion_models"): "b.sft"})
    assert names(after) == ["a.ckpt", "b.sft"]
    assert names(rewrite(raw(workflow), {(OLD, "checkpoints"): "a.ckpt"})) == ["a.ckpt", OLD]


def test_texts_that_people_wrote_stay() -> None:
    workflow = canvas(
        node(1, "VAELoader", OLD), node(2, "CLIPTextEncode", OLD), node(3, "MarkdownNote", OLD), extra={"title": OLD}
    )
    after = json.loads(rewrite(raw(workflow), {(OLD, "vae"): NEW}))
    assert [told["widgets_values"] for told in after["nodes"]] == [[NEW], [OLD], [OLD]]
    assert after["extra"] == {"title": OLD}


def test_a_promoted_value_and_the_one_below_it_change() -> None:
    inner = subgraph("sub", node(5, "VAELoader", OLD, widgets=("vae_name",)), promoted=(("vae_name", 5, 0),))
    workflow = canvas(node(57, "sub", OLD), subgraphs=(inner,))
    assert names(rewrite(raw(workflow), {(OLD, "vae"): NEW})) == [NEW]


def test_a_prompt_is_fixed_too_and_so_is_one_inside_an_object() -> None:
    assert names(rewrite(raw(queued(OLD)), {(OLD, "checkpoints"): NEW})) == [NEW]
    assert names(rewrite(raw({"prompt": queued(OLD)}), {(OLD, "checkpoints"): NEW})) == [NEW]


def test_names_that_are_escaped_are_found() -> None:
    workflow = canvas(node(1, "VAELoader", "a\\värld.pt"))
    assert names(rewrite(raw(workflow), {("a\\värld.pt", "vae"): NEW})) == [NEW]


PICTURES: dict[str, Callable[[dict[str, str]], bytes]] = {
    "tEXt": boxed.png_text,
    "zTXt": lambda texts: boxed.png_text(texts, b"zTXt"),
    "iTXt": lambda texts: boxed.png_text(texts, b"iTXt"),
    "comf": lambda texts: boxed.png_text(texts, b"comf"),
    "webp": boxed.webp,
}


@pytest.mark.parametrize("kind", PICTURES)
def test_both_forms_in_a_picture_are_fixed_and_it_is_still_the_picture(kind: str) -> None:
    make = PICTURES[kind]
    before = make({"prompt": json.dumps(queued(OLD)), "workflow": json.dumps(canvas(node(1, "VAELoader", OLD)))})
    after = rewrite(before, {(OLD, ""): NEW})
    assert names(after) == [NEW]
    assert after != before == rewrite(before, {("else.pt", ""): NEW})
    alone = rewrite(make({"prompt": json.dumps(queued(OLD))}), {(OLD, ""): NEW})
    assert names(alone) == [NEW]
    if kind != "webp":
        with Image.open(io.BytesIO(after)) as picture:
            picture.load()


def test_a_png_differs_by_the_changed_chunk_alone() -> None:
    texts = {"parameters": "a cat", "workflow": json.dumps(canvas(node(1, "VAELoader", OLD)))}
    changed = {**texts, "workflow": json.dumps(canvas(node(1, "VAELoader", NEW)))}
    assert rewrite(boxed.png_text(texts), {(OLD, "vae"): NEW}) == boxed.png_text(changed)


@pytest.mark.parametrize("kind", ["WEBP", "JPEG"])
def test_a_real_picture_keeps_its_pixels(kind: str) -> None:
    exif, out = Image.Exif(), io.BytesIO()
    exif[0x010F] = "workflow:" + json.dumps(VAE)
    Image.new("RGB", (9, 7), (20, 40, 60)).save(out, kind, exif=exif)
    after = rewrite(out.getvalue(), {(OLD, "vae"): NEW})
    assert names(after) == [NEW]
    with Image.open(io.BytesIO(after)) as new, Image.open(io.BytesIO(out.getvalue())) as old:
        assert new.tobytes() == old.tobytes()


def test_a_text_too_long_for_a_jpeg_is_refused() -> None:
    exif, out = Image.Exif(), io.BytesIO()
    exif[0x010F] = "workflow:" + json.dumps({**VAE, "filler": "x" * 64_000})
    Image.new("RGB", (9, 7)).save(out, "JPEG", exif=exif)
    with pytest.raises(NoWorkflow, match="longer than"):
        rewrite(out.getvalue(), {(OLD, "vae"): "a" * 900 + ".pt"})


VIDEOS_AND_SOUND = [boxed.mp4, boxed.webm, boxed.flac, boxed.ogg, boxed.mp3, boxed.latent]


@pytest.mark.parametrize("make", VIDEOS_AND_SOUND)
@pytest.mark.parametrize("new", ["a.pt", "same_size.safetensors"[-len(OLD) :], "ü" * 300 + ".pt", "long" * 200 + ".pt"])
def test_the_name_in_a_video_or_sound_is_changed_and_back_again(make: Make, new: str) -> None:
    before = make({"workflow": json.dumps(VAE)})
    after = rewrite(before, {(OLD, "vae"): new})
    assert names(after) == [new]
    assert rewrite(before, {("else.pt", ""): new}) == before
    if make not in (
        boxed.mp3,
        boxed.ogg,
    ):  # a tag keeps the room that it once took; pages are laid as full as they can be
        assert rewrite(after, {(new, "vae"): OLD}) == before


@pytest.mark.parametrize("make", [*VIDEOS_AND_SOUND, boxed.webp])
def test_a_file_that_is_cut_anywhere_is_kept_or_refused(make: Make) -> None:
    whole = make({"workflow": json.dumps(VAE)})
    for end in range(len(whole)):
        with contextlib.suppress(NoWorkflow, NotSupported):
            assert names_or_none(rewrite(whole[:end], {(OLD, "vae"): NEW})) in ([NEW], [OLD], None)


def test_a_model_is_never_changed() -> None:
    header = json.dumps({"__metadata__": {"workflow": json.dumps(VAE)}, "x": {"dtype": "F32"}}).encode()
    with pytest.raises(NotSupported, match="model"):
        rewrite(len(header).to_bytes(8, "little") + header + bytes(8), {(OLD, "vae"): NEW})


@pytest.mark.parametrize("data", [b"{", b"{}", b'{"nodes": 1}', b"\xef\xbb\xbf {}"])
def test_what_is_no_workflow_is_refused(data: bytes) -> None:
    with pytest.raises(NoWorkflow):
        rewrite(data, {(OLD, ""): NEW})


@pytest.mark.parametrize("data", [b"", b"[]", b"hello", b"\xff\xfe{", b"a cat <lora:x:1>\nSteps: 20", b"models: []"])
def test_a_text_that_is_no_json_is_refused_with_another_way(data: bytes) -> None:
    with pytest.raises(NotSupported) as told:
        rewrite(data, {(OLD, ""): NEW})
    assert "--link" in told.value.hint


@pytest.mark.parametrize("kind", PICTURES)
def test_a_picture_that_is_cut_anywhere_is_kept_or_refused(kind: str) -> None:
    whole = PICTURES[kind]({"workflow": json.dumps(VAE)})
    for end in range(len(whole)):
        try:
            after = rewrite(whole[:end], {(OLD, "vae"): NEW})
        except (NoWorkflow, NotSupported):
            continue
        assert len(after) >= end


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text() | st.just(OLD),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text() | st.just(OLD), inside, max_size=4),
    max_leaves=25,
)


@given(JSON, st.booleans(), st.none() | st.integers(0, 3))
def test_whatever_stands_around_it_stays(around: object, escaped: bool, indent: int | None) -> None:
    def made(name: str) -> bytes:
        value = {"around": around, **canvas(node(1, "VAELoader", name)), "after": around}
        return json.dumps(value, ensure_ascii=escaped, indent=indent).encode("utf-8", "surrogatepass")

    new = "new.pt"
    try:
        after = rewrite(made(OLD), {(OLD, "vae"): new})
    except NoWorkflow:  # lone surrogates are no UTF-8
        assert not escaped
        return
    assert after == made(new)


def test_every_template_can_be_renamed_and_named_back() -> None:
    files = [file for file in sorted(TEMPLATES.rglob("*.json")) if file.stat().st_size < 300_000]
    changed = 0
    for file in files:
        before = file.read_bytes()
        found = read_stream(io.BytesIO(before), len(before))
        if not found or not found.needed:
            continue
        new = {(row["name"], row["directory"]): "mine/" + row["name"] for row in found.needed}
        after = rewrite(before, new)
        assert {row["name"] for row in read(after).needed} == set(new.values()), file.name
        assert rewrite(after, {("mine/" + name, folder): name for name, folder in new}) == before, file.name
        changed += 1
    assert changed > 200


def test_many_nodes_with_many_values_end_soon() -> None:
    nodes = [node(at, "CheckpointLoaderSimple", *[OLD] * 100) for at in range(3_000)]
    began = time.process_time()
    rewrite(raw(canvas(*nodes)), {(OLD, "checkpoints"): NEW})
    rewrite(raw(canvas(node(1, "Some Loader", *[OLD] * 200_000))), {(OLD, ""): NEW})
    assert time.process_time() - began < 20
