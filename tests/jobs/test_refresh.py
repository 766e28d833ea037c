"""Hubs are asked about models; what they say is kept, what was known is never wiped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from modelyard.app import App
from modelyard.catalogue.asking import Asking
from modelyard.errors import AddressForbidden, Stopped, Unreachable, YardError
from modelyard.jobs.measuring import MeasureOptions, measure_models
from modelyard.jobs.owning import Change, change_own
from modelyard.jobs.refresh import RefreshOptions, refresh
from modelyard.net.stop import Stop
from modelyard.net.url import parse
from modelyard.store.proofs import Proof, stamp_of
from modelyard.testing import PracticeHub
from modelyard.testing.pictures import png
from modelyard.values.about import About, Picture
from modelyard.values.offers import Address

from .library import library, model, scanned

NOTHING = [""]


@pytest.fixture
def yard(tmp_path: Path, hub: PracticeHub) -> Iterator[tuple[App, Path]]:
    with library(tmp_path, **hub.env()) as both:
        yield both


def put(root: Path, name: str, data: bytes) -> Path:
    path = root / name
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_bytes(data)
    return path


def ready(app: App) -> None:
    scanned(app)
    measure_models(app.stock, MeasureOptions(), Stop(), lambda _: None)


def do(app: App, **how: Any) -> dict[str, Any]:
    return refresh(app.stock, RefreshOptions(**how), Stop(), lambda _: None)


def practice_lora(hub: PracticeHub) -> bytes:
    return bytes(hub.civitai.models[100].versions[1].files[0].content.bytes())


def test_a_model_is_known_by_its_bytes(yard: tuple[App, Path], hub: PracticeHub) -> None:
    app, root = yard
    path = put(root, "mine.safetensors", practice_lora(hub))
    ready(app)
    told = do(app)
    assert (told["found"], told["before"], told["after"]) == (1, {"minimal": 1}, {"complete": 1})
    found = app.stock.catalogue.details(app.stock.catalogue.at(str(path)).id)
    assert (found.model.title, found.model.base, found.model.hub_model) == ("Practice LoRA", "SDXL 1.0", "100")
    assert found.tags == ("practice", "style")
    assert found.identity.base_model == "SDXL 1.0"
    assert found.model.preview == str(root / "mine.preview.png")
    sidecar = json.loads((root / "mine.info").read_text())
    assert (sidecar["modelId"], sidecar["completeness"]) == (100, "complete")
    assert sidecar["trainedWords"] == ["prctc style"]


def test_of_the_practice_hubs_models_less_than_one_in_twenty_stays_incomplete(
    yard: tuple[App, Path], hub: PracticeHub
) -> None:
    app, root = yard
    for one in hub.civitai.every()[-220:]:
        put(root, f"{one.id}.safetensors", one.versions[0].files[0].content.bytes())
    for number in (100, 101, 104, 105, 106, 108):
        content = hub.civitai.models[number].listed()[0].files[0].content
        put(root, f"{number}.safetensors", content.bytes())
    ready(app)
    hub.log.clear()
    told = do(app)
    assert told["asked"] == 226
    assert told["after"].get("complete", 0) > 0.95 * 226
    asked = [one for one in hub.log.find("*") if "/image/" not in one.target]
    assert len(asked) <= 7  # two a hundred models, and one for a second model with the same bytes
    assert (told["pictures"], told["failed"]) == (225, [])  # one has no picture at the hub


def test_nothing_is_asked_twice_within_a_day_unless_forced(yard: tuple[App, Path], hub: PracticeHub) -> None:
    app, root = yard
    model(root / "unknown.safetensors")
    ready(app)
    assert do(app)["unknown"] == 1
    assert do(app)["asked"] == 0
    assert do(app, force=True)["unknown"] == 1
    app.stock.wall = lambda: app.clock.wall() + 90_000
    assert do(app)["asked"] == 1


def test_a_hub_that_does_not_know_or_deleted_a_model_wipes_nothing(yard: tuple[App, Path], hub: PracticeHub) -> None:
    app, root = yard
    path = model(root / "mine.safetensors")
    said = {"id": 777, "modelId": 99999, "name": "v2", "baseModel": "SDXL 1.0", "model": {"name": "Was there"}}
    (root / "mine.civitai.info").write_text(json.dumps(said | {"trainedWords": ["was"]}))
    other = model(root / "other.safetensors", 3)
    ready(app)
    told = do(app)
    assert (told["deleted"], told["unknown"]) == (1, 1)
    about = app.stock.catalogue.details(app.stock.catalogue.at(str(path)).id).about
    assert about.gone
    assert (about.name, about.trained_words, about.model_id) == ("Was there", ("was",), "99999")
    unknown = app.stock.catalogue.details(app.stock.catalogue.at(str(other)).id).about
    assert unknown.unknown_at == ("civitai",)
    assert json.loads((root / "mine.civitai.info").read_text())["trainedWords"] == ["was"]


def test_what_its_owner_wrote_wins_over_the_hub(yard: tuple[App, Path], hub: PracticeHub) -> None:
    app, root = yard
    path = put(root, "mine.safetensors", practice_lora(hub))
    ready(app)
    number = app.stock.catalogue.at(str(path)).id
    change_own(app.stock, number, Change(title="My own", notes="good", tags=("x",), rating=4))
    do(app)
    found = app.stock.catalogue.details(number)
    assert (found.model.title, found.about.name, found.model.notes) == ("My own", "Practice LoRA", "good")
    assert found.own_tags == ("x",)
    change_own(app.stock, number, Change(notes="better"))
    assert json.loads((root / "mine.info").read_text())["name"] == "Practice LoRA"


def test_the_model_that_a_sidecar_names_is_asked_for_even_if_others_have_the_same_bytes(
    yard: tuple[App, Path], hub: PracticeHub
) -> None:
    app, root = yard
    path = put(root, "again.safetensors", practice_lora(hub))
    (root / "again.civitai.info").write_text(json.dumps({"id": 212, "modelId": 110, "name": "v1"}))
    ready(app)
    assert do(app)["found"] == 1
    about = app.stock.catalogue.details(app.stock.catalogue.at(str(path)).id).about
    assert (about.model_id, about.version_id, about.name) == ("110", "212", "Uploaded again")


def test_a_hub_that_wants_us_to_wait_ends_the_chore_as_waiting(yard: tuple[App, Path], hub: PracticeHub) -> None:
    app, root = yard
    put(root, "mine.safetensors", practice_lora(hub))
    ready(app)
    hub.close()
    with pytest.raises(YardError) as raised:
        do(app)
    assert raised.value.retryable
    assert app.stock.catalogue.page(Asking()).models[0].asked == 0


def test_descriptions_are_cleaned_where_they_enter_and_whole_in_the_sidecar(
    yard: tuple[App, Path], hub: PracticeHub
) -> None:
    app, root = yard
    hub.civitai.models[100].description = "<p onclick='x()'>Hi<script>alert(1)</script></p>"
    path = put(root, "mine.safetensors", practice_lora(hub))
    ready(app)
    do(app)
    number = app.stock.catalogue.at(str(path)).id
    assert app.stock.catalogue.details(number).about.description == "<p>Hi</p>"
    assert "<script>" in json.loads((root / "mine.info").read_text())["description"]
    change_own(app.stock, number, Change(favourite=True))
    assert "<script>" in json.loads((root / "mine.info").read_text())["description"]
    (root / "mine.info").touch()
    scanned(app, deep=True)
    assert app.stock.catalogue.details(number).about.description == "<p>Hi</p>"


@pytest.mark.parametrize(("setting", "level", "fetched"), [("off", 1, 0), ("safe-only", 1, 1), ("safe-only", 4, 0)])
def test_pictures_are_fetched_as_the_setting_says(
    tmp_path: Path, hub: PracticeHub, setting: str, level: int, fetched: int
) -> None:
    hub.civitai.models[100].level = level
    with library(tmp_path, MODELYARD_PREVIEWS=setting, **hub.env()) as (app, root):
        put(root, "mine.safetensors", practice_lora(hub))
        ready(app)
        assert do(app)["pictures"] == fetched


def test_a_picture_inside_the_local_network_is_not_fetched_for_a_stranger(
    yard: tuple[App, Path], hub: PracticeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, root = yard
    put(root, "mine.safetensors", practice_lora(hub))
    ready(app)
    described = app.hubs.named("civitai").about_by_hash
    secret = hub.add_file("secret.png", b"x")
    other = secret.replace("127.0.0.1", "localhost")  # another origin than the hub that its owner chose

    def spoilt(digests: list[str]) -> Any:
        return {
            value: replace(about, pictures=(replace(about.pictures[0], url=other),))
            for value, about in described(digests).items()
        }

    monkeypatch.setattr(app.hubs.named("civitai"), "about_by_hash", spoilt)
    told = do(app)
    assert (told["found"], told["pictures"]) == (1, 0)
    assert told["failed"][0]["code"] == "address-forbidden"
    assert not hub.log.find("*secret*")


def test_only_the_hub_that_its_owner_chose_names_pictures_at_its_origin(
    yard: tuple[App, Path], hub: PracticeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, root = yard
    path = put(root, "mine.safetensors", practice_lora(hub))
    ready(app)
    number = app.stock.catalogue.at(str(path)).id
    secret = hub.add_file("secret.png", png(1))
    civitai = app.hubs.named("civitai")
    assert parse(secret).origin in civitai.realm.chosen
    true = civitai.about_by_hash

    def public(digests: list[str]) -> Any:
        """A public hub's record that names a picture inside the local network."""
        return {
            value: replace(about, hub="huggingface", model_id="a/b", pictures=(Picture(secret),))
            for value, about in true(digests).items()
        }

    with monkeypatch.context() as patched:
        patched.setattr(civitai, "about_by_hash", public)
        face = app.hubs.named("huggingface")
        patched.setattr(face, "realm", replace(face.realm, chosen=frozenset()))
        told = do(app)
        assert (told["found"], told["pictures"], told["failed"][0]["code"]) == (1, 0, "address-forbidden")
    sidecar = About(hub="civitai", model_id="100", pictures=(Picture(secret),))
    with pytest.raises(AddressForbidden):
        app.stock.pictures.regenerate(app.stock.catalogue.get(number), sidecar, Stop())
    assert not hub.log.find("*secret*")


