"""Diffusers folders, shards and index files."""

from __future__ import annotations

import json
import struct
from pathlib import Path

from modelyard.library.formats.header import Code, Header
from modelyard.library.formats.reading import models_below, read_header


def weights(path: Path, names: tuple[str, ...] = ("a",)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    head = {name: {"dtype": "F32", "shape": [1], "data_offsets": [4 * at, 4 * at + 4]} for at, name in enumerate(names)}
    raw = json.dumps(head).encode()
    path.write_bytes(struct.pack("<Q", len(raw)) + raw + b"\0" * 4 * len(names))


def codes(header: Header) -> set[Code]:
    return {problem.code for problem in header.findings}


def pipeline(folder: Path) -> Path:
    weights(folder / "unet" / "diffusion_pytorch_model.safetensors")
    weights(folder / "vae" / "diffusion_pytorch_model.safetensors")
    index = {
        "_class_name": "StableDiffusionPipeline",
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


def test_a_pipeline_is_one_model_with_its_main_parts_tensors(tmp_path: Path) -> None:
    header = read_header(pipeline(tmp_path / "sd"))
    assert (header.format, header.findings, set(header.tensors)) == ("diffusers", (), {"a"})
    assert header.metadata["_class_name"] == "StableDiffusionPipeline"
    assert list(models_below(tmp_path)) == [tmp_path / "sd"]


def test_a_part_that_is_missing_is_told(tmp_path: Path) -> None:
    folder = pipeline(tmp_path / "sd")
    (folder / "vae" / "diffusion_pytorch_model.safetensors").unlink()
    (folder / "vae").rmdir()
    assert codes(read_header(folder)) == {Code.MISSING_SHARD}


def test_a_missing_shard_is_found_by_number_and_by_index(tmp_path: Path) -> None:
    weights(tmp_path / "model-00001-of-00003.safetensors", ("a", "b"))
    weights(tmp_path / "model-00003-of-00003.safetensors", ("c",))
    header = read_header(tmp_path)
    assert set(header.tensors) == {"a", "b", "c"}
    assert "model-00002-of-00003.safetensors" in next(p.words for p in header.findings if p.code is Code.MISSING_SHARD)
    other = tmp_path / "other"
    weights(other / "one.safetensors")
    (other / "model.safetensors.index.json").write_text(
        json.dumps({"weight_map": {"a": "one.safetensors", "b": "two.safetensors"}})
    )
    assert codes(read_header(other)) == {Code.MISSING_SHARD}
    alone = read_header(other / "model.safetensors.index.json")
    assert (alone.format, alone.metadata["files"]) == ("sharded", ("one.safetensors", "two.safetensors"))


def test_hostile_folders_give_findings(tmp_path: Path) -> None:
    assert codes(read_header(tmp_path)) == {Code.NOT_A_MODEL}
    (tmp_path / "model.safetensors.index.json").write_bytes(b'{"weight_map":' + b"[" * 10_000)
    weights(tmp_path / "a.safetensors")
    assert codes(read_header(tmp_path)) == {Code.BAD_HEADER}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": "../../etc/passwd"}}))
    assert codes(read_header(tmp_path)) == set()
    weights(tmp_path / "b-00001-of-99999.safetensors")
    read_header(tmp_path)
