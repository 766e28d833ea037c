"""The CivitAI side keeps the wire of hubs.md section 3; case ids are those of section 9."""

from __future__ import annotations

import hashlib
import zlib

import pytest

from modelyard.testing import PracticeHub
from modelyard.testing.civitai_lists import SORTS
from testing.asking import ask, sha256

API = "/api/v1"
DOWNLOAD = "/api/download/models"


def first_file(hub: PracticeHub, version: int) -> dict:
    return ask(hub, f"{API}/model-versions/{version}").json["files"][0]


def test_a_model_lists_published_versions_only(hub):
    """C1."""
    reply = ask(hub, f"{API}/models/100")
    assert [one["id"] for one in reply.json["modelVersions"]] == [201]
    assert reply["Access-Control-Allow-Origin"] == "*"
    assert "s-maxage=300" in reply["Cache-Control"]


def test_empty_lists_vanish_inside_a_model_only(hub):
    """C2."""
    assert "trainedWords" not in ask(hub, f"{API}/models/105").json["modelVersions"][0]
    assert ask(hub, f"{API}/model-versions/207").json["trainedWords"] == []


def test_an_unknown_model_is_named(hub):
    """C3."""
    reply = ask(hub, f"{API}/models/999")
    assert (reply.status, reply.json) == (404, {"error": "No model with id 999"})


@pytest.mark.parametrize("text", ["abc", "99999999999"])
def test_an_impossible_id_is_a_bad_request(hub, text):
    """C4."""
    reply = ask(hub, f"{API}/models/{text}")
    assert reply.status == 400
    assert "error" in reply.json


def test_primary_is_true_or_absent_in_a_model_and_a_bool_in_a_version(hub):
    """C5."""
    inside = ask(hub, f"{API}/models/101").json["modelVersions"][0]["files"]
    alone = ask(hub, f"{API}/model-versions/203").json["files"]
    assert [one.get("primary") for one in inside] == [True, None, None]
    assert [one["primary"] for one in alone] == [True, False, False]


def test_a_version_alone_tells_its_model(hub):
    """C6."""
    version = ask(hub, f"{API}/model-versions/201").json
    assert version["modelId"] == 100
    assert version["model"]["name"] == "Practice LoRA"
    assert version["air"] == "urn:air:sdxl:lora:civitai:100@201"


def test_versions_that_are_not_there_have_two_texts(hub):
    """C7."""
    assert ask(hub, f"{API}/model-versions/202").json == {"error": "Model not found"}
    assert ask(hub, f"{API}/model-versions/987654").json == {"error": "Model not found"}
    assert ask(hub, f"{API}/model-versions/211").json == {"error": "Missing model file"}


def test_every_kind_of_hash_finds_its_version(hub):
    """C8."""
    from blake3 import blake3

    data = ask(hub, f"{DOWNLOAD}/201", follow=True).body
    header = 8 + int.from_bytes(data[:8], "little")
    hashes = {
        "SHA256": sha256(data),
        "AutoV1": sha256(data[0x100000:0x110000])[:8],
        "AutoV2": sha256(data)[:10],
        "AutoV3": sha256(data[header:])[:12],
        "CRC32": f"{zlib.crc32(data):08x}",
        "BLAKE3": blake3(data).hexdigest(),
    }
    assert first_file(hub, 201)["hashes"] == {kind: value.upper() for kind, value in hashes.items()}
    for value in hashes.values():
        for spelled in (value, value.upper()):
            assert ask(hub, f"{API}/model-versions/by-hash/{spelled}").json["id"] == 201


def test_a_prefix_of_a_hash_finds_nothing(hub):
    """C9."""
    known = first_file(hub, 201)["hashes"]["SHA256"]
    reply = ask(hub, f"{API}/model-versions/by-hash/{known[:20]}")
    assert (reply.status, reply.json) == (404, {"error": "Model not found"})
    assert "s-maxage=3600" in reply["Cache-Control"]


def test_of_two_uploads_the_older_is_found(hub):
    """C10."""
    again = first_file(hub, 212)["hashes"]["SHA256"]
    assert ask(hub, f"{API}/model-versions/by-hash/{again}").json["id"] == 201


def test_a_hundred_hashes_at_once(hub):
    """C11."""
    url = f"{API}/model-versions/by-hash"
    known, missing = first_file(hub, 201)["hashes"]["SHA256"], "0" * 64
    found = ask(hub, url, method="POST", body=[missing, known.lower()])
    assert [one["id"] for one in found.json] == [201]
    assert found.json[0]["downloadUrl"].startswith("https://undefined/api/download/models/")
    assert ask(hub, url, method="POST", body=[missing] * 100).status == 200
    assert ask(hub, url, method="POST", body=[missing] * 101).status == 400
    wrong = ask(hub, url, method="POST", body={"hashes": []})
    assert wrong.status == 400
    assert wrong.json["error"].startswith("Request must include an array of SHA256 Hashes. ")