def test_a_header_names_its_repository_and_is_believed_when_that_has_these_very_bytes(
    yard: tuple[App, Path], hub: PracticeHub
) -> None:
    app, root = yard
    true = model(root / "true.safetensors", 1, repo_id="me/model")
    model(root / "merge.safetensors", 2, repo_id="me/model")  # its header was copied
    model(root / "lost.safetensors", 3, repo_id="nobody/nothing")
    model(root / "wild.safetensors", 4, source_url=hub.add_file("secret.html", b"x"))
    hub.hf.add_repo("me/model", {"weights/other-name.safetensors": true.read_bytes()})
    ready(app)
    told = do(app)
    assert (told["found"], told["unknown"], told["failed"]) == (1, 3, [])
    assert app.stock.catalogue.at(str(true)).hub_model == "me/model"
    assert app.stock.catalogue.at(str(root / "merge.safetensors")).hub == ""
    assert not hub.log.find("*secret*")


def test_a_stopped_refresh_keeps_what_it_learnt(yard: tuple[App, Path], hub: PracticeHub) -> None:
    app, root = yard
    for one in hub.civitai.every()[-150:]:
        put(root, f"{one.id}.safetensors", one.versions[0].files[0].content.bytes())
    ready(app)
    stop = Stop()
    told = []

    def tell(step: Any) -> None:
        told.append(step)
        if step.done:
            stop.set()

    with pytest.raises(Stopped):
        refresh(app.stock, RefreshOptions(), stop, tell)
    done = app.stock.catalogue.page(Asking(completeness=("complete",))).models
    assert len(done) == 100
    assert do(app)["asked"] == 50


