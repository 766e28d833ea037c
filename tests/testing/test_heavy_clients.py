"""Two more opinions that weigh a hundred megabytes each: olah, a mirror that reads us, and ModelScope's old SDK.

Case ids are those of hubs.md section 9. The build runs them; elsewhere ``MODELYARD_TEST_HEAVY=1`` does. What is not
here, huggingface_hub in its versions, `hf`, today's modelscope and @huggingface/hub, runs everywhere.
"""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.testing import PracticeHub
from modelyard.testing.repos import is_lfs
from running import modelyard
from testing.asking import ask, sha256
from testing.peers import Bench, bench, heavy, python_with

pytestmark = [pytest.mark.peers, pytest.mark.timeout(280)]

ODD = "sub dir/a+b%20c.txt"
READ = """
import json
from huggingface_hub import HfApi, hf_hub_download, list_models, list_repo_files

def failure(act, *args, **kwargs):
    try:
        act(*args, **kwargs)
    except Exception as error:
        return type(error).__name__

api, told = HfApi(), {}
told["refs"] = [one.name for one in api.list_repo_refs("org/repo").branches]
told["paths"] = [one.path for one in api.get_paths_info("org/repo", ["config.json", "nope"])]
told["whoami"] = api.whoami(token="hf_good")["name"]
told["missing"] = failure(api.model_info, "org/missing")
told["gated"] = failure(hf_hub_download, "org/gated", "config.json")
told["entry"] = failure(hf_hub_download, "org/repo", "nope.txt")
told["odd"] = failure(hf_hub_download, "org/repo", "sub dir/a+b%20c.txt")
told["list"] = failure(lambda: list(list_models(author="many")))
for name in list_repo_files("org/repo"):
    if "%" not in name:
        hf_hub_download("org/repo", name, local_dir="x")
print("TOLD" + json.dumps(told))
"""


@pytest.fixture
def on(hub: PracticeHub, tmp_path: Path) -> Iterator[Bench]:
    with bench(hub, tmp_path) as running:
        yield running


@pytest.fixture
def olah(on: Bench) -> Iterator[str]:
    """A mirror in front of the practice hub; the address that it serves at."""
    heavy("olah 0.5.4, 113 MB")
    program = python_with("olah==0.5.4") / "olah-cli"
    with socket.create_server(("127.0.0.1", 0)) as free:
        here = f"127.0.0.1:{free.getsockname()[1]}"
    places = {"hf": on.hub.url, "hf-lfs": on.hub.cdn_url, "mirror": f"http://{here}", "mirror-lfs": f"http://{here}"}
    words = [word for name, url in places.items() for word in (f"--{name}-netloc", url.partition("//")[2])]
    words += ["--hf-scheme", "http", "--mirror-scheme", "http", "--host", "127.0.0.1", "--port", here.partition(":")[2]]
    words += ["--repos-path", str(on.home / "repos"), "--log-path", str(on.home / "logs")]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([program, *words], env=on.environment(), cwd=on.home, stdout=quiet, stderr=quiet)
    try:
        while not _listens(here):
            assert process.poll() is None
        yield f"http://{here}"
    finally:
        process.terminate()
        process.wait()


def _listens(place: str) -> bool:
    try:
        socket.create_connection((place.partition(":")[0], int(place.partition(":")[2])), 1).close()
    except OSError:
        return False
    return True


def test_olah_reads_us_and_huggingface_hub_reads_olah(on, hub, olah):
    """H14, H31, H33, H35, H38; two failures are olah's own: names with a percent sign, and lists."""
    (on.home / "script.py").write_text(READ)
    said = on.run(python_with("huggingface_hub==2.4.0") / "python", "script.py", HF_ENDPOINT=olah, timeout=200)
    told = json.loads(said.partition("TOLD")[2].splitlines()[0])
    branches = list(hub.hf.repo("org/repo").branches)
    assert (told["refs"], told["paths"], told["whoami"]) == (branches, ["config.json"], "ada")
    assert (told["missing"], told["gated"]) == ("RepositoryNotFoundError", "GatedRepoError")
    assert "EntryNotFound" in told["entry"]
    assert None not in (told["odd"], told["list"])
    for path, content in hub.hf.repo("org/repo").head.files.items():
        if path != ODD:
            assert (on.home / "x" / path).read_bytes() == content.bytes()


def test_ours_reads_a_mirror_and_proves_every_byte(on, hub, olah):
    """H17, H19 and H31 behind somebody else's server."""
    assert ask(hub, f"{olah}/api/models/org/missing")["X-Error-Code"] == "RepoNotFound"
    ran = modelyard("get", "hf:org/repo", "--to", f"{on.home}/y/", "--json", env={"HF_ENDPOINT": olah})
    done = [one for one in ran.events if one.get("event") == "done"]
    assert len(done) == 6 and all(one["verified"] for one in done)
    for path, content in hub.hf.repo("org/repo").head.files.items():
        if is_lfs(path, content):
            assert sha256((on.home / "y" / path).read_bytes()) == content.sha256


def test_the_old_sdk_of_modelscope_downloads_over_tls(tmp_path):
    """M40: before 1.38 it took a bare host, always over https, and named a dataset by its number."""
    heavy("modelscope 1.37.0, 102 MB")
    program = python_with("modelscope==1.37.0") / "modelscope"
    with PracticeHub(tls=True) as hub, bench(hub, tmp_path) as on:
        on.extra["MODELSCOPE_DOMAIN"] = hub.url.partition("//")[2]
        on.extra["MODELSCOPE_ENDPOINT"] = ""
        on.extra["MODELSCOPE_CREDENTIALS_PATH"] = str(on.home / "credentials")
        on.run(program, "download", "--model", "org/repo", "--local_dir", "x", timeout=120)
        for path, content in hub.modelscope.repos["models", "org/repo"].head.files.items():
            assert (on.home / "x" / path).read_bytes() == content.bytes(), path
        on.run(program, "download", "--model", "org/repo", timeout=120)
        assert (on.home / "ms" / "models" / "org" / "repo" / "model.safetensors").exists()
        assert "NotExistError" in on.run(program, "download", "--model", "org/repo", "--revision", "nope", expect=1)
        on.run(program, "download", "--dataset", "org/data", "--include", "data/part-000*.csv", "--local_dir", "d")
        assert len(list((on.home / "d").rglob("*.csv"))) == 10
        assert hub.log.find("/api/v1/datasets/*/repo/tree", status=200)
