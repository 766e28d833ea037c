"""The library routes of ComfyUI-Model-Manager on the real service, and callers who want out of the folders."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest

from jobs.library import model
from modelyard.library.previews.containers import form_of
from modelyard.server.api.answers import example_of
from modelyard.server.inside import router
from modelyard.testing import PracticeHub
from modelyard.testing.pictures import png
from server.serving import Served, served
from server.test_ancestor import BOUNDARY, form
from server.test_previews import until_listed

PAGE = "/api/model-manager"
SCRIPT = "/model-manager"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ancestor") / "loras"


@pytest.fixture(scope="module")
def yard(root: Path) -> Iterator[Served]:
    model(root / "style" / "deep" / "one.safetensors", 1, ss_output_name="x")
    model(root / "two.safetensors", 2)
    model(root / "a b+c#é.safetensors", 3)
    (root / "two.preview.png").write_bytes(png(2))
    outside = model(root.parent / "outside" / "secret.safetensors", 4)
    (root / "link.safetensors").symlink_to(outside)
    (root / "folder").symlink_to(outside.parent)
    with PracticeHub() as hub, served(root.parent / "yard", env=hub.env()) as service:
        content = hub.civitai.models[100].versions[1].files[0].content
        (root / "known.safetensors").write_bytes(content.bytes())
        assert service.ask("PUT", "/api/v1/roots", {"path": str(root), "folder": "loras"}).status == 200
        until_listed(service, 4)
        yield service


def good(yard: Served, method: str, path: str, body: Any = None, **headers: str) -> Any:
    got = yard.ask(method, path, body, **headers)
    assert (got.status, got.json["success"]) == (200, True), got
    shown = example_of(router().find(method, path.partition("?")[0])[0])
    assert names_in(got.json) <= names_in(shown), (got.json, shown)
    return got.json.get("data")


def names_in(told: Any) -> set[str]:
    """Every name of a field, at any depth, but those of a model's metadata: not each model has them all."""
    if isinstance(told, list):
        return set().union(*map(names_in, told))
    if not isinstance(told, dict):
        return set()
    return set(told).union(*(names_in(value) for name, value in told.items() if name != "metadata"))


def test_folders_and_models_are_listed_as_its_page_wants_them(yard: Served, root: Path) -> None:
    for base in (PAGE, SCRIPT):
        assert good(yard, "GET", f"{base}/models") == {"loras": [str(root)]}
        assert good(yard, "GET", f"{base}/base-folders") == {"loras": [str(root)]}
    listed = {one["basename"]: one for one in good(yard, "GET", f"{PAGE}/models/loras")}
    assert set(listed) == {"one", "two", "a b+c#é", "known", "style", "deep"}
    one = listed["one"]
    assert (one["type"], one["subFolder"], one["extension"], one["pathIndex"]) == (
        "loras",
        "style/deep",
        ".safetensors",
        0,
    )
    assert one["sizeBytes"] == (root / "style/deep/one.safetensors").stat().st_size
    assert one["preview"] == "/model-manager/preview/loras/0/style/deep/one.webp"
    assert listed["deep"]["isFolder"] and listed["deep"]["subFolder"] == "style"


@pytest.mark.parametrize("name", ["two.safetensors", "style/deep/one.safetensors", "a b+c#é.safetensors"])
def test_a_model_is_read_by_its_name_below_the_folder(yard: Served, name: str) -> None:
    told = good(yard, "GET", f"{SCRIPT}/model/loras/0/{quote(name)}")
    assert told["metadata"]["completeness"] in ("minimal", "partial", "complete")
    assert good(yard, "GET", f"{PAGE}/model/loras/0/{quote(name, safe='')}") == told


OUT = [
    "../outside/secret.safetensors",
    "%2e%2e/outside/secret.safetensors",
    "..%2foutside%2fsecret.safetensors",
    "style/../../outside/secret.safetensors",
    "style/%2e%2e/%2e%2e/outside/secret.safetensors",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "//etc/passwd",
    "two.safetensors%00.png",
    "link.safetensors",
    "folder/secret.safetensors",
    "./two.safetensors",
    "style//deep/one.safetensors",
]


