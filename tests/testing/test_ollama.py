"""The registry keeps the wire of hubs.md 5.1; curl reads it, and Debian's docker-registry is the second opinion.

Case ids are those of hubs.md 9.4. The product only reads and writes Ollama's folders; it asks no registry itself.
"""

from __future__ import annotations

import hashlib
import json
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.programs.installed.metadata import told_by
from modelyard.programs.installed.searching import recognise
from modelyard.testing import PracticeHub
from modelyard.testing.ollama import TOKEN_LIVES
from modelyard.testing.ollama_data import LAYER, MANIFEST, Image
from programs.installed import trees
from testing.asking import Reply, ask, sha256
from testing.peers import Bench, bench, needs

TINY = "/v2/library/tiny"
NOBODY = "sha256:" + "0" * 64
SHARED = ("Content-Type", "Content-Length", "Docker-Content-Digest", "ETag", "Docker-Distribution-Api-Version")


@pytest.fixture
def on(hub: PracticeHub, tmp_path: Path) -> Iterator[Bench]:
    home = tmp_path / "home"
    home.mkdir()
    with bench(hub, home) as running:
        yield running


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Debian's docker-registry on a free port; an independent program that knows nothing of us."""
    needs("docker-registry")
    home = tmp_path_factory.mktemp("registry")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    http = f"http: {{addr: '127.0.0.1:{port}'}}\n"
    storage = f"storage: {{filesystem: {{rootdirectory: '{home}/data'}}}}\n"
    (home / "config.yml").write_text(f"version: 0.1\nlog: {{accesslog: {{disabled: true}}}}\n{storage}{http}")
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(["docker-registry", "serve", home / "config.yml"], stdout=quiet, stderr=quiet)
    try:
        while not _answers(f"http://127.0.0.1:{port}/v2/"):
            assert process.poll() is None
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url) as answer:
            return bool(answer.status == 200)
    except urllib.error.URLError:
        return False


def manifest(hub: PracticeHub, name: str = TINY, tag: str = "latest") -> dict:
    return ask(hub, f"{name}/manifests/{tag}", Accept=MANIFEST).json


def codes(reply: Reply) -> list[str]:
    return [one["code"] for one in reply.json["errors"]]


def fill(registry: str, hub: PracticeHub, name: str, image: Image) -> None:
    """Push an image as docker does: each blob, then the manifest."""
    for digest, content in image.blobs.items():
        begun = ask(hub, f"{registry}/v2/{name}/blobs/uploads/", method="POST")
        place = f"{begun['Location']}&digest={digest}"
        pushed = ask(hub, place, method="PUT", body=content.bytes(), Content_Type="application/octet-stream")
        assert pushed.status == 201
    pushed = ask(
        hub, f"{registry}/v2/{name}/manifests/latest", method="PUT", body=image.manifest, Content_Type=MANIFEST
    )
    assert pushed.status == 201


@pytest.mark.peers
def test_debians_registry_answers_alike(hub, registry):
    """O1 to O4 and O11: the same statuses, codes, headers and digests; only where bytes lie differs."""
    image = hub.ollama.images["library/tiny", "latest"]
    fill(registry, hub, "library/tiny", image)
    blobs = [f"{TINY}/blobs/{digest}" for digest in image.blobs]
    for path in ("/v2/", f"{TINY}/manifests/latest", f"{TINY}/manifests/sha256:{sha256(image.manifest)}", *blobs):
        ours, theirs = (ask(hub, base + path, method="HEAD", Accept=MANIFEST) for base in (hub.url, registry))
        assert [ours[name] for name in SHARED] == [theirs[name] for name in SHARED], path
        assert ours.status == theirs.status == 200
    wrong = (
        f"{TINY}/manifests/nope",
        f"{TINY}/manifests/{NOBODY}",
        "/v2/library/none/manifests/latest",
        "/v2/library/none/tags/list",
        f"{TINY}/blobs/{NOBODY}",
    )
    for path in ("/v2/", f"{TINY}/manifests/latest", f"{TINY}/tags/list", *wrong):
        ours, theirs = (ask(hub, base + path, Accept=MANIFEST) for base in (hub.url, registry))
        assert (ours.status, ours.json) == (theirs.status, theirs.json), path


