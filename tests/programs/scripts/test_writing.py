"""Scripts fetch what was chosen and nothing else, whatever the names: each grammar is read back by its own reader."""

from __future__ import annotations

import ast
import hashlib
import http.server
import json
import os
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelyard.programs.scripts.items import Item, safe_address, safe_link
from modelyard.programs.scripts.writing import KINDS, Kind, Script, write

SPECIAL = "'\"`$(){}[];&|<>*?!#~\\ \n\r\t\0=%@-ü\u2028a"
HOSTILE = st.one_of(
    st.text(SPECIAL, min_size=1, max_size=8),
    st.text(SPECIAL.translate({ord(one): None for one in "\n\r\t\0\u2028"}), min_size=1, max_size=8),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30),
).map(lambda text: text.replace("/", "_"))
LINK = "https://huggingface.co/org/repo/resolve/main/m.safetensors"
SHA = "ab" * 32
FEW = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def item(target: str = "loras/a.safetensors", **facts: object) -> Item:
    return Item(target, **{"address": "hf:org/repo/m.safetensors", "url": LINK, "sha256": SHA, **facts})  # type: ignore[arg-type]


def lines(script: Script) -> list[str]:
    return [line for line in script.text.split("\n") if line and not line.startswith("#")]


# --- read back by the grammar's own reader -------------------------------------------------------------


@FEW
@given(HOSTILE, HOSTILE, HOSTILE)
def test_shell_lines_have_exactly_the_words_that_were_meant(name: str, address: str, base: str) -> None:
    script = write("modelyard", [item(name, address=address, url="")], base)
    assert subprocess.run(["sh", "-n"], input=script.text.encode(), check=False).returncode == 0
    words = shlex.split(script.text, comments=True)
    if script.left:
        assert words == ["set", "-e"]
        return
    folder = f"{base.rstrip('/')}/"
    assert words == [
        "set",
        "-e",
        "modelyard",
        "get",
        "--to",
        folder if base[0] == "/" else f"./{folder}",
        "--",
        address,
    ]


@FEW
@given(HOSTILE, HOSTILE)
def test_curl_calls_get_exactly_their_three_arguments(name: str, base: str) -> None:
    script = write("curl", [item(name)], base)
    assert subprocess.run(["sh", "-n"], input=script.text.encode(), check=False).returncode == 0
    if not script.left:
        calls = script.text[script.text.rindex("}\n\n") + 3 :]
        told = subprocess.run(
            ["sh"], input=("fetch() { printf '%s\\0' \"$@\"; }\n" + calls).encode(), capture_output=True, check=True
        )
        assert told.stdout.decode().split("\0")[:-1] == ["https" + LINK[5:], _below(base, name), SHA]


def _below(base: str, name: str) -> str:
    path = f"{base.rstrip('/')}/{name}"
    return path if path.startswith("/") else f"./{path}"


@FEW
@given(HOSTILE, HOSTILE)
def test_the_python_script_holds_its_list_and_no_other_code(name: str, base: str) -> None:
    script = write("python", [item(name), item("b")], base)
    plain = ast.parse(write("python", [item("a"), item("b")], "x").text)
    tree = ast.parse(script.text)
    assert [type(node) for node in ast.walk(plain)] == [type(node) for node in ast.walk(tree)] or script.left
    found = next(node for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "FILES")
    told = ast.literal_eval(found.value)
    assert told == [
        (LINK, _below(base, one), SHA) for one in ([] if "\0" in base else [*([name] if "\0" not in name else []), "b"])
    ]


@FEW
@given(HOSTILE, HOSTILE)
def test_a_list_for_aria2_has_its_fields_or_leaves_the_file_out(name: str, base: str) -> None:
    script = write("aria2", [item(name)], base)
    told = [line for line in script.text.split("\n") if not line.startswith("#")][:-1]
    if script.left:
        assert told == []
        return
    assert told[0] == LINK and len(told) == 4
    folder, out = told[1].removeprefix("  dir="), told[2].removeprefix("  out=")
    assert f"{folder}/{out}" == _below(base, name) and told[3] == f"  checksum=sha-256={SHA}"
    assert all(line == line.rstrip() and line.isprintable() for line in told)


@FEW
@given(HOSTILE, HOSTILE)
def test_lines_of_a_dockerfile_are_one_instruction_each_with_two_words(name: str, base: str) -> None:
    script = write("docker", [item(name)], base)
    told = lines(script)
    if script.left:
        assert told == []
        return
    (line,) = told
    assert line.startswith(f"ADD --checksum=sha256:{SHA} [")
    assert json.loads(line[line.index("[") :]) == [LINK, _below(base, name).removeprefix(".")]
    assert not set("$`'\\") & set(line)