@pytest.mark.parametrize("name", OUT)
@pytest.mark.parametrize("route", ["model", "preview", "write", "refresh", "remove", "target"])
def test_nothing_outside_the_folders_is_reached(yard: Served, root: Path, name: str, route: str) -> None:
    before = {str(path) for path in root.parent.rglob("*") if "yard" not in path.parts}
    match route:
        case "write":
            sent = json.dumps({"description": "x"}).encode()
            got = yard.ask("PUT", f"{SCRIPT}/model/loras/0/{name}", sent)
        case "remove":
            got = yard.ask("DELETE", f"{SCRIPT}/model/loras/0/{name}")
        case "target":
            sent = json.dumps({"type": "loras", "pathIndex": 0, "fullname": unquote(name)}).encode()
            got = yard.ask("PUT", f"{SCRIPT}/model/loras/0/two.safetensors", sent)
        case "refresh":
            got = yard.ask("POST", f"{SCRIPT}/model/loras/0/{name}/metadata/refresh")
        case _:
            got = yard.ask("GET", f"{SCRIPT}/{route}/loras/0/{name}")
    assert got.json["success"] is False
    assert got.json["code"] in ("unsafe-path", "no-such-model", "bad-value")
    assert got.json["error"]
    assert {str(path) for path in root.parent.rglob("*") if "yard" not in path.parts} == before


@pytest.mark.parametrize("index", ["undefined", "-1", "NaN", "1e3", "99999999999999999999", "%00", "0.5", "١"])
def test_an_index_that_is_no_number_is_answered_in_its_words(yard: Served, index: str) -> None:
    got = yard.ask("GET", f"{SCRIPT}/model/loras/{quote(index, safe='%')}/two.safetensors")
    assert (got.status, got.json["success"], got.json["code"]) == (200, False, "bad-value")
    assert "pathIndex" in got.json["error"]


def test_an_unknown_folder_or_index_is_told_with_what_there_is(yard: Served) -> None:
    for path in ("model/loras/7/two.safetensors", "model/nothing/0/two.safetensors", "models/nothing"):
        got = yard.ask("GET", f"{SCRIPT}/{path}")
        assert (got.status, got.json["code"]) == (200, "no-such-root")


def test_a_preview_and_a_description_are_given_as_its_page_sends_them(yard: Served, root: Path) -> None:
    path = f"{PAGE}/model/loras/0/style/deep/one.safetensors"
    sent = form({"description": "# Mine\r\nwith ü"}, b"")[: -len(f"--{BOUNDARY}--\r\n")]
    head = 'Content-Disposition: form-data; name="previewFile"; filename="a.png"\r\nContent-Type: image/png'
    sent += f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + png(7) + f"\r\n--{BOUNDARY}--\r\n".encode()
    good(yard, "PUT", path, sent, Content_Type="multipart/form-data")
    preview = root / "style/deep/one.preview.png"
    assert form_of(preview.read_bytes()) == "png"
    assert good(yard, "GET", path)["description"] == "# Mine\r\nwith ü"
    for name, kind in (("one.webp", "webp"), ("one.preview.png", "png"), ("one.jpg", "jpeg")):
        got = yard.ask("GET", f"{PAGE}/preview/loras/0/style/deep/{name}?width=64&t=123")
        assert (got.status, form_of(got.body)) == (200, kind)
        assert got.headers["x-content-type-options"] == "nosniff"
    for query, kind in (("format=png&height=32", "png"), ("format=JPG", "jpeg"), ("format=exe", "webp")):
        assert form_of(yard.ask("GET", f"{PAGE}/preview/loras/0/style/deep/one.webp?{query}").body) == kind
    for height in ("0", "-1", "a", "5000"):
        refused = yard.ask("GET", f"{PAGE}/preview/loras/0/style/deep/one.webp?height={height}")
        assert (refused.status, refused.json["code"]) == (200, "bad-value")
    good(yard, "PUT", path, form({"previewFile": "undefined"}), Content_Type="multipart/form-data")
    assert not preview.exists()
    assert good(yard, "GET", path)["description"] == "# Mine\r\nwith ü"
    refused = yard.ask("GET", f"{PAGE}/preview/loras/0/nobody.webp")
    assert (refused.status, refused.json["code"]) == (200, "no-such-model")