def test_the_root_says_which_protocol_it_speaks(hub):
    """O1."""
    reply = ask(hub, "/v2/")
    assert (reply.status, reply.json, reply["Docker-Distribution-Api-Version"]) == (200, {}, "registry/2.0")


def test_a_manifest_is_named_by_the_hash_of_its_bytes(hub):
    """O2."""
    got, head = (ask(hub, f"{TINY}/manifests/latest", method=method) for method in ("GET", "HEAD"))
    digest = f"sha256:{sha256(got.body)}"
    assert (got["Docker-Content-Digest"], head["Docker-Content-Digest"]) == (digest, digest)
    assert (got["Content-Type"], got.json["mediaType"], head.body) == (MANIFEST, MANIFEST, b"")
    assert ask(hub, f"{TINY}/manifests/{digest}").body == got.body


def test_what_is_not_there_is_told_by_its_code(hub):
    """O3 and O4."""
    assert codes(ask(hub, f"{TINY}/manifests/nope")) == ["MANIFEST_UNKNOWN"]
    assert codes(ask(hub, "/v2/library/none/tags/list")) == ["NAME_UNKNOWN"]
    assert codes(ask(hub, f"{TINY}/blobs/{NOBODY}")) == ["BLOB_UNKNOWN"]


@pytest.mark.parametrize(("kind", "status"), [("model", 307), ("template", 200)])
def test_a_blob_is_led_to_in_the_two_ways_that_ollama_knows(hub, kind, status):
    """O5: another host by 307, or 200 with the address of its bytes; never 302."""
    (layer,) = [one for one in manifest(hub)["layers"] if one["mediaType"] == LAYER + kind]
    path = f"{TINY}/blobs/{layer['digest']}"
    reply = ask(hub, path)
    place = reply["Location"] if status == 307 else f"{path}{reply['Location']}"
    assert (reply.status, place.startswith(hub.cdn_url)) == (status, status == 307)
    part = ask(hub, place, range="bytes=1-4")
    assert (part.status, f"sha256:{sha256(ask(hub, place).body)}") == (206, layer["digest"])


