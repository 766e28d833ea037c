"""The hubs' own clients take the practice hub for the real one; case ids are those of hubs.md section 9."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.testing import PracticeHub
from modelyard.testing.limits import Quota
from modelyard.testing.repos import Commit, is_lfs
from testing.asking import git_hash, sha256
from testing.peers import Bench, bench, needs, node_with, python_with

pytestmark = [pytest.mark.peers, pytest.mark.timeout(280)]

VERSIONS = {
    "2.4.0": ("huggingface_hub==2.4.0",),
    "1.5.0": ("huggingface_hub==1.5.0", "click"),
    "0.36.0": ("huggingface_hub==0.36.0",),
}

ASK_EVERYTHING = """
import json
from huggingface_hub import HfApi, file_exists
from huggingface_hub import errors

def failure(act, *args, **kwargs):
    try:
        act(*args, **kwargs)
    except Exception as error:
        return type(error).__name__
    return None

api, told = HfApi(), {}
info = api.model_info("org/repo", files_metadata=True)
told["lfs"] = {one.rfilename: one.lfs.sha256 for one in info.siblings if one.lfs}
told["sha"] = info.sha
told["revisions"] = {rev: api.model_info("org/repo", revision=rev).sha for rev in ("v1", info.sha, "refs/pr/1")}
told["expand"] = api.model_info("org/repo", expand=["sha"]).sha
told["security"] = api.model_info("org/repo", securityStatus=True).security_repo_status
told["legacy"] = api.model_info("legacy").id
told["dataset"] = api.dataset_info("org/data").id
told["flat"] = len(list(api.list_repo_tree("org/repo")))
told["tree"] = [type(one).__name__ for one in api.list_repo_tree("org/repo", recursive=True)]
told["big"] = len({one.path for one in api.list_repo_tree("org/big", recursive=True)})
expanded = [one for one in api.list_repo_tree("org/repo", expand=True) if hasattr(one, "size")]
told["scans"] = [one.security.safe for one in expanded if one.path == "config.json"]
told["paths"] = [one.path for one in api.get_paths_info("org/repo", ["config.json", "nope"])]
refs = api.list_repo_refs("org/repo", include_pull_requests=True)
told["refs"] = [len(refs.branches), len(refs.tags), len(refs.pull_requests)]
told["commits"] = len(api.list_repo_commits("org/repo"))
told["models"] = len({one.id for one in api.list_models(author="many", sort="downloads")})
told["whoami"] = api.whoami(token="hf_good")["name"]
told["exists"] = [file_exists("org/repo", name) for name in ("config.json", "nope")]
told["errors"] = {
    "junk": failure(api.whoami, token="hf_junk"),
    "missing": failure(api.model_info, "org/missing"),
    "missing with key": failure(api.model_info, "org/missing", token="hf_good"),
    "private": failure(api.model_info, "org/private"),
    "revision": failure(api.model_info, "org/repo", revision="nope"),
    "entry": failure(api.hf_hub_download, "org/repo", "nope.txt"),
    "gated": failure(api.hf_hub_download, "org/gated", "config.json"),
    "not granted": failure(api.hf_hub_download, "org/gated", "config.json", token="hf_bad"),
    "granted": failure(api.hf_hub_download, "org/gated", "model.safetensors", token="hf_good"),
    "private file": failure(api.hf_hub_download, "org/private", "model.safetensors", token="hf_good"),
    "disabled": failure(api.hf_hub_download, "org/disabled", "config.json"),
    "auth ok": failure(api.auth_check, "org/repo"),
    "auth gated": failure(api.auth_check, "org/gated", token="hf_bad"),
}
print("TOLD" + json.dumps(told))
"""


@pytest.fixture
def on(hub: PracticeHub, tmp_path: Path) -> Iterator[Bench]:
    with bench(hub, tmp_path) as running:
        yield running


def told(output: str) -> dict:
    return json.loads(output.partition("TOLD")[2].splitlines()[0])


def script(on: Bench, python: Path, source: str, **env: str) -> dict:
    (on.home / "script.py").write_text(source)
    return told(on.run(python / "python", "script.py", **env))


def same_files(folder: Path, commit: Commit) -> None:
    for path, content in commit.files.items():
        data = (folder / path).read_bytes()
        assert (sha256(data) if is_lfs(path, content) else git_hash(data)) == (
            content.sha256 if is_lfs(path, content) else content.git_sha1
        ), path


@pytest.mark.parametrize("version", VERSIONS)
def test_huggingface_hub_reads_everything(on, hub, version):
    """H1-H5, H7-H16, H24, H32-H38, H41."""
    answers = script(on, python_with(*VERSIONS[version]), ASK_EVERYTHING)
    repo = hub.hf.repo("org/repo")
    head, first = repo.head.sha, repo.commits[0].sha
    assert answers["sha"] == answers["expand"] == head
    assert answers["lfs"] == {path: one.sha256 for path, one in repo.head.files.items() if is_lfs(path, one)}
    assert answers["revisions"] == {"v1": first, head: head, "refs/pr/1": first}
    assert answers["security"]["scansDone"] is True
    assert (answers["legacy"], answers["dataset"]) == ("org/repo", "org/data")
    assert (answers["flat"], answers["big"], answers["models"]) == (6, 4042, 250)
    assert sorted(answers["tree"]) == ["RepoFile"] * 7 + ["RepoFolder"]
    assert (answers["scans"], answers["paths"], answers["refs"]) == ([True], ["config.json"], [2, 1, 1])
    assert (answers["commits"], answers["whoami"], answers["exists"]) == (2, "ada", [True, False])
    names = answers["errors"]
    assert {names["missing"], names["missing with key"], names["private"]} == {"RepositoryNotFoundError"}
    assert (names["revision"], names["junk"]) == ("RevisionNotFoundError", names["junk"])
    assert names["entry"] in {"EntryNotFoundError", "RemoteEntryNotFoundError"}
    assert {names["gated"], names["not granted"], names["auth gated"]} == {"GatedRepoError"}
    assert {names["granted"], names["private file"], names["auth ok"]} == {None}
    assert names["disabled"] in {"LocalEntryNotFoundError", "DisabledRepoError"}
    assert "bearer" not in {one.auth for one in hub.log.find(origin="cdn")}
    assert not hub.log.find(origin="hub", status=500)


@pytest.mark.parametrize("version", VERSIONS)
def test_huggingface_hub_downloads_a_whole_repo_once(on, hub, version):
    """H17, H19, H24, H25, H27: the cache is laid out as ever, and a second run moves no body."""
    hf = python_with(*VERSIONS[version]) / "hf"
    on.run(hf, "download", "org/repo", HF_TOKEN="hf_good")
    head = hub.hf.repo("org/repo").head
    folder = on.home / "hf" / "hub" / "models--org--repo"
    same_files(folder / "snapshots" / head.sha, head)
    assert (folder / "refs" / "main").read_text() == head.sha
    assert (folder / "snapshots" / head.sha / "model.safetensors").resolve().parent == folder / "blobs"
    assert not hub.log.find("*empty.txt", method="GET", status=200)
    assert hub.log.find(origin="cdn", auth="") == hub.log.find(origin="cdn") != []
    assert hub.log.find("*a+b%20c.txt", method="HEAD")
    hub.log.clear()
    on.run(hf, "download", "org/repo", HF_TOKEN="hf_good")
    assert not hub.log.find("*resolve*", method="GET")
    assert not hub.log.find(origin="cdn")


@pytest.mark.parametrize("version", VERSIONS)
def test_huggingface_hub_fills_a_local_dir(on, hub, version):
    """H28."""
    on.run(python_with(*VERSIONS[version]) / "hf", "download", "org/repo", "--local-dir", "x")
    head = hub.hf.repo("org/repo").head
    same_files(on.home / "x", head)
    metadata = on.home / "x" / ".cache" / "huggingface" / "download" / "model.safetensors.metadata"
    commit, etag, _ = metadata.read_text().splitlines()
    assert (commit, etag) == (head.sha, head.files["model.safetensors"].sha256)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_missing_repo_over_tls_is_no_repo(tmp_path, version):
    """H30: the 401 without a code is understood over https only."""
    source = """
