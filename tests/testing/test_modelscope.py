"""The ModelScope side keeps the wire of hubs.md section 4; case ids are those of section 9."""

from __future__ import annotations

import pytest

from testing.asking import ask, sha256

REPO = "/api/v1/models/org/repo"
MODEL = f"{REPO}/repo?Revision=master&FilePath=model.safetensors"


def files(reply) -> dict[str, dict]:
    return {one["Path"]: one for one in reply.json["Data"]["Files"]}


def test_answers_come_in_an_envelope(hub):
    """M1."""
    body = ask(hub, REPO).json
    assert (body["Code"], body["Success"]) == (200, True)
    assert body["RequestId"]
    assert body["Data"]["Visibility"] == 5


def test_every_file_has_a_sha256(hub):
    """M2."""
    listed = files(ask(hub, f"{REPO}/repo/files?Revision=master&Recursive=True"))
    assert listed["sub dir"]["Type"] == "tree"
    config = ask(hub, f"{REPO}/repo?FilePath=config.json").body
    assert (listed["config.json"]["Sha256"], listed["config.json"]["IsLFS"]) == (sha256(config), False)
    model = ask(hub, MODEL, follow=True).body
    assert (listed["model.safetensors"]["Sha256"], listed["model.safetensors"]["IsLFS"]) == (sha256(model), True)


def test_booleans_in_any_case_and_a_root(hub):
    """M3."""
    one, other = (ask(hub, f"{REPO}/repo/files?Recursive={true}").json["Data"] for true in ("true", "True"))
    assert one == other
    inside = files(ask(hub, f"{REPO}/repo/files?Recursive=True&Root=sub%20dir"))
    assert set(inside) == {"sub dir/a+b%20c.txt", "sub dir/model-Q4_K_M.gguf"}


def test_a_flat_listing_shows_the_root(hub):
    """M4."""
    assert not [path for path in files(ask(hub, f"{REPO}/repo/files")) if "/" in path]


def test_a_long_listing_is_cut_in_silence(hub):
    """M5."""
    big = "/api/v1/models/org/big/repo/files?Recursive=True"
    cut = ask(hub, big)
    assert (cut.status, cut.json["Success"], len(cut.json["Data"]["Files"])) == (200, True, 3000)
    roots = [path for path, one in files(ask(hub, big.replace("Recursive=True", ""))).items() if one["Type"] == "tree"]
    found = {path for root in roots for path in files(ask(hub, f"{big}&Root={root}"))}
    assert len(found) + len(roots) == 7000


def test_failures_are_404_and_the_code_tells(hub):
    """M6, M7, M8."""
    unknown = ask(hub, f"{REPO}/repo/files?Revision=nope")
    assert (unknown.status, unknown.json["Code"]) == (404, 10990101004)
    missing = ask(hub, "/api/v1/models/org/missing")
    assert (missing.status, missing.json["Code"]) == (404, 10010205001)
    assert missing.json["Message"] == "获取模型信息失败，信息：record not found"
    for name in ("private", "gated"):
        closed = ask(hub, f"/api/v1/models/org/{name}/repo/files")
        assert (closed.status, closed.json["Code"], closed.json["Data"]) == (404, 10010200001, None)


def test_a_key_comes_as_bearer_or_cookie(hub):
    """M9."""
    url = "/api/v1/models/org/private"
    assert ask(hub, url, token="ms_good").status == 200
    assert ask(hub, url, Cookie="a=b; m_session_id=ms_good").status == 200
    assert ask(hub, url, token="ms_good", Cookie="m_session_id=ms_good").status == 200
    assert [one.auth for one in hub.log] == ["bearer", "cookie", "bearer+cookie"]


def test_a_junk_key_hurts_only_at_the_login(hub):
    """M10."""
    assert ask(hub, REPO, token="ms_junk").status == 200
    refused = ask(hub, "/api/v1/login", method="POST", body={"AccessToken": "ms_junk"})
    assert (refused.status, refused.json["Code"]) == (400, 10010103009)
    assert "m_session_id" in ask(hub, "/api/v1/login", method="POST", body={"AccessToken": "ms_good"})["Set-Cookie"]


def test_revisions_are_branches_and_tags(hub):
    """M11."""
    named = ask(hub, f"{REPO}/revisions").json["Data"]["RevisionMap"]
    assert [one["Revision"] for one in named["Branches"]] == ["master"]
    assert [one["Revision"] for one in named["Tags"]] == ["v1"]
    old = ask(hub, f"{REPO}/repo?Revision=v1&FilePath=config.json").body
    assert old != ask(hub, f"{REPO}/repo?FilePath=config.json").body


