"""The conformance cases that are ours to pass, each through the whole App against the practice hub.

The case of the facts (H hub cases of Hugging Face, C CivitAI, M ModelScope, U plain HTTP) stands in each docstring.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from modelyard.app import App
from modelyard.engine.opening import open_source
from modelyard.errors import (
    ChangedAtSource,
    DownloadsDisabled,
    EarlyAccess,
    FileNotInModel,
    HashDiffers,
    LicenceNotAccepted,
    LoginNeeded,
    ModelNotFound,
    NotAModel,
    RateLimited,
    Removed,
    RevisionNotFound,
    SizeDiffers,
    YardError,
)
from modelyard.jobs.wish import Outcome, Wish
from modelyard.net.stop import Clock, Stop
from modelyard.testing import PracticeHub
from modelyard.testing.civitai_data import Model, ModelFile, Version
from modelyard.testing.fixtures import XL_SIZE
from modelyard.testing.log import Record
from modelyard.testing.models import safetensors_of_size

SMALL = 100_000
LARGE = 12 * 2**20 + 17
OVERLAP = 64 * 2**10


class Unhurried(Clock):
    """Waiting takes no time; it is only remembered."""

    def __init__(self) -> None:
        self.waited = 0.0
        super().__init__()

    def now(self) -> float:
        return super().now() + self.waited

    def wait(self, seconds: float, stop: Stop) -> None:
        self.waited += seconds
        stop.check()


Make = Callable[..., App]
BIG = {
    "hf": "hf:me/big/big.safetensors",
    "civitai": "civitai:500@501",
    "modelscope": "ms:me/big/big.safetensors",
    "github": "gh:me/big@v1/big.safetensors",
}
KEYS = {"HF_TOKEN": "hf_good", "CIVITAI_TOKEN": "ck_good", "MODELSCOPE_API_TOKEN": "ms_good", "GITHUB_TOKEN": "gh_good"}


@pytest.fixture
def make(hub: PracticeHub) -> Iterator[Make]:
    """Makes Apps, with keys as environment variables: ``make(HF_TOKEN="hf_good")``."""
    with ExitStack() as opened:

        def build(clock: Clock | None = None, flags: dict[str, str] | None = None, **env: str) -> App:
            flags = {"retry.first": "0.01", **(flags or {})}
            return opened.enter_context(App({**os.environ, **hub.env(), **env}, flags=flags, clock=clock))

        yield build


@pytest.fixture
def app(make: Make) -> App:
    return make()


def fetch(app: App, *addresses: str, to: Path, **wish: object) -> list[Outcome]:
    download = app.download(Wish(addresses, to=f"{to}/", **wish))  # type: ignore[arg-type]
    return download.run(download.plan())


def fetch_to(app: App, address: str, target: Path) -> list[Outcome]:
    download = app.download(Wish([address], to=str(target)))
    return download.run(download.plan())


def one(app: App, address: str, to: Path, **wish: object) -> Outcome:
    (outcome,) = fetch(app, address, to=to, **wish)
    return outcome


def refused(app: App, address: str, to: Path) -> YardError:
    """The error that a download ends with, before or while it runs; nothing lies in the folder then."""
    try:
        error = one(app, address, to).error
    except YardError as early:
        error = early
    assert error is not None
    assert not to.exists() or [path for path in to.iterdir() if not path.name.startswith(".")] == []
    return error


def bodies(hub: PracticeHub, origin: str = "cdn") -> list[Record]:
    """Answers that carried bytes of a large file."""
    return [record for record in hub.log.find(origin=origin) if record.status in (200, 206) and record.bytes_sent]


def add_big(hub: PracticeHub, size: int = LARGE) -> None:
    """The same large file on all four hubs."""
    hub.hf.add_repo("me/big", {"big.safetensors": size})
    hub.modelscope.add_repo("me/big", {"big.safetensors": size})
    hub.github.add_release("me/big", "v1", {"big.safetensors": size})
    file = ModelFile(601, "big.safetensors", safetensors_of_size(size))
    hub.civitai.add_model(Model(500, "Big", "LORA", [Version(501, "v1", [file])]))


def asked_for_file(hub: PracticeHub) -> list[Record]:
    """Requests to the hub origin for the bytes: each of them counts against a quota."""
    return [record for record in hub.log.find(origin="hub", method="GET") if record.status in (302, 307)]


# --- signed links and keys ------------------------------------------------------------------------


@pytest.mark.parametrize("site", BIG)
def test_a_signed_link_that_expires_mid_file_is_asked_for_again_and_the_file_goes_on_where_it_stopped(
    make: Make, hub: PracticeHub, tmp_path: Path, site: str
) -> None:
    """H42, C36, M29."""
    add_big(hub)
    hub.signer.ttl = dict.fromkeys(hub.signer.ttl, 0.3)
    hub.faults.speed = 12_000_000
    hub.faults.use("cut_once", "*big.safetensors*", origin="cdn")
    done = one(make(flags={"connections.per-file": "1"}), BIG[site], tmp_path)
    assert done.error is None, done.error
    assert done.proven and done.sha256
    assert len(hub.log.find(origin="cdn", status=403)) == 1
    assert len(asked_for_file(hub)) == 2
    first, second = bodies(hub)
    assert second.range == f"bytes={first.bytes_sent - OVERLAP}-{LARGE - 1}" or second.range == (
        f"bytes={first.bytes_sent - OVERLAP}-"
    )
    assert second.if_range
    assert done.received <= LARGE + OVERLAP


@pytest.mark.parametrize("site", BIG)
def test_many_connections_for_one_file_ask_the_hub_once(
    make: Make, hub: PracticeHub, tmp_path: Path, site: str
) -> None:
    """C36: each hub request counts as a download; the signed link is kept in memory for the pieces."""
    add_big(hub, 2 * LARGE)
    hub.faults.speed = 6_000_000
    done = one(make(), BIG[site], tmp_path)
    assert done.error is None, done.error
    assert len({record.connection for record in bodies(hub)}) > 2
    assert len(asked_for_file(hub)) == 1


@pytest.mark.parametrize("site", BIG)
def test_a_key_goes_to_its_hub_and_never_to_the_storage_behind(
    make: Make, hub: PracticeHub, tmp_path: Path, site: str
) -> None:
    """C35, U32: storage answers 400 to a key beside the signature."""
    add_big(hub, SMALL)
    done = one(make(**KEYS), BIG[site], tmp_path)
    assert done.error is None, done.error
    assert {record.auth for record in hub.log.find(origin="cdn")} == {""}
    assert any("bearer" in record.auth for record in hub.log.find(origin="hub"))


def test_links_of_both_storages_work(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    """C35: B2 holds the pruned file, R2 the full one."""
    for file_id in (303, 304):
        done = one(app, f"civitai:101@203?fileId={file_id}", tmp_path)
        assert done.error is None and "sha256" in done.proven
    assert len(hub.log.find("/file/civitai-modelfiles/*", origin="cdn")) == 1
    assert len(hub.log.find("/model/*", origin="cdn")) == 1


# --- Hugging Face ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("repo", "key", "kind"),
    [
        ("org/gated", "", LoginNeeded),
        ("org/gated", "hf_bad", LicenceNotAccepted),
        ("org/private", "", ModelNotFound),
        ("org/private", "hf_bad", ModelNotFound),
        ("org/disabled", "hf_good", Removed),
        ("org/nowhere", "hf_good", ModelNotFound),
    ],
)
def test_what_huggingface_keeps_closed_is_told_in_its_own_words(
    make: Make, tmp_path: Path, repo: str, key: str, kind: type[YardError]
) -> None:
    """H: gated, private, disabled, absent."""
    app = make(**({"HF_TOKEN": key} if key else {}))
    assert type(refused(app, f"hf:{repo}/model.safetensors", tmp_path / "out")) is kind


def test_who_is_let_in_gets_gated_and_private_files(make: Make, tmp_path: Path) -> None:
    """H: the key of an account with access."""
    app = make(HF_TOKEN="hf_good")
    for repo in ("org/gated", "org/private"):
        done = one(app, f"hf:{repo}/model.safetensors", tmp_path / repo)
        assert done.error is None and done.proven == ("sha256",)


def test_a_file_beyond_fifty_gigabytes_is_offered_and_its_end_can_be_had(app: App) -> None:
    """H43: huggingface_hub refuses it without Xet."""
    hub, listing = app.resolve("hf:org/xl/model.safetensors")
    (offer,) = listing.offers
    assert offer.size == XL_SIZE
    engine = app.yard.engine
    opening = open_source(engine, offer.sources[0], Stop(), hub.explain, XL_SIZE - 1000, XL_SIZE - 1)
    try:
        assert opening.peek(1000) == bytes(999) + b"\xff"
        assert opening.identity.size == XL_SIZE
    finally:
        opening.reply.close()


# --- CivitAI --------------------------------------------------------------------------------------


def test_a_wait_that_civitai_asks_for_is_kept(make: Make, hub: PracticeHub) -> None:
    """C21: 503 with Retry-After 2, then 200."""
    hub.civitai.overloaded = 1
    clock = Unhurried()
    found = next(iter(make(clock).hubs.search_all("Practice", limit=5)))
    hub.civitai.overloaded = 1
    (civitai,) = (one for one in make(clock).hubs if one.name == "civitai")
    assert civitai.search("Practice", limit=5)
    assert found and 2.0 <= clock.waited < 6.0


def test_a_long_search_follows_the_cursor_and_is_never_told_to_use_it(app: App, hub: PracticeHub) -> None:
    """C16: page 11 of 100 gets a 429 that no waiting cures."""
    (civitai,) = (one for one in app.hubs if one.name == "civitai")
    assert len({found.address for found in civitai.search("Other", limit=1200)}) == 1200
    assert not hub.log.find(status=429)


@pytest.mark.parametrize("origin", ["hub", "cdn"])
def test_a_login_page_with_status_200_never_becomes_a_model(
    app: App, hub: PracticeHub, tmp_path: Path, origin: str
) -> None:
    """C25, U35: curl saves it."""
    hub.faults.use("html200", "/api/download/*" if origin == "hub" else "*", origin=origin, on="any")  # type: ignore[arg-type]
    error = refused(app, "civitai:100@201", tmp_path / "out")
    assert isinstance(error, LoginNeeded | NotAModel)
    assert "log" in error.message.lower()


def test_the_reasons_of_civitai_stay_apart(make: Make, hub: PracticeHub, tmp_path: Path) -> None:
    """C26, C28, C29, C30: log-in, disabled, early access and archived are four different things."""
    open_app, keyed = make(), make(CIVITAI_TOKEN="ck_good")
    assert type(refused(open_app, "civitai:105@207", tmp_path / "out")) is LoginNeeded
    assert type(refused(open_app, "civitai:106@208", tmp_path / "out")) is DownloadsDisabled
    disabled = refused(keyed, "civitai:106@208", tmp_path / "out")
    assert type(disabled) is DownloadsDisabled and "log" not in f"{disabled.message} {disabled.hint}".lower()
    assert type(refused(keyed, "civitai:102@204", tmp_path / "out")) is Removed
    early = refused(keyed, "civitai:104@206", tmp_path / "out")
    assert type(early) is EarlyAccess
    hub.clock.advance(86_401)
    assert one(keyed, "civitai:104@206", tmp_path / "out").error is None
    assert one(keyed, "civitai:105@207", tmp_path / "out").error is None


def test_a_passing_404_is_told_as_one_and_the_next_try_works(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    """C32: storage trouble looks like a missing file."""
    hub.civitai.lost = 1
    error = refused(app, "civitai:100@201", tmp_path / "out")
    assert isinstance(error, FileNotInModel) and "again" in (error.hint or "")
    assert one(app, "civitai:100@201", tmp_path / "out").error is None
    assert isinstance(refused(app, "civitai:999", tmp_path / "none"), ModelNotFound)


def test_a_spent_quota_without_advice_is_met_with_growing_pauses(make: Make, hub: PracticeHub, tmp_path: Path) -> None:
    """C37: 429 without Retry-After."""
    hub.civitai.quota_spent = True
    clock = Unhurried()
    app = make(clock, {"retry.first": "10", "retry.jitter": "off", "retry.retries": "2"})
    assert isinstance(refused(app, "civitai:100@201", tmp_path / "out"), RateLimited)
    assert clock.waited == pytest.approx(30)
    assert len(hub.log.find("/api/download/*")) == 3


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("?fileId=304", "big_full.safetensors"),
        ("?type=Model&format=SafeTensor&size=full&fp=fp32", "big_full.safetensors"),
        ("?type=Model&format=SafeTensor&size=pruned&fp=fp16", "big_pruned.safetensors"),
        ("?type=VAE", "big.vae.safetensors"),
        ("", "big_pruned.safetensors"),
    ],
)
@pytest.mark.parametrize("key", ["", "ck_good"])
def test_a_copied_download_link_means_the_same_file_with_and_without_a_key(
    make: Make, hub: PracticeHub, tmp_path: Path, query: str, name: str, key: str
) -> None:
    """C33, C34: the key's owner prefers another file; `fileId` is asked for always."""
    app = make(**({"CIVITAI_TOKEN": key} if key else {}))
    done = one(app, f"{hub.url}/api/download/models/203{query}", tmp_path)
    assert done.error is None and done.target.name == name and "sha256" in done.proven
    assert all("fileId=" in record.target for record in hub.log.find("/api/download/*"))


