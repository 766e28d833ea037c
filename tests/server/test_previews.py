"""Pictures of models on the real service: shown small, given, taken away, put back; nothing else goes out."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.library import model
from modelyard.library.previews.containers import form_of
from modelyard.testing import PracticeHub
from modelyard.testing.pictures import mp4, png
from server.serving import API, Served, served


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("previews")


@pytest.fixture(scope="module")
def yard(folder: Path) -> Iterator[Served]:
    root = folder / "loras"
    root.mkdir()
    for number, name in enumerate(("shown", "plain", "covered", "given", "broken", "linked", "film")):
        cover = {"modelspec.thumbnail": "data:image/png;base64," + base64.b64encode(png(5)).decode()}
        model(root / f"{name}.safetensors", number, **(cover if name == "covered" else {}))
    (root / "shown.preview.png").write_bytes(png(1))
    (root / "broken.png").write_bytes(b"<html><script>alert(1)</script></html>")
    (root / "film.mp4").write_bytes(mp4())
    (folder / "secret.png").write_bytes(png(9))
    (root / "linked.preview.png").symlink_to(folder / "secret.png")
    with PracticeHub() as hub, served(folder / "yard", env=hub.env()) as service:
        content = hub.civitai.models[100].versions[1].files[0].content
        (root / "known.safetensors").write_bytes(content.bytes())
        assert service.ask("PUT", f"{API}/roots", {"path": str(root), "folder": "loras"}).status == 200
        until_listed(service, 8)
        yield service


def until_listed(yard: Served, count: int) -> None:
    end = time.monotonic() + 30
    while len(yard.ask("GET", f"{API}/models").json["models"]) < count:
        assert time.monotonic() < end
        yard.ask("GET", f"{API}/events?since=0&wait=1")


def number(yard: Served, name: str) -> int:
    (found,) = [one for one in yard.ask("GET", f"{API}/models").json["models"] if one["name"] == name]
    return int(found["id"])


@pytest.mark.parametrize("name", ["shown", "plain", "covered", "broken", "film"])
def test_every_model_has_a_small_picture(yard: Served, name: str) -> None:
    got = yard.ask("GET", f"{API}/models/{number(yard, name)}/preview?width=128")
    assert got.status == 200
    assert got.headers["content-type"] == "image/webp"
    assert form_of(got.body) == "webp"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["cache-control"] == "private, no-cache"


def test_a_picture_that_is_known_is_not_sent_again(yard: Served) -> None:
    path = f"{API}/models/{number(yard, 'shown')}/preview?width=128"
    first = yard.ask("GET", path)
    again = yard.ask("GET", path, If_None_Match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    assert "immutable" in yard.ask("GET", f"{path}&v=1").headers["cache-control"]


def test_a_cached_thumbnail_is_quick(yard: Served) -> None:
    path = f"{API}/models/{number(yard, 'shown')}/preview?width=256"
    yard.ask("GET", path)
    took = []
    for _ in range(20):
        began = time.perf_counter()
        yard.ask("GET", path)
        took.append(time.perf_counter() - began)
    assert sorted(took)[10] < 0.1  # a generous bound for a busy machine; some milliseconds on a quiet one


def test_the_original_goes_out_with_its_own_type_and_nothing_but_pictures_does(yard: Served) -> None:
    whole = yard.ask("GET", f"{API}/models/{number(yard, 'shown')}/preview/original")
    assert (whole.headers["content-type"], whole.body) == ("image/png", png(1))
    film = yard.ask("GET", f"{API}/models/{number(yard, 'film')}/preview/original")
    assert (film.headers["content-type"], film.body) == ("video/mp4", mp4())
    assert yard.ask("GET", f"{API}/models/{number(yard, 'broken')}/preview/original").code == "preview-refused"
    assert yard.ask("GET", f"{API}/models/{number(yard, 'plain')}/preview/original").code == "no-such-file"
    assert (
        yard.ask("GET", f"{API}/models/{number(yard, 'linked')}/preview/original").code == "no-such-file"
    )  # never listed
    assert yard.ask("GET", f"{API}/models/99999/preview").code == "no-such-model"


def test_a_picture_is_given_taken_away_and_put_back(yard: Served, folder: Path) -> None:
    path = f"{API}/models/{number(yard, 'given')}/preview"
    file = folder / "loras" / "given.preview.png"
    assert yard.ask("POST", path, png(2), Content_Type="image/png").json == {"preview": str(file)}
    first = file.read_bytes()
    assert form_of(first) == "png"
    assert yard.ask("POST", path, png(3), Content_Type="image/png").status == 200
    assert file.read_bytes() != first
    assert yard.ask("POST", f"{path}/restore").status == 200
    assert file.read_bytes() == first
    assert yard.ask("DELETE", path).json == {"preview": ""}
    assert not file.exists()
    assert yard.ask("POST", f"{path}/restore").json == {"preview": str(file)}
    assert file.read_bytes() == first


def test_what_is_no_picture_is_refused_and_nothing_is_written(yard: Served, folder: Path) -> None:
    path = f"{API}/models/{number(yard, 'plain')}/preview"
    svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    assert yard.ask("POST", path, svg, Content_Type="image/png").code == "preview-refused"
    assert yard.ask("POST", path, svg, Content_Type="image/svg+xml").code == "wrong-media-type"
    assert yard.ask("POST", path, png(2), Content_Type="image/png", token=None).status == 401
    assert yard.ask("POST", path, os.urandom(21 << 20), Content_Type="image/png").code == "body-too-large"
    assert not [name for name in os.listdir(folder / "loras") if name.startswith("plain.p")]


def test_the_stamp_of_a_picture_changes_with_what_it_shows(yard: Served) -> None:
    one = number(yard, "plain")
    path = f"{API}/models/{one}/preview"

    def stamp() -> str:
        return str(yard.ask("GET", f"{API}/models/{one}").json["model"]["picture"])

    stamps = [stamp()]
    yard.ask("PATCH", f"{API}/models/{one}", {"title": "Drawn with this name"})
    stamps.append(stamp())
    for data in (png(3), png(4)):
        assert yard.ask("POST", path, data, Content_Type="image/png").status == 200
        stamps.append(stamp())
    assert yard.ask("POST", f"{path}/restore").status == 200
    stamps.append(stamp())
    yard.ask("PATCH", f"{API}/models/{one}", {"favourite": True})
    assert stamp() == stamps[-1] and len(set(stamps)) == 5
    kept = yard.ask("GET", f"{path}?v={stamps[-1]}")
    assert kept.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert yard.ask("DELETE", path).status == 200


def test_a_preview_is_made_anew_from_the_header_or_the_hub(yard: Served, folder: Path) -> None:
    covered = yard.ask("POST", f"{API}/models/{number(yard, 'covered')}/preview/regenerate")
    assert covered.json == {"preview": str(folder / "loras" / "covered.preview.png")}
    plain = yard.ask("POST", f"{API}/models/{number(yard, 'plain')}/preview/regenerate")
    assert plain.code == "preview-refused"


def test_a_refresh_over_rest_describes_a_model_and_brings_its_preview(yard: Served, folder: Path) -> None:
    one = number(yard, "known")
    measured = yard.ask("POST", f"{API}/library/measure", {"ids": [one]}).json["id"]
    ended(yard, measured)
    told = ended(yard, yard.ask("POST", f"{API}/models/{one}/refresh").json["id"])
    assert told["found"] == 1
    assert yard.ask("GET", f"{API}/models/{one}").json["model"]["title"] == "Practice LoRA"
    again = yard.ask("POST", f"{API}/models/{one}/preview/regenerate")
    assert again.json == {"preview": str(folder / "loras" / "known.preview.png")}
    assert "no-preview" in {one["code"] for one in yard.ask("GET", f"{API}/maintenance").json}


def ended(yard: Served, task: int) -> dict[str, object]:
    end = time.monotonic() + 30
    while (told := yard.ask("GET", f"{API}/tasks/{task}").json)["state"] != "done":
        assert told["state"] != "failed" and time.monotonic() < end, told
        yard.ask("GET", f"{API}/events?since=0&wait=1")
    return dict(told["result"])