@pytest.mark.parametrize("name", ["huggingface", "modelscope"])
def test_a_model_that_was_fetched_from_a_repository_is_described_by_it(
    yard: tuple[App, Path], hub: PracticeHub, name: str
) -> None:
    app, root = yard
    path = model(root / "fetched.safetensors")
    scanned(app)
    stamp = stamp_of(path)
    assert stamp is not None
    address = app.hubs.show(Address(name, "org/repo", path="model.safetensors"))
    app.proofs.keep([Proof(path, stamp, {}, address=address)])
    assert do(app)["found"] == 1
    about = app.stock.catalogue.details(app.stock.catalogue.at(str(path)).id).about
    assert (about.hub, about.model_id, about.description_form) == (name, "org/repo", "markdown")
    assert about.description.startswith("# Practice")


def test_what_a_hub_said_before_is_asked_for_anew_only_where_it_changed(
    yard: tuple[App, Path], hub: PracticeHub
) -> None:
    app, root = yard
    path = model(root / "fetched.safetensors")
    scanned(app)
    stamp = stamp_of(path)
    assert stamp is not None
    app.proofs.keep([Proof(path, stamp, {}, address="hf:org/repo/model.safetensors")])
    assert do(app)["found"] == 1
    about = app.stock.catalogue.details(app.stock.catalogue.at(str(path)).id).about
    hub.log.clear()
    assert do(app, force=True)["found"] == 1
    assert [one.bytes_sent for one in hub.log if one.if_none_match and one.status == 304] == [0, 0], "as they were"
    with App(app.environ, offline=True) as alone:
        hub.log.clear()
        assert do(alone, force=True)["found"] == 1 and not list(hub.log)
        after = alone.stock.catalogue.details(alone.stock.catalogue.at(str(path)).id).about
    assert (after.name, after.description, after.licence) == (about.name, about.description, about.licence)