def test_refreshing_maintenance_and_previews_answer_as_the_fork_does(yard: Served, root: Path) -> None:
    before = good(yard, "GET", f"{SCRIPT}/maintenance/scan?type=loras&include_previews=true")
    assert before["total_incomplete"] == 4 and before["scanned_types"] == ["loras"]
    assert {"missing_description"} <= set(before["models"][0]["issues"])
    path = f"{SCRIPT}/model/loras/0/known.safetensors/metadata/refresh"
    refused = yard.ask("GET", path)
    assert (refused.status, refused.json["success"], refused.json["code"]) == (200, False, "wrong-method")
    assert "POST" in refused.json["error"]
    told = good(yard, "POST", path)
    assert (told["status"], told["old_completeness"], told["new_completeness"]) == ("updated", "minimal", "complete")
    assert told["hash"] == hashlib.sha256((root / "known.safetensors").read_bytes()).hexdigest()
    chosen = {"models": [str(root / "known.safetensors"), str(root / "two.safetensors"), "/etc/passwd", "x", "../y"]}
    told = good(yard, "POST", f"{SCRIPT}/batch/metadata/refresh", chosen)
    counts = {name: told[name] for name in ("processed", "updated", "already_complete", "not_found", "errors")}
    assert counts == {"processed": 5, "updated": 0, "already_complete": 1, "not_found": 1, "errors": 3}
    told = good(
        yard, "POST", f"{SCRIPT}/preview/regenerate", {"models": [*chosen["models"], str(root / "a b+c#é.safetensors")]}
    )
    assert (told["already_exists"], told["no_source"], told["errors"]) == (2, 1, 3)
    assert good(yard, "GET", f"{SCRIPT}/maintenance/scan")["total_incomplete"] == 3
    assert yard.ask("POST", f"{SCRIPT}/batch/metadata/refresh", {}).json["code"] == "bad-value"


def test_a_model_is_renamed_moved_and_removed_with_what_belongs_to_it(yard: Served, root: Path) -> None:
    lora = model(root / "movable.safetensors", 9)
    (root / "movable.preview.png").write_bytes(png(4))
    yard.ask("POST", "/api/v1/library/scan", {})
    until_listed(yard, 5)
    path = f"{PAGE}/model/loras/0"
    taken = {"type": "loras", "pathIndex": "0", "fullname": "two.safetensors"}
    assert yard.ask("PUT", f"{path}/movable.safetensors", taken).json["code"] == "target-exists"
    assert yard.ask("PUT", f"{path}/movable.safetensors", taken | {"fullname": "x.ckpt"}).json["code"] == "bad-value"
    assert (
        yard.ask("PUT", f"{path}/movable.safetensors", taken | {"pathIndex": "undefined"}).json["code"] == "bad-value"
    )
    assert lora.exists()
    good(yard, "PUT", f"{path}/movable.safetensors", taken | {"fullname": "new/sub/other.safetensors"})
    assert sorted(one.name for one in (root / "new/sub").iterdir()) == ["other.preview.png", "other.safetensors"]
    assert not lora.exists()
    assert good(yard, "GET", f"{path}/new/sub/other.safetensors")["metadata"]["name"] == "other"
    good(yard, "DELETE", f"{path}/new/sub/other.safetensors")
    assert not list(root.rglob("other.safetensors"))
    assert [one["title"] for one in yard.ask("GET", "/api/v1/trash").json["entries"]] == ["other"]
    assert yard.ask("DELETE", f"{path}/new/sub/other.safetensors").json["success"] is False