import json
from huggingface_hub import HfApi
api = HfApi()
try:
    api.model_info("org/missing")
except Exception as error:
    name = type(error).__name__
path = api.hf_hub_download("org/repo", "model.safetensors")
print("TOLD" + json.dumps([api.repo_exists("org/missing"), api.repo_exists("org/repo"), name, path]))
"""
    with PracticeHub(tls=True) as hub, bench(hub, tmp_path) as on:
        missing, there, name, path = script(on, python_with(*VERSIONS[version]), source)
        assert (missing, there, name) == (False, True, "RepositoryNotFoundError")
        assert sha256(Path(path).read_bytes()) == hub.hf.repo("org/repo").head.files["model.safetensors"].sha256


def test_hf_cache_verify_finds_one_flipped_byte(on, hub):
    """H29."""
    hf = python_with(*VERSIONS["2.4.0"]) / "hf"
    on.run(hf, "download", "org/repo")
    assert "7" in on.run(hf, "cache", "verify", "org/repo")
    right = hub.hf.repo("org/repo").head.files["model.safetensors"].sha256
    blob = on.home / "hf" / "hub" / "models--org--repo" / "blobs" / right
    data = bytearray(blob.read_bytes())
    data[1_000_000] ^= 1
    blob.chmod(0o644)
    blob.write_bytes(data)
    said = re.sub(r"\s", "", on.run(hf, "cache", "verify", "org/repo", expect=1))
    assert right in said
    assert sha256(bytes(data)) in said


def test_huggingface_hub_waits_for_its_window(on, hub):
    """H39."""
    hub.hf.limits.quotas["resolvers"] = Quota(2, 2)
    source = """