@FEW
@given(st.sampled_from(KINDS), HOSTILE)
def test_what_is_left_out_is_told_and_stays_in_its_comment(kind: Kind, name: str) -> None:
    script = write(kind, [item(name, url="", address="")], "models")
    assert [target for target, _ in script.left] == [name]
    assert all(line.startswith("#") for line in script.text.split("\n")[-len(script.left) - 1 :] if line)


# --- secrets and hashes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "https://civitai.com/api/download/models/5?token=abcdef",
        "https://user:password@host/x.safetensors",
        "https://b.s3.amazonaws.com/x?X-Amz-Signature=abc&X-Amz-Credential=def",
        "https://cdn/x?Expires=1&Signature=a&Key-Pair-Id=b",
        "https://host/x?api_key=secret",
        "https://host/x?hf=hf_abcdefghijklmnop",
        "https://cdn/x?Expires=1700000000&hash=abc",
        "https://cdn/x?se=1&sig=abc",
        "ftp://host/x",
        "file:///etc/passwd",
        "https://host/a b",
        "javascript:alert(1)",
        "https://host/\nX: y",
    ],
)
def test_keys_signed_links_and_other_schemes_are_in_no_script(url: str) -> None:
    assert safe_link(url) == "" and not safe_address(url).startswith("http")
    for kind in KINDS:
        script = write(kind, [item(url=url, address="")])
        assert url not in script.text and script.left


def test_no_key_of_the_environment_stands_in_a_script(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_canarycanarycanary")
    assert all("canary" not in write(kind, [item()]).text for kind in KINDS)


def test_a_measured_hash_goes_before_a_claimed_one_and_both_are_told_apart() -> None:
    for kind in KINDS:
        assert "SHA-256 measured" in write(kind, [item()]).text
        claimed = write(kind, [item(sha256="", claimed="CD" * 32)]).text
        assert "claimed, not measured" in claimed and "cd" * 32 in claimed
        assert SHA in write(kind, [item(claimed="cd" * 32)]).text
        unknown = write(kind, [item(sha256="", claimed="no hash; rm -rf /")]).text
        assert "SHA-256 unknown" in unknown and "rm -rf" not in unknown


def test_an_address_that_may_stand_for_many_files_goes_into_a_folder() -> None:
    text = write("modelyard", [item(url="", address="hf:org/repo")]).text
    assert "modelyard get --to ./models/loras/ -- hf:org/repo\n" in text and SHA not in text


# --- run ----------------------------------------------------------------------------------------------------

BODY = os.urandom(100_000)


@pytest.fixture(scope="module")
def link() -> Iterator[str]:
    """A server of one file on loopback."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/m.bin" else 404)
            self.send_header("Content-Length", str(len(BODY)))
            self.end_headers()
            self.wfile.write(BODY)

        def log_message(self, *_: object) -> None:
            """Nothing on stderr."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/m.bin"
    server.shutdown()
    server.server_close()


RUNS: dict[Kind, list[str]] = {"python": [sys.executable], "curl": ["sh"]}
NAME = 'lo ras/it\'s "$(touch pwned)" `x` $HOME & ü.bin'


@pytest.mark.parametrize("kind", RUNS)
def test_a_script_fetches_and_proves_whatever_the_name_and_runs_again(kind: Kind, link: str, tmp_path: Path) -> None:
    if kind == "curl" and shutil.which("curl") is None:
        pytest.skip("no curl here")
    good = item(NAME, url=link, sha256=hashlib.sha256(BODY).hexdigest())
    file = tmp_path / "script"
    file.write_text(write(kind, [good, item("b/c.bin", url=link, sha256="")], "out").text)
    for _ in range(2):
        done = subprocess.run([*RUNS[kind], str(file)], cwd=tmp_path, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / NAME).read_bytes() == BODY == (tmp_path / "out" / "b" / "c.bin").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "script"]


@pytest.mark.parametrize("kind", RUNS)
def test_wrong_bytes_never_get_their_name(kind: Kind, link: str, tmp_path: Path) -> None:
    if kind == "curl" and shutil.which("curl") is None:
        pytest.skip("no curl here")
    file = tmp_path / "script"
    file.write_text(write(kind, [item("a.bin", url=link)], "out").text)
    done = subprocess.run([*RUNS[kind], str(file)], cwd=tmp_path, capture_output=True, timeout=60, check=False)
    assert done.returncode != 0 and b"wrong bytes" in done.stderr
    assert not (tmp_path / "out" / "a.bin").exists()
    assert [*(tmp_path / "out").iterdir()] == [], "what is wrong does not stand in the way of the next run"


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
def test_a_whole_part_that_was_not_named_yet_is_not_asked_for_again(link: str, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.bin.part").write_bytes(BODY)
    file = tmp_path / "script"
    gone = item("a.bin", url=link.replace("m.bin", "gone.bin"), sha256=hashlib.sha256(BODY).hexdigest())
    file.write_text(write("curl", [gone], "out").text)
    done = subprocess.run(["sh", str(file)], cwd=tmp_path, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "a.bin").read_bytes() == BODY