def test_a_model_that_nothing_is_known_of_waits_for_its_hash(yard: tuple[App, Path]) -> None:
    app, root = yard
    model(root / "new.safetensors")
    scanned(app)
    assert do(app)["unmeasured"] == 1
    assert app.stock.catalogue.page(Asking()).models[0].asked == 0


def test_a_hub_that_fails_costs_only_what_it_knows(yard: tuple[App, Path], hub: PracticeHub) -> None:
    app, root = yard
    model(root / "theirs.safetensors", 1)
    (root / "theirs.info").write_text(json.dumps({"modelId": "org/repo", "source": "huggingface"}))
    put(root, "mine.safetensors", practice_lora(hub))
    ready(app)
    broken = app.hubs.named("huggingface")

    def fail(address: Address) -> Any:
        raise Unreachable("It is away.")

    broken.about = fail
    told = do(app)
    assert (told["found"], told["waiting"]) == (1, 1)
    assert [one["hub"] for one in told["resting"]] == ["huggingface"]


def test_a_model_that_a_person_chose_is_measured_before_hubs_are_asked(
    yard: tuple[App, Path], hub: PracticeHub
) -> None:
    app, root = yard
    path = put(root, "mine.safetensors", practice_lora(hub))
    scanned(app)
    number = app.stock.catalogue.at(str(path)).id
    told = do(app, ids=(number,))
    assert (told["found"], told["unmeasured"]) == (1, 0)
    assert app.stock.catalogue.files(number)[0].sha256