import json
from huggingface_hub import hf_hub_download
print("TOLD" + json.dumps(hf_hub_download("org/repo", "config.json")))
"""
    assert script(on, python_with(*VERSIONS["2.4.0"]), source).endswith("config.json")
    refused, served = hub.log.find("/api/resolve-cache/*", method="GET")
    assert (refused.status, served.status) == (429, 200)
    assert served.time - refused.time >= 1


def test_huggingface_hub_fails_as_documented(on, hub):
    """H40, H42, H43, H44: what our own client must do better."""
    hf = python_with(*VERSIONS["2.4.0"]) / "hf"
    hub.faults.use("s503x2", "/api/models/org/repo*", on="any", times=1)
    on.run(hf, "download", "org/repo", "config.json")
    hub.faults.clear()
    signed = hub.faults.use("r_signed", "org/repo/model.safetensors", origin="cdn")
    on.run(hf, "download", "org/repo", "model.safetensors", expect=1)
    assert signed.broken
    assert hub.log.find(origin="cdn", status=403)
    hub.faults.clear()
    assert "too large" in on.run(hf, "download", "org/xl", "model.safetensors", expect=None, HF_HUB_DISABLE_XET="1")
    assert hub.log.bytes_sent(origin="cdn") < 10_000_000
    hub.hf.xet = True
    failed = on.run(hf, "download", "org/repo", "model.safetensors", expect=1, HF_HUB_DISABLE_XET="0")
    assert "Xet headers" in failed
    on.run(hf, "download", "org/repo", "model.safetensors", HF_HUB_DISABLE_XET="1")


MODELSCOPE = ("modelscope-hub==0.5.1",)


def modelscope(on: Bench, *words: str, expect: int | None = 0, **env: str) -> str:
    return on.run(python_with(*MODELSCOPE) / "modelscope", "download", *words, expect=expect, **env)


def test_modelscope_downloads_a_model_once(on, hub):
    """M1, M2, M3, M11, M12, M13, M16, M19, M20, M21, M22, M23."""
    modelscope(on, "--model", "org/repo", "--local_dir", "x")
    same_files(on.home / "x", hub.modelscope.repos["models", "org/repo"].head)
    asked = hub.log.find("*/repo")
    assert {one.method for one in hub.log} == {"GET"}
    assert {one.accept_encoding for one in asked} == {"identity"}
    assert all("snapshot-identifier" in one.header_names for one in asked)
    hub.log.clear()
    modelscope(on, "--model", "org/repo", "--local_dir", "x")
    assert not hub.log.find("*/repo")
    hub.modelscope.region_info = False
    modelscope(on, "--model", "org/repo", "--revision", "v1", "--include", "*.json", "--local_dir", "old")
    assert sorted(path.name for path in (on.home / "old").glob("*.json")) == ["config.json", "tokenizer.json"]
    modelscope(on, "--model", "org/repo", "--exclude", "*.gguf")
    assert list((on.home / "ms" / "models" / "org--repo" / "snapshots").glob("*/model.safetensors"))


def test_modelscope_is_told_why_not(on, hub):
    """M6, M7, M8, M9."""
    assert "10010205001" in modelscope(on, "--model", "org/missing", expect=1)
    assert "10010200001" in modelscope(on, "--model", "org/private", expect=1)
    assert "10990101004" in modelscope(on, "--model", "org/repo", "--revision", "nope", expect=1)
    modelscope(on, "--model", "org/private", "--local_dir", "x", MODELSCOPE_API_TOKEN="ms_good")
    assert "bearer+cookie" in {one.auth for one in hub.log.find("*/org/private/*", status=200)}
    assert {one.auth for one in hub.log.find(origin="cdn")} == {""}


@pytest.mark.parametrize("scenario", ["cut_once", "rst_once", "s416", "s500forever"])
def test_modelscope_recovers_and_proves_the_hash(on, hub, scenario):
    """M14, M24, M28, M29, M31."""
    settings = {"times": 1} if scenario == "s500forever" else {}
    hub.faults.use(scenario, "org/repo/model.safetensors", origin="cdn", **settings)
    modelscope(on, "--model", "org/repo", "--local_dir", "x")
    same_files(on.home / "x", hub.modelscope.repos["models", "org/repo"].head)


def test_modelscope_throws_a_wrong_beginning_away(on, hub):
    """M25."""
    (on.home / "x").mkdir()
    (on.home / "x" / "model.safetensors.incomplete").write_bytes(b"z" * 1_000_000)
    said = modelscope(on, "--model", "org/repo", "--local_dir", "x")
    assert "Hash mismatch for model.safetensors" in said
    same_files(on.home / "x", hub.modelscope.repos["models", "org/repo"].head)
    assert [one.range for one in hub.log.find(origin="cdn") if one.range]


def test_modelscope_waits_when_it_is_told_to(on, hub):
    """M30."""
    hub.faults.use("s429", "org/repo/model.safetensors", origin="cdn")
    modelscope(on, "--model", "org/repo", "--include", "*.safetensors", "--local_dir", "x")
    refused, served = hub.log.find(origin="cdn", method="GET")
    assert (refused.status, served.status) == (429, 200)
    assert served.time - refused.time >= 3


def test_modelscope_logs_in_with_a_known_key_only(on, hub):
    """M10."""
    ms = python_with(*MODELSCOPE) / "ms"
    assert "10010103009" in on.run(ms, "login", "--token", "ms_junk", expect=1)
    assert "Logged in as ada" in on.run(ms, "login", "--token", "ms_good")


def test_modelscope_fetches_a_file_of_a_dataset(on, hub):
    """M34."""
    modelscope(on, "--dataset", "org/data", "--include", "data/part-0007.csv", "--local_dir", "x")
    assert (on.home / "x" / "data" / "part-0007.csv").read_bytes() == b"id\n7\n"
    assert hub.log.find("/api/v1/datasets/org/data/repo", status=200)


def test_modelscope_resumes_where_ranges_answer_200(on, hub):
    """M15."""
    hub.cdn.length_odd = True
    hub.faults.use("cut_once", "org/repo/model.safetensors", origin="cdn")
    modelscope(on, "--model", "org/repo", "--local_dir", "x")
    same_files(on.home / "x", hub.modelscope.repos["models", "org/repo"].head)


def test_modelscope_refuses_wrong_bytes(on, hub):
    """M26 and M27."""
    hub.faults.use("flip", "org/repo/model.safetensors")
    modelscope(on, "--model", "org/repo", "--local_dir", "x", expect=1)
    assert not (on.home / "x" / "model.safetensors").exists()
    hub.faults.clear()
    hub.modelscope.sizes["model.safetensors"] = 3_000_000
    modelscope(on, "--model", "org/repo", "--local_dir", "y", expect=1)


def test_modelscope_reads_datasets_and_long_lists(on, hub):
    """M5, M32, M33, M35, M36."""
    source = """
