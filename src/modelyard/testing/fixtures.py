"""The repositories of the conformance cases: small ones ready, big ones built when first asked."""

from __future__ import annotations

import json
from collections.abc import Iterator

from modelyard.testing.models import safetensors, safetensors_of_size
from modelyard.testing.repos import Files, Repo

XL_SIZE = 51_000_000_000
ODD_NAME = "sub dir/a+b%20c.txt"


def repo_files() -> Files:
    """Five regular files, one of them empty and one with an odd name, and two models."""
    config = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 64}
    return {
        "README.md": "---\nlicense: apache-2.0\n---\n# Practice\n\nA model to practise on. ☕\n".encode(),
        "config.json": json.dumps(config, indent=2).encode() + b"\n",
        "empty.txt": b"",
        ODD_NAME: b"A name with a space, a plus and a percent sign.\n",
        "tokenizer.json": json.dumps({"version": "1.0", "model": {"vocab": {"a": 0, "b": 1}}}).encode(),
        "model.safetensors": safetensors(
            {"embed.weight": ("F16", (1000, 512)), "lm_head.weight": ("F32", (500, 988))}, metadata={"format": "pt"}
        ),
        "sub dir/model-Q4_K_M.gguf": 1_500_000,
    }


def huggingface_repos(seed: int) -> Iterator[Repo]:
    """What Hugging Face's side holds."""
    yield _repo(seed)
    yield Repo("org/private", _pair, private=True, seed=seed)
    yield Repo("org/gated", _pair, gated="auto", seed=seed)
    yield Repo("org/disabled", _pair, disabled=True, seed=seed)
    yield Repo("org/big", big_files, seed=seed)
    yield Repo("org/xl", _xl, seed=seed)
    yield Repo("org/sharded", _sharded, seed=seed)
    yield Repo("org/data", _data, kind="datasets", seed=seed)
    yield Repo("org/space", {"app.py": b"print('never run')\n"}, kind="spaces", seed=seed)
    for index in range(250):
        yield Repo(f"many/model-{index:03}", {"config.json": b"{}"}, downloads=index, likes=index % 7, seed=seed)


def modelscope_repos(seed: int) -> Iterator[Repo]:
    """What ModelScope's side holds; `org/repo` has the same bytes as on Hugging Face."""
    yield Repo("org/repo", repo_files, seed=seed, trunk="master")
    yield Repo("org/private", _pair, private=True, seed=seed, trunk="master")
    yield Repo("org/gated", _pair, gated="manual", seed=seed, trunk="master")
    yield Repo("org/big", _seven_thousand, seed=seed, trunk="master")
    yield Repo("org/data", _data, kind="datasets", seed=seed, trunk="master")
    for index in range(120):
        yield Repo(f"many/model-{index:03}", {"config.json": b"{}"}, seed=seed, trunk="master")


def _seven_thousand() -> Files:
    """6,930 files in 70 folders: 7,000 entries."""
    return {f"folder-{index // 99:02}/file-{index:04}.txt": f"{index}\n".encode() for index in range(6930)}


def _repo(seed: int) -> Repo:
    return Repo(
        "org/repo",
        repo_files,
        seed=seed,
        downloads=12345,
        likes=67,
        pipeline_tag="text-generation",
        library_name="transformers",
        tags=["transformers", "safetensors", "gguf", "practice", "license:apache-2.0"],
        cardData={"license": "apache-2.0", "tags": ["practice"]},
    )


def dress(repo: Repo) -> None:
    """Give ``org/repo`` its history: tag v1 on the first commit, a second commit, a branch and a pull request."""
    first = repo.head
    repo.tags["v1"] = first.sha
    repo.pulls["refs/pr/1"] = first.sha
    repo.branches["feature/x"] = first.sha
    repo.commit({"config.json": b'{"model_type": "llama", "hidden_size": 128}\n'}, "widen it")


def big_files() -> Files:
    """4,001 small files."""
    return {f"folder-{index // 100:02}/file-{index:04}.txt": f"{index}\n".encode() for index in range(4001)}


def _pair() -> Files:
    return {"config.json": b'{"model_type": "llama"}\n', "model.safetensors": 1_000_000}


def _xl() -> Files:
    return {"config.json": b"{}\n", "model.safetensors": safetensors_of_size(XL_SIZE, sparse=True)}


def _sharded() -> Files:
    names = [f"model-{index:05}-of-00003.safetensors" for index in (1, 2, 3)]
    where = {f"layer.{number}.weight": name for number, name in enumerate(names)}
    index = {"metadata": {"total_size": 1_200_000}, "weight_map": where}
    return {"model.safetensors.index.json": json.dumps(index).encode(), **dict.fromkeys(names, 400_000)}


def _data() -> Files:
    rows = {f"data/part-{index:04}.csv": f"id\n{index}\n".encode() for index in range(450)}
    return {"README.md": b"# data\n", **rows}