def test_a_link_to_a_variant_that_is_not_there_is_told(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    """C33: fp8."""
    error = refused(app, f"{hub.url}/api/download/models/203?fp=fp8", tmp_path / "out")
    assert isinstance(error, FileNotInModel) and "fp8" in error.message


def test_a_file_without_hashes_lands_unverified_and_is_confirmed_once_the_hub_knows_them(
    make: Make, hub: PracticeHub, tmp_path: Path
) -> None:
    """C38: just uploaded, not scanned yet."""
    done = one(make(), "civitai:107@209", tmp_path)
    file = hub.civitai.models[107].versions[0].files[0]
    assert done.error is None and done.proven == () and done.how.startswith("unverified")
    assert done.sha256 == file.content.sha256
    file.scanned = True
    del file.hashes
    sent = hub.log.bytes_sent(origin="cdn")
    again = one(make(), "civitai:107@209", tmp_path)
    assert "sha256" in again.proven and hub.log.bytes_sent(origin="cdn") == sent


@pytest.mark.parametrize("kind", ["SHA256", "BLAKE3", "CRC32", "AutoV1", "AutoV2", "AutoV3"])
def test_every_hash_of_civitai_is_checked_alone(app: App, hub: PracticeHub, tmp_path: Path, kind: str) -> None:
    """C8: right ones prove, a wrong one refuses."""
    file = hub.civitai.models[100].versions[1].files[0]
    right = file.hashes[kind]
    file.hashes = {kind: right}
    done = one(app, "civitai:100@201", tmp_path / "right")
    assert done.error is None and done.proven == (kind.lower(),)
    file.hashes = {kind: right[:-1] + ("0" if right[-1] != "0" else "1")}
    assert isinstance(refused(app, "civitai:100@201", tmp_path / "wrong"), HashDiffers)
    assert not (tmp_path / "wrong").exists()


# --- ModelScope -----------------------------------------------------------------------------------


@pytest.mark.parametrize("site", ["modelscope", "hf"])
def test_a_piece_that_comes_with_status_200_is_put_where_it_belongs(
    make: Make, hub: PracticeHub, tmp_path: Path, site: str
) -> None:
    """M15: 200, Content-Range and the partial length."""
    add_big(hub)
    hub.cdn.length_odd = True
    hub.faults.use("cut_once", "*big.safetensors*", origin="cdn")
    done = one(make(), BIG[site], tmp_path)
    assert done.error is None and done.proven == ("sha256",)
    assert [record.status for record in bodies(hub)][:2] == [200, 200]
    assert done.received < LARGE + 3 * OVERLAP


def test_a_listing_that_is_cut_at_three_thousand_is_completed(app: App) -> None:
    """M5."""
    _, listing = app.resolve("ms:org/big")
    assert len({offer.path for offer in listing.offers}) == 6930


@pytest.mark.parametrize(
    ("address", "key", "kind"),
    [
        ("ms:org/repo@nowhere/config.json", "", RevisionNotFound),
        ("ms:org/nowhere/config.json", "", ModelNotFound),
        ("ms:org/private/config.json", "", LoginNeeded),
        ("ms:org/gated/config.json", "", LoginNeeded),
        ("ms:org/repo/nowhere.bin", "", FileNotInModel),
    ],
)
def test_what_modelscope_refuses_is_read_from_its_numbers(
    make: Make, tmp_path: Path, address: str, key: str, kind: type[YardError]
) -> None:
    """M6, M7, M8: nearly all of it is HTTP 404."""
    assert type(refused(make(), address, tmp_path / "out")) is kind


def test_wrong_bytes_of_the_right_size_from_modelscope_get_no_name(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    """M26."""
    add_big(hub)
    hub.faults.use("flip", "*big.safetensors*")
    assert isinstance(refused(app, BIG["modelscope"], tmp_path / "out"), HashDiffers)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("told", [LARGE - 1000, LARGE + 1000])
def test_a_listed_size_that_is_wrong_is_noticed(app: App, hub: PracticeHub, tmp_path: Path, told: int) -> None:
    """M27."""
    add_big(hub)
    hub.modelscope.sizes["big.safetensors"] = told
    error = refused(app, BIG["modelscope"], tmp_path / "out")
    assert error.exit_code in (5, 6), error


@pytest.mark.parametrize(
    ("fault", "settings"),
    [
        ("cut_always1m", {}),
        ("s429", {"retry_after": 1}),
        ("s503x2", {"status": 500, "times": 1}),
        ("s416", {}),
    ],
)
def test_a_stumbling_modelscope_is_tried_again(
    make: Make, hub: PracticeHub, tmp_path: Path, fault: str, settings: dict[str, int]
) -> None:
    """M28, M29, M30, M31."""
    add_big(hub)
    hub.faults.use(fault, "*big.safetensors*", origin="cdn", **settings)
    clock = Unhurried()
    done = one(make(clock), BIG["modelscope"], tmp_path)
    assert done.error is None and done.proven == ("sha256",)
    assert clock.waited >= 0.99 * settings.get("retry_after", 0)


def test_a_passing_403_inside_a_dataset_listing_costs_nothing(app: App, hub: PracticeHub) -> None:
    """M32."""
    hub.modelscope.refuse_page = 2
    _, listing = app.resolve("ms:datasets/org/data")
    assert len(listing.offers) == 451
    assert hub.log.find("*/repo/tree", status=403)


# --- GitHub ---------------------------------------------------------------------------------------


def test_a_release_asset_is_proven_by_the_digest_of_the_api(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    """U37."""
    done = one(app, "gh:org/tool@v1.1/upscaler.safetensors", tmp_path)
    assert done.error is None and done.proven == ("sha256",)
    old = one(app, "gh:org/tool@v1.0/old.pth", tmp_path)
    assert old.error is None and old.proven == () and old.how.startswith("unverified")


def test_a_release_asset_that_is_not_its_digest_is_refused(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    """U37."""
    hub.faults.use("flip", "*upscaler.safetensors*")
    assert isinstance(refused(app, "gh:org/tool@v1.1/upscaler.safetensors", tmp_path / "out"), HashDiffers)


@pytest.mark.parametrize(
    ("address", "names"),
    [
        ("{hub}/org/tool/releases/tag/v1.1", ["tool-linux.zip", "upscaler.safetensors"]),
        ("{hub}/org/tool/releases/latest", ["tool-linux.zip", "upscaler.safetensors"]),
        ("{hub}/org/tool/releases/download/v1.0/old.pth", ["old.pth"]),
        ("gh:org/tool/*.zip", ["tool-linux.zip"]),
        ("gh:org/tool@v1.0", ["old.pth"]),
    ],
)
def test_a_release_page_a_link_and_a_glob_give_their_assets(
    app: App, hub: PracticeHub, tmp_path: Path, address: str, names: list[str]
) -> None:
    """U37."""
    outcomes = fetch(app, address.format(hub=hub.url), to=tmp_path / "out")
    assert [outcome.error for outcome in outcomes] == [None] * len(names)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names


# --- plain HTTP -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "conditional"),
    [
        ({}, "etag"),
        ({"etag": "weak"}, "date"),
        ({"etag": "none"}, "date"),
        ({"etag": "weak", "last_modified": False}, ""),
        ({"etag": "none", "last_modified": False}, ""),
    ],
)
def test_a_resume_is_bound_to_the_best_validator_there_is(
    app: App, hub: PracticeHub, tmp_path: Path, how: dict[str, object], conditional: str
) -> None:
    """U16, U17, U18, U19: a weak ETag is never used; without any the bytes around the break are compared."""
    url = hub.add_file("big.safetensors", LARGE, **how)
    hub.faults.use("cut_once", "*big.safetensors*")
    done = one(app, url, tmp_path)
    assert done.error is None, done.error
    assert done.target.read_bytes() == hub.content("big.safetensors").bytes()
    conditions = {record.if_range for record in bodies(hub, "hub")[1:]}
    (asked,) = conditions
    assert {"etag": str(asked).startswith('"'), "date": str(asked).endswith("GMT"), "": asked is None}[conditional]


def test_a_file_that_changes_is_begun_anew_and_never_spliced(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    """U16, U23: the old ETag gets a 200 with the new file."""
    url, scenario = hub.add_fault("etag_change", LARGE)
    done = one(app, url, tmp_path)
    assert done.error is None, done.error
    assert done.target.read_bytes() == scenario.final_bytes


def test_a_file_that_changes_away_from_its_promised_hash_is_refused(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    """U23."""
    url, _ = hub.add_fault("etag_change", LARGE)
    sha256 = hub.content(next(iter(hub.plain.files))).sha256
    done = one(app, url, tmp_path / "out", sha256=sha256)
    assert isinstance(done.error, ChangedAtSource | HashDiffers)


@pytest.mark.parametrize(
    ("fault", "settings"), [("s416", {}), ("s416", {"times": 2}), ("s503x2", {"status": 416, "times": 1})]
)
def test_a_resume_that_gets_a_416_ends_with_the_whole_file(
    make: Make, hub: PracticeHub, tmp_path: Path, fault: str, settings: dict[str, int]
) -> None:
    """U22: with the true length, again and again, and without any length."""
    url = hub.add_file("big.safetensors", LARGE)
    target = tmp_path / "out" / "big.safetensors"
    hub.faults.use("cut_once", "*big.safetensors*")
    (begun,) = fetch_to(make(flags={"retry.retries": "0"}), url, target)
    assert begun.error is not None and not target.exists()
    hub.faults.clear()
    hub.faults.use(fault, "*big.safetensors*", **settings)
    (done,) = fetch_to(make(), url, target)
    assert done.error is None, done.error
    assert target.read_bytes() == hub.content("big.safetensors").bytes()
    assert hub.log.find(status=416)


@pytest.mark.parametrize("field", ["digest", "repr_digest"])
@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_a_digest_field_proves_or_refuses(app: App, hub: PracticeHub, tmp_path: Path, field: str, size: int) -> None:
    """U25, U26."""
    right = hub.add_file("right.safetensors", size, **{field: "right"})
    wrong = hub.add_file("wrong.safetensors", size, **{field: "wrong"})
    done = one(app, right, tmp_path)
    assert done.error is None and done.proven == ("sha256",)
    assert isinstance(refused(app, wrong, tmp_path / "out"), HashDiffers)
    assert not (tmp_path / "out").exists()


def test_a_mirror_in_a_link_field_carries_a_part(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    """U27, U29."""
    url = hub.add_file("big.safetensors", 2 * LARGE, mirror="right", digest="right")
    hub.faults.speed = 8_000_000
    done = one(app, url, tmp_path)
    assert done.error is None and done.proven == ("sha256",)
    assert hub.log.bytes_sent("/mirror/*", origin="cdn") > 0
    assert hub.log.bytes_sent("/files/*", origin="hub") > 0


def test_a_mirror_that_lies_is_left_and_only_its_part_is_fetched_again(
    app: App, hub: PracticeHub, tmp_path: Path
) -> None:
    """U28: the digest of the whole tells that somebody lied."""
    url = hub.add_file("big.safetensors", 2 * LARGE, mirror="wrong", digest="right")
    hub.faults.speed = 8_000_000
    done = one(app, url, tmp_path)
    assert done.error is None, done.error
    assert done.target.read_bytes() == hub.content("big.safetensors").bytes()
    assert hub.log.bytes_sent("/mirror/*", origin="cdn") > 0
    assert done.received < 3.5 * LARGE


def test_a_metalink_beside_a_file_names_size_hash_and_mirrors(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    """U30."""
    url = hub.add_file("big.safetensors", LARGE)
    done = one(app, f"{url}.meta4", tmp_path)
    assert done.error is None and done.target.name == "big.safetensors" and done.proven == ("sha256",)
    lying = hub.add_file("lying.safetensors", LARGE, digest="wrong")
    assert isinstance(refused(app, f"{lying}.meta4", tmp_path / "out"), HashDiffers)


def test_a_checksum_file_is_asked_for_beside_large_files_only(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    """Facts 5.5: a request for each small file would cost more than it proves."""
    small = hub.add_file("small.safetensors", LARGE)
    large = hub.add_file("large.safetensors", 64 * 2**20, sparse=True)
    assert one(app, small, tmp_path).proven == ()
    assert not hub.log.find("*.sha256")
    done = one(app, large, tmp_path)
    assert done.error is None and done.proven == ("sha256",)
    assert len(hub.log.find("*.sha256")) == 1


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_chunks_without_a_length_arrive_whole_and_a_hash_checks_their_end(
    app: App, hub: PracticeHub, tmp_path: Path, size: int
) -> None:
    """U34."""
    url = hub.add_file("big.safetensors", size, chunked=True, ranges=False)
    content = hub.content("big.safetensors")
    done = one(app, url, tmp_path, sha256=content.sha256)
    assert done.error is None and done.proven == ("sha256",) and done.size == size
    assert done.target.read_bytes() == content.bytes()


def test_bytes_that_were_packed_on_the_way_are_never_stored_packed(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    """U33."""
    url, scenario = hub.add_fault("gzip_enc", LARGE)
    done = one(app, url, tmp_path)
    assert done.error is None, done.error
    assert done.target.read_bytes() == scenario.final_bytes


@pytest.mark.parametrize(
    ("case", "name"),
    [
        ("plain", "model.safetensors"),
        ("quoted", "my model.safetensors"),
        ("extended", "naïve 模型.safetensors"),
        ("both", "better.safetensors"),
        ("latin1", "naïve.safetensors"),
        *((case, "asked.safetensors") for case in (
            "script", "escaped", "parent", "parent_extended", "drive", "backslash", "absolute", "dotfile", "nul",
            "nul_extended", "newline_extended", "empty", "none", "long", "device", "device_extension", "bad_charset",
        )),
    ],
)  # fmt: skip
def test_a_name_from_the_server_is_taken_only_when_it_is_safe(
    app: App, hub: PracticeHub, tmp_path: Path, case: str, name: str
) -> None:
    """U24: nothing ever lands outside the folder."""
    out = tmp_path / "a" / "b"
    try:
        done = one(app, f"{hub.url}/files/named/{case}/asked.safetensors", out)
    except YardError as error:
        pytest.fail(str(error))
    if case == "nul":  # no header may hold it: the whole answer is refused
        assert done.error is None or done.error.code == "bad-answer"
    else:
        assert done.error is None, done.error
        assert [path.name for path in out.iterdir()] == [name]
    assert not list(tmp_path.rglob("*evil*"))


@pytest.mark.parametrize("fault", ["s429", "s429date"])
def test_a_wait_is_read_as_seconds_and_as_a_date(make: Make, hub: PracticeHub, tmp_path: Path, fault: str) -> None:
    """U38."""
    url, _ = hub.add_fault(fault, SMALL, retry_after=30)
    clock = Unhurried()
    done = one(make(clock), url, tmp_path)
    assert done.error is None and 28 <= clock.waited < 32
    assert [record.status for record in hub.log] == [429, 200]


@pytest.mark.parametrize("told", [SMALL - 10, SMALL + 10])
def test_a_source_of_another_size_than_promised_is_refused(
    app: App, hub: PracticeHub, tmp_path: Path, told: int
) -> None:
    """U28, M27: without a hash the size is all that speaks."""
    source = hub.add_file("x.bin", SMALL)
    document = (
        '<metalink xmlns="urn:ietf:params:xml:ns:metalink"><file name="x.bin">'
        f"<size>{told}</size><url>{source}</url></file></metalink>"
    )
    error = refused(app, hub.add_file("x.meta4", document.encode()), tmp_path / "out")
    assert isinstance(error, SizeDiffers)