import json
from modelscope_hub import HubApi
api = HubApi(token="ms_good")
big = [one.path for one in api.list_repo_files("org/big", "model")]
data = [one.path for one in api.list_repo_files("org/data", "dataset")]
print("TOLD" + json.dumps([len(set(big)), len(set(data)), api.whoami().username]))
"""
    hub.modelscope.refuse_page = 2
    assert script(on, python_with(*MODELSCOPE), source) == [7000, 452, "ada"]


def test_civitapy_reads_and_downloads(on, hub):
    """C1, C3, C6, C7, C8, C12, C15, C21, C23, C26, C27."""
    known = hub.civitai.models[100].versions[1].files[0].content.sha256
    source = f"""
import asyncio, json, os, pathlib
from civitapy import CivitAIClient
base = os.environ["CIVITAI_ENDPOINT"] + "/api/v1"

def failure(act, *args):
    try:
        act(*args)
    except Exception as error:
        return type(error).__name__

free = CivitAIClient(base_url=base)
known = CivitAIClient(base_url=base, token="ck_plain", verify_hash=True, download_dir="d")
version = free.model_versions_get(201)
told = {{"model": free.models_get(100)["name"], "version": dict(version)["id"]}}
told["hash"] = dict(free.model_versions_by_hash("{known}"))["id"]
told["missing"] = [failure(free.models_get, 999), free.model_versions_by_hash("0" * 64)]
told["ids"] = len(free.model_versions_by_hash_ids(["{known}"]))
told["list"] = failure(free.models_list)
told["login"] = failure(free.download_model_version, 207)
known.download_model_version(201)
known.download_model_version(207)
told["files"] = sorted(str(path.name) for path in pathlib.Path("d").rglob("*.safetensors"))
print("TOLD" + json.dumps(told))
"""
    hub.civitai.overloaded = 1
    answers = script(on, python_with("civitapy==0.1.3"), source)
    assert (answers["model"], answers["version"], answers["hash"]) == ("Practice LoRA", 201, 201)
    assert answers["missing"] == ["CivitAINotFoundError", None]
    assert (answers["ids"], answers["list"]) == (2, None)
    assert answers["login"] is not None
    assert answers["files"] == ["file-307.safetensors", "practice_lora.safetensors"]
    data = next((on.home / "d").rglob("practice_lora.safetensors")).read_bytes()
    assert sha256(data) == known


def test_the_javascript_client_reads(on, hub):
    """H3, H10, H13, H19, H26, H38, H41; its odd-name bug too (H25)."""
    needs("node")
    modules = node_with("@huggingface/hub@2.17")
    shutil.copytree(modules / "node_modules", on.home / "node_modules", symlinks=True)
    (on.home / "script.mjs").write_text("""