def test_ten_thousand_hashes_for_ids(hub):
    """C12."""
    url = f"{API}/model-versions/by-hash/ids"
    known = first_file(hub, 201)["hashes"]["SHA256"]
    rows = ask(hub, url, method="POST", body=[known, *["0" * 64] * 9999]).json
    assert rows == [
        {"modelVersionId": 201, "modelId": 100, "hash": known},
        {"modelVersionId": 212, "modelId": 110, "hash": known},
    ]
    assert ask(hub, url, method="POST", body=["0" * 64] * 10_001).status == 400
    assert ask(hub, url, method="POST", body=["0" * 63]).status == 400


def test_mini_says_whether_a_login_is_needed(hub):
    """C13."""
    assert ask(hub, f"{API}/model-versions/mini/201").json["requireAuth"] is False
    assert ask(hub, f"{API}/model-versions/mini/207").json["requireAuth"] is True
    assert ask(hub, f"{API}/model-versions/mini/203?modelFileId=304").json["fileName"] == "big_full.safetensors"
    assert ask(hub, f"{API}/model-versions/mini/203?modelFileId=1").status == 404


def test_a_page_has_at_most_a_hundred(hub):
    """C14."""
    assert len(ask(hub, f"{API}/models").json["items"]) == 100
    assert len(ask(hub, f"{API}/models?limit=100").json["items"]) == 100
    assert ask(hub, f"{API}/models?limit=101").status == 400
    assert ask(hub, f"{API}/models?limit=0").json["items"] == []


def test_cursors_lead_past_every_model_once(hub):
    """C15."""
    seen, url = [], f"{API}/models?limit=100&nsfw=true"
    while url:
        page = ask(hub, url).json
        seen += [one["id"] for one in page["items"]]
        assert set(page["metadata"]) in ({"nextCursor", "nextPage"}, set())
        url = page["metadata"].get("nextPage")
    assert len(seen) == len(set(seen)) == 10 + 2345


def test_too_many_pages_is_a_429_without_advice(hub):
    """C16."""
    reply = ask(hub, f"{API}/models?page=11&limit=100")
    assert (reply.status, reply["Retry-After"]) == (429, None)
    assert reply.json["error"] == "You've requested too many pages, please use cursors instead"
    assert ask(hub, f"{API}/models?page=10&limit=100").json["metadata"]["currentPage"] == 10


def test_a_search_pages_by_number_cursors_only(hub):
    """C17."""
    refused = ask(hub, f"{API}/models?query=other&page=2")
    assert refused.status == 400
    assert refused.json["error"] == "Cannot use page param with query search. Use cursor-based pagination."
    assert ask(hub, f"{API}/models?query=other&limit=5").json["metadata"]["nextCursor"] == "5"


def test_filters_filter(hub):
    """C18."""
    types = ask(hub, f"{API}/models?types=VAE&types=Checkpoint&limit=50").json["items"]
    assert {one["type"] for one in types} == {"VAE", "Checkpoint"}
    base = ask(hub, f"{API}/models?baseModels=SD%201.5&limit=5").json["items"]
    assert {one["modelVersions"][0]["baseModel"] for one in base} == {"SD 1.5"}
    assert [one["id"] for one in ask(hub, f"{API}/models?tag=style").json["items"]] == [100]
    assert ask(hub, f"{API}/models?username=nobody").json["items"] == []
    assert [one["id"] for one in ask(hub, f"{API}/models?ids=100,101").json["items"]] == [100, 101]
    for sort in SORTS:
        assert ask(hub, f"{API}/models?sort={sort.replace(' ', '%20')}&period=Week").status == 200
    assert 108 not in [one["id"] for one in ask(hub, f"{API}/models").json["items"]]
    assert 108 in [one["id"] for one in ask(hub, f"{API}/models?nsfw=true").json["items"]]


def test_a_bad_word_gives_an_error_that_is_an_object(hub):
    """C19."""
    reply = ask(hub, f"{API}/models?types=Nonsense")
    assert reply.status == 400
    assert isinstance(reply.json["error"], dict)


def test_favourites_need_a_key(hub):
    """C20."""
    reply = ask(hub, f"{API}/models?favorites=true")
    assert (reply.status, reply.json) == (401, {"error": "Unauthorized"})
    assert ask(hub, f"{API}/models?favorites=true", token="ck_good").status == 200


def test_an_overloaded_search_recovers(hub):
    """C21."""
    hub.civitai.overloaded = 1
    busy = ask(hub, f"{API}/models?limit=1")
    assert (busy.status, busy["Retry-After"], busy["Cache-Control"]) == (503, "2", "no-store")
    assert ask(hub, f"{API}/models?limit=1").status == 200