def test_a_small_file_comes_whole_whatever_the_range(hub):
    """M12."""
    reply = ask(hub, f"{REPO}/repo?FilePath=config.json", range="bytes=2-3")
    assert reply.status == 200
    assert len(reply.body) > 2


def test_a_large_file_is_elsewhere_and_its_hash_is_told(hub):
    """M13 and M14."""
    moved = ask(hub, MODEL)
    data = ask(hub, MODEL, follow=True).body
    assert (moved.status, moved["X-Linked-ETag"]) == (302, sha256(data))
    assert moved["Location"].startswith(hub.cdn_url)
    part = ask(hub, moved["Location"], range="bytes=10-19")
    assert (part.status, part.body) == (206, data[10:20])


def test_a_route_may_answer_ranges_with_200(hub):
    """M15."""
    hub.cdn.length_odd = True
    part = ask(hub, MODEL, follow=True, range="bytes=2999000-")
    assert (part.status, part["Content-Range"]) == (200, "bytes 2999000-3000207/3000208")
    assert part["Content-Length"] == "1208"


def test_an_odd_name_is_decoded_once(hub):
    """M16."""
    reply = ask(hub, f"{REPO}/repo?Revision=master&FilePath=sub+dir%2Fa%2Bb%2520c.txt")
    assert reply.body.startswith(b"A name with")


def test_head_never_redirects(hub):
    """M17."""
    there = ask(hub, MODEL, method="HEAD")
    assert (there.status, there["Content-Length"]) == (200, "3000208")
    missing = ask(hub, f"{REPO}/repo?FilePath=nope", method="HEAD")
    assert (missing.status, missing["Content-Length"]) == (404, "0")


def test_the_web_form_gives_the_same_bytes(hub):
    """M18."""
    web = ask(hub, "/models/org/repo/resolve/master/model.safetensors", follow=True)
    assert web.body == ask(hub, MODEL, follow=True).body


def test_the_region_may_be_unknown(hub):
    """M19."""
    url = "/api/v1/repos/internalAccelerationInfo"
    assert ask(hub, url).json["Data"] == {"InternalRegionQueryAddress": ""}
    hub.modelscope.region_info = False
    assert ask(hub, url).status == 404


def test_a_lie_about_the_size_can_be_told(hub):
    """M27."""
    hub.modelscope.sizes["model.safetensors"] = 5
    assert files(ask(hub, f"{REPO}/repo/files"))["model.safetensors"]["Size"] == 5


@pytest.mark.parametrize(("scenario", "status"), [("s416", 416), ("s429", 429), ("s500forever", 500)])
def test_faults_hit_the_body_on_the_cdn(hub, scenario, status):
    """M28, M30, M31: the statuses that clients must survive."""
    hub.faults.use(scenario, "org/repo/model.safetensors", times=1)
    link = ask(hub, MODEL)["Location"]
    assert [ask(hub, link, range="bytes=5-").status for _ in range(2)] == [status, 206]


def test_a_dataset_tree_has_pages_and_may_fail_once(hub):
    """M32 and M33."""
    url = "/api/v1/datasets/org/data/repo/tree?Revision=master&Recursive=True&Root=/&PageSize=200&PageNumber="
    hub.modelscope.refuse_page = 2
    assert [ask(hub, f"{url}2").status for _ in range(2)] == [403, 200]
    pages = [ask(hub, f"{url}{number}").json for number in (1, 2, 3)]
    assert [len(page["Data"]["Files"]) for page in pages] == [200, 200, 52]
    assert {page["TotalCount"] for page in pages} == {452}


def test_a_dataset_file_comes_by_query(hub):
    """M34."""
    url = "/api/v1/datasets/org/data/repo?Revision=master&FilePath=data%2Fpart-0007.csv"
    assert ask(hub, url).body == b"id\n7\n"


def test_the_openapi_list_has_an_end(hub):
    """M35."""
    page = ask(hub, "/openapi/v1/models?search=model&page_number=2&page_size=50").json["data"]
    assert (len(page["models"]), page["total_count"]) == (50, 120)
    refused = ask(hub, "/openapi/v1/models?page_number=61&page_size=50")
    assert (refused.status, refused.json["code"]) == (400, "InputParameterError")


def test_the_openapi_knows_who_asks(hub):
    """M36."""
    assert ask(hub, "/openapi/v1/users/me", token="ms_good").json["data"]["username"] == "ada"
    refused = ask(hub, "/openapi/v1/users/me", token="ms_junk")
    assert (refused.status, refused.json["code"]) == (401, "InvalidAuthentication")


def test_the_openapi_says_what_is_missing(hub):
    """M37, without the quota: no reader of ours meets it."""
    missing = ask(hub, "/openapi/v1/models/org/missing")
    assert (missing.status, missing.json["code"]) == (404, "ResourceNotFound")