import { listFiles, modelInfo, pathsInfo, fileDownloadInfo, downloadFile, listModels, whoAmI } from "@huggingface/hub";
const hubUrl = process.env.HF_ENDPOINT, told = {};
const all = async (items) => { const found = []; for await (const one of items) found.push(one); return found; };
told.files = (await all(listFiles({ repo: "org/repo", recursive: true, hubUrl }))).length;
told.big = (await all(listFiles({ repo: "org/big", recursive: true, hubUrl }))).length;
told.info = (await modelInfo({ name: "org/repo", hubUrl })).name;
told.paths = (await pathsInfo({ repo: "org/repo", paths: ["config.json", "nope"], hubUrl })).length;
told.small = (await fileDownloadInfo({ repo: "org/repo", path: "config.json", hubUrl })).size;
told.large = (await fileDownloadInfo({ repo: "org/repo", path: "model.safetensors", hubUrl })).size;
told.odd = await fileDownloadInfo({ repo: "org/repo", path: "sub dir/a+b%20c.txt", hubUrl });
told.text = await (await downloadFile({ repo: "org/repo", path: "config.json", hubUrl })).text();
told.models = (await all(listModels({ search: { owner: "many" }, limit: 250, hubUrl }))).length;
told.me = (await whoAmI({ accessToken: "hf_good", hubUrl })).name;
console.log("TOLD" + JSON.stringify(told));
""")
    answers = told(on.run("node", "script.mjs"))
    content = hub.hf.repo("org/repo").head.files
    assert (answers["files"], answers["big"], answers["models"]) == (8, 4042, 250)
    assert (answers["info"], answers["paths"], answers["odd"], answers["me"]) == ("org/repo", 1, None, "ada")
    assert (answers["small"], answers["large"]) == (content["config.json"].size, content["model.safetensors"].size)
    assert answers["text"].encode() == content["config.json"].bytes()


def test_modelscope_loads_parts_side_by_side(on, hub):
    """M38."""
    wish = {"PARALLELS": "4", "PARALLEL_THRESHOLD_MB": "1", "PART_SIZE_MB": "1"}
    wish = {f"MODELSCOPE_DOWNLOAD_{name}": value for name, value in wish.items()}
    modelscope(on, "--model", "org/repo", "--local_dir", "x", **wish)
    same_files(on.home / "x", hub.modelscope.repos["models", "org/repo"].head)
    assert len({one.range for one in hub.log.find("/lfs/*", origin="cdn")} - {None}) >= 3


def test_modelscope_trusts_the_authority_it_is_given(tmp_path):
    """M39."""
    with PracticeHub(tls=True) as hub, bench(hub, tmp_path) as on:
        modelscope(on, "--model", "org/repo", "--local_dir", "x")
        same_files(on.home / "x", hub.modelscope.repos["models", "org/repo"].head)