def test_other_methods_are_refused_on_lists(hub):
    """C22."""
    assert ask(hub, f"{API}/models", method="POST", body={}).status == 405
    assert ask(hub, f"{API}/models", method="OPTIONS").status == 200


def test_a_download_is_a_307_to_a_signed_link(hub):
    """C23."""
    reply = ask(hub, f"{DOWNLOAD}/201")
    assert (reply.status, reply["Cache-Control"]) == (307, "no-store, max-age=0")
    assert reply["Location"].startswith(f"{hub.cdn_url}/model/100/")


def test_the_final_host_tells_the_name_and_serves_ranges(hub):
    """C24."""
    link = ask(hub, f"{DOWNLOAD}/201")["Location"]
    part = ask(hub, link, range="bytes=1-3")
    assert (part.status, len(part.body)) == (206, 3)
    assert part["Content-Disposition"] == 'attachment; filename="practice_lora.safetensors"'
    assert part["ETag"]


def test_a_browser_is_sent_to_the_login_page(hub):
    """C25."""
    first = ask(hub, f"{DOWNLOAD}/207", User_Agent="Mozilla/5.0")
    assert first["Location"] == "/login?returnUrl=/model-versions/207&reason=download-auth"
    page = ask(hub, f"{DOWNLOAD}/207", User_Agent="Mozilla/5.0", follow=True)
    assert (page.status, page["Content-Type"]) == (200, "text/html; charset=utf-8")


@pytest.mark.parametrize("token", ["", "ck_junk"])
def test_no_key_and_a_wrong_key_are_the_same_401(hub, token):
    """C26."""
    reply = ask(hub, f"{DOWNLOAD}/207", token=token)
    assert reply.status == 401
    assert reply.json["error"] == "Unauthorized"
    assert reply.json["message"] == "The creator of this asset requires you to be logged in to download it"


def test_a_key_comes_as_bearer_or_in_the_query(hub):
    """C27."""
    assert ask(hub, f"{DOWNLOAD}/207", token="ck_good").status == 307
    assert ask(hub, f"{DOWNLOAD}/207?token=ck_good").status == 307
    assert ask(hub, f"{DOWNLOAD}/207?token=ck_good", token="ck_junk").status == 401


def test_disabled_downloads_are_a_401_that_no_key_cures(hub):
    """C28."""
    for token in ("", "ck_good"):
        reply = ask(hub, f"{DOWNLOAD}/208", token=token)
        assert reply.status == 401
        assert reply.json["message"] == "The creator of this asset has disabled downloads on this file"


def test_early_access_ends_with_its_deadline(hub):
    """C29."""
    reply = ask(hub, f"{DOWNLOAD}/206")
    assert reply.status == 403
    assert reply.json["error"] == "Early Access"
    assert reply.json["deadline"].endswith("Z")
    hub.clock.advance(86401)
    assert ask(hub, f"{DOWNLOAD}/206").status == 307


def test_an_archived_model_has_no_files(hub):
    """C30."""
    version = ask(hub, f"{API}/models/102").json["modelVersions"][0]
    assert version["files"] == []
    assert "downloadUrl" not in version
    assert ask(hub, f"{DOWNLOAD}/204").status == 410


def test_a_model_taken_down_has_no_pictures(hub):
    """C31."""
    assert ask(hub, f"{API}/models/103").json["modelVersions"][0]["images"] == []


def test_a_missing_file_may_be_missing_for_a_moment_only(hub):
    """C32."""
    missing = ask(hub, f"{DOWNLOAD}/999")
    assert (missing.status, missing.json) == (404, {"error": "File not found"})
    hub.civitai.lost = 1
    assert [ask(hub, f"{DOWNLOAD}/201").status for _ in range(2)] == [404, 307]


def test_every_given_field_must_fit_the_file(hub):
    """C33."""
    full = ask(hub, f"{DOWNLOAD}/203?type=Model&format=SafeTensor&size=full&fp=fp32")
    assert "big_full" in full["Location"]
    assert ask(hub, f"{DOWNLOAD}/203?fp=fp8").status == 404
    assert "big.vae" in ask(hub, f"{DOWNLOAD}/203?fileId=305&fp=fp8")["Location"]


def test_the_callers_preferences_break_copied_links(hub):
    """C34."""
    assert "big_full" in ask(hub, f"{DOWNLOAD}/203", token="ck_good")["Location"]
    assert ask(hub, f"{DOWNLOAD}/203?fp=fp16").status == 307
    assert ask(hub, f"{DOWNLOAD}/203?fp=fp16", token="ck_good").status == 404
    assert ask(hub, f"{DOWNLOAD}/203?fileId=303", token="ck_good").status == 307