@pytest.mark.peers
def test_sixteen_parts_come_from_the_direct_address_without_a_key(on, hub):
    """O6: as Ollama asks, from wherever the one redirect led."""
    layer = manifest(hub)["layers"][0]
    place = ask(hub, f"{TINY}/blobs/{layer['digest']}")["Location"]
    width = -(-layer["size"] // 16)
    wishes = [
        f'url = "{place}"\nrange = "{at}-{at + width - 1}"\noutput = "{at:08}"\n' for at in range(0, 16 * width, width)
    ]
    (on.home / "wishes").write_text("next\n".join(wishes))
    hub.log.clear()
    on.run("curl", "-fsS", "--parallel", "--config", "wishes")
    whole = b"".join(path.read_bytes() for path in sorted(on.home.glob("0*")))
    assert f"sha256:{sha256(whole)}" == layer["digest"]
    assert {(one.origin, one.status, one.auth) for one in hub.log} == {("cdn", 206, "")}
    assert len(hub.log) == 16


def test_a_private_model_wants_a_token_for_itself(hub):
    """O7."""
    path = "/v2/ada/private/manifests/latest"
    refused = ask(hub, path)
    assert (refused.status, codes(refused)) == (401, ["UNAUTHORIZED"])
    words = dict(part.split("=", 1) for part in refused["WWW-Authenticate"].removeprefix("Bearer ").split(","))
    realm, service, scope = (words[name].strip('"') for name in ("realm", "service", "scope"))
    assert ask(hub, f"{realm}?service={service}&scope={scope}").status == 401
    token = ask(hub, f"{realm}?service={service}&scope={scope}", Authorization="ol_good:signature").json["token"]
    other = ask(hub, f"{realm}?service={service}&scope=repository:x/y:pull", Authorization="ol_good:s").json["token"]
    assert [ask(hub, path, token=one).status for one in (token, other, "junk")] == [200, 401, 401]
    small = ask(hub, path, token=token).json["layers"][1]
    led = ask(hub, f"/v2/ada/private/blobs/{small['digest']}", token=token)["Location"]
    assert ask(hub, f"/v2/ada/private/blobs/{small['digest']}{led}").status == 200
    hub.clock.advance(TOKEN_LIVES + 1)
    assert ask(hub, path, token=token).status == 401


@pytest.mark.peers
@pytest.mark.parametrize("name", ["library/tiny:latest", "library/seeing:latest", "ada/tuned:v1"])
def test_what_curl_pulls_is_an_ollama_store_to_us(on, hub, tmp_path, name):
    """O8 and O9: seven kinds of layers, sizes that add up, and our reader finds the model by name and hash."""
    model, tag = name.split(":")
    store = trees.machine(tmp_path / "person").home / ".ollama" / "models"
    place = store / "manifests" / "registry.ollama.ai" / model / tag
    place.parent.mkdir(parents=True)
    (store / "blobs").mkdir()
    on.run("curl", "-fsS", "-o", place, f"{hub.url}/v2/{model}/manifests/{tag}")
    listed = json.loads(place.read_text())
    for blob in (listed["config"], *listed["layers"]):
        target = store / "blobs" / blob["digest"].replace(":", "-")
        on.run("curl", "-fsSL", "-o", target, f"{hub.url}/v2/{model}/blobs/{blob['digest']}")
        assert hashlib.sha256(target.read_bytes()).hexdigest() == blob["digest"].removeprefix("sha256:")
    sizes = [blob["size"] for blob in (listed["config"], *listed["layers"])]
    assert sum(path.stat().st_size for path in (store / "blobs").iterdir()) == sum(sizes)
    program = recognise(store, trees.machine(tmp_path / "person"))
    assert program is not None
    told = told_by(program, trees.machine(tmp_path / "person"))
    assert {one.about.name for one in told} == {name.removeprefix("library/")}
    assert listed["layers"][0]["digest"] == f"sha256:{told[0].about.claimed['sha256']}"


def test_every_kind_of_layer_is_in_some_model(hub):
    """O8."""
    kinds = {kind for image in hub.ollama.images.values() for kind in image.layers}
    assert kinds == {"model", "template", "params", "system", "license", "projector", "adapter"}


@pytest.mark.peers
def test_hugging_face_speaks_it_too(on, hub):
    """O10: a quantisation is a tag; the bytes come from the repository."""
    listed = manifest(hub, "/v2/org/repo", "q4_k_m")
    file = hub.hf.repo("org/repo").head.files["sub dir/model-Q4_K_M.gguf"]
    assert listed["layers"][0] == {"mediaType": f"{LAYER}model", "digest": f"sha256:{file.sha256}", "size": file.size}
    on.run("curl", "-fsSL", "-o", "m.gguf", f"{hub.url}/v2/org/repo/blobs/sha256:{file.sha256}")
    assert (on.home / "m.gguf").read_bytes() == file.bytes()
    assert [one.status for one in hub.log.find("*/blobs/*")] == [307]
    assert manifest(hub, "/v2/org/repo")["layers"] == listed["layers"]
    assert ask(hub, "/v2/org/repo/manifests/Q9_9").status == 400
    refused = ask(hub, "/v2/org/gated/manifests/latest")
    assert (refused.status, refused["X-Error-Code"]) == (401, "GatedRepo")


def test_a_blob_may_be_gone_although_its_manifest_names_it(hub):
    """O12: the answer names the digest, so that a client can say which layer it was."""
    layer = manifest(hub)["layers"][0]
    hub.ollama.lost.add(layer["digest"])
    reply = ask(hub, f"{TINY}/blobs/{layer['digest']}")
    assert (reply.status, codes(reply), reply.json["errors"][0]["detail"]) == (404, ["BLOB_UNKNOWN"], layer["digest"])
    assert manifest(hub)["layers"][0] == layer
    hub.reset()
    assert ask(hub, f"{TINY}/blobs/{layer['digest']}").status == 307


def test_other_paths_below_it_are_no_models(hub):
    assert [ask(hub, path).status for path in ("/v2/x", "/v2/x/y/z/w", "/v2/token")] == [404, 404, 401]
