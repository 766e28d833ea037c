"""A short run of the coverage-guided fuzzer; the long ones are done by hand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from library.formats.test_gguf import GOOD as GGUF
from library.formats.test_onnx import GOOD as ONNX
from library.formats.test_pickles import GOOD as TORCH
from library.formats.test_pickles import SHAPES, called, stacked, state, zipped
from library.formats.test_safetensors import GOOD as SAFE
from library.formats.test_safetensors import packed


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="atheris is made for Linux")
def test_twenty_seconds_of_fuzzing_find_nothing(tmp_path: Path) -> None:
    pytest.importorskip("atheris")
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    seeds = [packed(SAFE), packed({"__metadata__": {"ss_tag_frequency": '{"a":{"b":1}}'}} | SAFE), GGUF, ONNX]
    seeds += [
        zipped(TORCH),
        state(SHAPES),
        called("os", "system"),
        stacked("os", "system"),
        b'{"weight_map":{"a":"b"}}',
    ]
    for at, seed in enumerate(seeds):
        (corpus / str(at)).write_bytes(bytes([at % 5]) + seed)
    harness = Path(__file__).parents[2] / "fuzz" / "fuzz_formats.py"
    command = [
        sys.executable,
        str(harness),
        "-max_total_time=20",
        "-seed=11",
        "-rss_limit_mb=1024",
        "-timeout=10",
        str(corpus),
    ]
    # Through a shell that forks: a program that is exec'd straight from here inherits this process's peak as its own.
    command = ["sh", "-c", '"$@"; exit $?', "sh", *command]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr[-3000:]