@pytest.mark.parametrize(("version", "mark"), [(201, "X-Amz-Signature="), (203, "Authorization=")])
def test_both_storages_refuse_a_second_key(hub, version, mark):
    """C35."""
    link = ask(hub, f"{DOWNLOAD}/{version}")["Location"]
    assert mark in link
    assert ask(hub, link).status == 200
    assert ask(hub, link, token="ck_good").status == 400
    hub.clock.advance(3601)
    assert ask(hub, link).status == (200 if version == 201 else 403)


def test_a_link_that_expires_mid_file_is_signed_anew(hub):
    """C36."""
    scenario = hub.faults.use("r_signed", "*practice_lora.safetensors", origin="cdn")
    link = ask(hub, f"{DOWNLOAD}/201")["Location"]
    with pytest.raises(OSError, match="IncompleteRead"):
        _read(hub, link)
    assert ask(hub, link, range="bytes=100-").status == 403
    fresh = ask(hub, f"{DOWNLOAD}/201")["Location"]
    assert ask(hub, fresh, range="bytes=100-").body == scenario.final_bytes[100:]


def test_a_spent_quota_is_a_429_without_advice(hub):
    """C37."""
    hub.civitai.quota_spent = True
    reply = ask(hub, f"{DOWNLOAD}/201")
    assert (reply.status, reply["Retry-After"]) == (429, None)
    assert "unusual amount of downloading" in reply.json["error"]


def test_an_unscanned_file_has_no_hashes(hub):
    """C38."""
    file = first_file(hub, 209)
    assert (file["hashes"], file["scannedAt"], file["pickleScanResult"]) == ({}, None, "Pending")


def test_pictures_have_levels_as_words_and_meta_on_request(hub):
    """C39."""
    items = ask(hub, f"{API}/images?modelVersionId=201&withMeta=true").json["items"]
    assert [one["nsfwLevel"] for one in items] == ["None", "None", "Mature"]
    assert [one["browsingLevel"] for one in items] == [1, 1, 4]
    assert items[1]["type"] == "video"
    assert items[0]["meta"]["meta"]["prompt"] == "a yard"
    flat = ask(hub, f"{API}/images?modelVersionId=201&withMeta=true&flatMeta=true").json["items"]
    assert flat[0]["meta"]["prompt"] == "a yard"
    assert ask(hub, f"{API}/images?modelVersionId=201").json["items"][0]["meta"] is None


def test_lists_with_totals_link_their_neighbours(hub):
    """C40."""
    assert ask(hub, f"{API}/tags").json["metadata"]["totalItems"] == 2
    meta = ask(hub, f"{API}/creators?page=2&limit=10").json["metadata"]
    assert meta["totalPages"] == 4
    assert meta["nextPage"].endswith("page=3")
    assert meta["prevPage"].endswith("page=1")
    assert "LORA" in ask(hub, f"{API}/enums").json["ModelType"]
    assert ask(hub, f"{API}/me").status == 401
    assert ask(hub, f"{API}/me", token="ck_good").json["username"] == "ada"


def test_a_shy_region_sees_harmless_things_only(hub):
    """C41."""
    assert ask(hub, f"{API}/models/108").status == 200
    assert ask(hub, f"{API}/models/108", CF_IPCountry="GB").status == 404
    shown = ask(hub, f"{API}/models?nsfw=true", CF_IPCountry="GB").json["items"]
    assert {one["nsfwLevel"] for one in shown} == {1}


def test_links_carry_the_host_that_was_asked(hub):
    """C42."""
    red = ask(hub, f"{API}/models/100", Host="civitai.red").json
    assert red["modelVersions"][0]["downloadUrl"] == "http://civitai.red/api/download/models/201"
    assert ask(hub, f"{API}/models/108", Host="civitai.green:80").status == 404
    assert ask(hub, f"{API}/models/108", Host="civitai.green").status == 404


def _read(hub: PracticeHub, link: str) -> bytes:
    import http.client

    try:
        return ask(hub, link).body
    except http.client.IncompleteRead as error:
        raise OSError(repr(error)) from error


def test_added_models_are_served(hub):
    from modelyard.testing.civitai_data import Model, ModelFile, Version
    from modelyard.testing.models import model_content

    content = model_content("x.safetensors", 300_000, seed=9)
    hub.civitai.add_model(
        Model(5000, "Mine", "LORA", [Version(5001, "v1", [ModelFile(5002, "x.safetensors", content)])])
    )
    data = ask(hub, f"{DOWNLOAD}/5001", follow=True).body
    assert hashlib.sha256(data).hexdigest() == content.sha256
    assert ask(hub, f"{API}/model-versions/by-hash/{content.sha256}").json["modelId"] == 5000
