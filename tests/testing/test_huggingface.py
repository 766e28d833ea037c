"""The Hugging Face side keeps the wire of hubs.md section 2; case ids are those of section 9."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from modelyard.testing import PracticeHub
from modelyard.testing.limits import Quota
from testing.asking import ask, git_hash, sha256

REPO = "/api/models/org/repo"


def next_link(reply) -> str | None:
    found = re.search(r'<([^>]+)>; rel="next"', reply["Link"] or "")
    return found[1] if found else None


def pages(hub: PracticeHub, path: str) -> Iterator[list]:
    here: str | None = path
    while here:
        reply = ask(hub, here)
        yield reply.json
        here = next_link(reply)


def test_info_names_commit_and_files_without_sizes(hub):
    """H1."""
    info = ask(hub, REPO).json
    assert re.fullmatch("[0-9a-f]{40}", info["sha"])
    assert {"_id", "id", "modelId", "author", "private", "gated", "disabled", "tags", "usedStorage"} <= set(info)
    assert len(info["siblings"]) == 7
    assert all(list(one) == ["rfilename"] for one in info["siblings"])
    assert info["safetensors"]["parameters"] == {"F16": 512000, "F32": 494000}
    assert info["gguf"]["architecture"] == "llama"


@pytest.mark.parametrize("true", ["true", "True"])
def test_blobs_adds_sizes_and_calls_the_hash_sha256(hub, true):
    """H2."""
    siblings = {one["rfilename"]: one for one in ask(hub, f"{REPO}?blobs={true}").json["siblings"]}
    large = siblings["model.safetensors"]
    data = ask(hub, "/org/repo/resolve/main/model.safetensors", follow=True).body
    assert large["lfs"]["sha256"] == sha256(data)
    assert large["lfs"]["size"] == large["size"] == len(data)
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256(data)}\nsize {len(data)}\n".encode()
    assert large["blobId"] == git_hash(pointer)
    assert large["lfs"]["pointerSize"] == len(pointer)
    assert "lfs" not in siblings["config.json"]


def test_every_spelling_of_a_revision_is_found(hub):
    """H3."""
    head, first = hub.hf.repo("org/repo").head.sha, hub.hf.repo("org/repo").commits[0].sha
    wanted = {"main": head, "HEAD": head, head: head, head[:7]: head, "feature%2Fx": first}
    wanted |= {"v1": first, "refs%2Fpr%2F1": first, "refs/pr/1": first}
    for revision, sha in wanted.items():
        assert ask(hub, f"{REPO}/revision/{revision}").json["sha"] == sha, revision
    assert head != first


def test_expand_gives_only_what_was_asked_and_lists_its_options(hub):
    """H4."""
    assert list(ask(hub, f"{REPO}?expand=sha&expand=safetensors").json) == ["_id", "id", "sha", "safetensors"]
    refused = ask(hub, f"{REPO}?expand=bogus")
    assert refused.status == 400
    assert "lastModified" in refused.json["error"]


def test_security_status_is_told_when_asked(hub):
    """H5."""
    assert ask(hub, f"{REPO}?securityStatus=true").json["securityRepoStatus"]["scansDone"] is True


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_old_and_misspelled_ids_are_sent_to_the_right_one(hub, method):
    """H6."""
    for name in ("legacy", "ORG/Repo", "org/old-name"):
        moved = ask(hub, f"/api/models/{name}?blobs=true", method=method)
        assert (moved.status, moved["Location"]) == (307, "/api/models/org/repo?blobs=true")
    moved = ask(hub, "/legacy/resolve/main/config.json?x=1", method=method)
    assert (moved.status, moved["Location"]) == (307, "/org/repo/resolve/main/config.json?x=1")


def test_datasets_and_spaces_have_their_own_prefix(hub):
    """H7."""
    assert "modelId" not in ask(hub, "/api/datasets/org/data").json
    assert ask(hub, "/datasets/org/data/resolve/main/README.md", follow=True).body == b"# data\n"
    assert ask(hub, "/spaces/org/space/resolve/main/app.py", follow=True).status == 200


def test_a_flat_tree_shows_the_root_only(hub):
    """H8."""
    entries = ask(hub, f"{REPO}/tree/main").json
    assert [one["path"] for one in entries if one["type"] == "directory"] == ["sub dir"]
    assert not [one for one in entries if "/" in one["path"]]


@pytest.mark.parametrize("true", ["true", "True"])
def test_a_recursive_tree_has_true_hashes(hub, true):
    """H9."""
    entries = {one["path"]: one for one in ask(hub, f"{REPO}/tree/main?recursive={true}").json}
    assert entries["sub dir"]["type"] == "directory"
    assert len(entries) == 8
    config = ask(hub, "/org/repo/resolve/main/config.json", follow=True).body
    assert entries["config.json"]["oid"] == git_hash(config)
    model = ask(hub, "/org/repo/resolve/main/model.safetensors", follow=True).body
    assert entries["model.safetensors"]["lfs"]["oid"] == sha256(model)


def test_a_big_tree_comes_in_pages_of_a_thousand(hub):
    """H10."""
    found = list(pages(hub, "/api/models/org/big/tree/main?recursive=true"))
    assert [len(page) for page in found] == [1000, 1000, 1000, 1000, 42]
    files = [one["path"] for page in found for one in page if one["type"] == "file"]
    assert len(files) == len(set(files)) == 4001


def test_an_expanded_tree_tells_commits_and_scans(hub):
    """H11."""
    entries = ask(hub, f"{REPO}/tree/main?expand=true").json
    file = next(one for one in entries if one["type"] == "file")
    assert set(file["lastCommit"]) == {"id", "title", "date"}
    assert {"status", "avScan", "pickleImportScan"} <= set(file["securityFileStatus"])
    assert len(next(pages(hub, "/api/models/org/big/tree/main?expand=true"))) <= 50


def test_a_sub_tree_is_found_and_a_file_is_no_tree(hub):
    """H12."""
    assert len(ask(hub, f"{REPO}/tree/main/sub%20dir").json) == 2
    assert ask(hub, f"{REPO}/tree/main/config.json")["X-Error-Code"] == "EntryNotFound"
    assert ask(hub, f"{REPO}/tree/nope")["X-Error-Code"] == "RevisionNotFound"


def test_paths_info_leaves_unknown_paths_out(hub):
    """H13."""
    form = ask(hub, f"{REPO}/paths-info/main", method="POST", body=b"paths=config.json&paths=nope&expand=false")
    asked = {"paths": ["config.json", "nope"], "expand": False}
    as_json = ask(hub, f"{REPO}/paths-info/main", method="POST", body=asked)
    assert [one["path"] for one in form.json] == ["config.json"]
    assert form.json == as_json.json


def test_refs_show_pull_requests_only_when_asked(hub):
    """H14."""
    refs = ask(hub, f"{REPO}/refs").json
    assert {one["name"] for one in refs["branches"]} == {"main", "feature/x"}
    assert refs["tags"][0]["ref"] == "refs/tags/v1"
    assert "pullRequests" not in refs
    assert ask(hub, f"{REPO}/refs?include_prs=1").json["pullRequests"][0]["ref"] == "refs/pr/1"


def test_commits_count_and_page(hub):
    """H15."""
    reply = ask(hub, f"{REPO}/commits/main?limit=1")
    assert (len(reply.json), reply["X-Total-Count"]) == (1, "2")
    assert ask(hub, next_link(reply)).json[0]["title"] == "initial commit"


def test_auth_check_says_who_may_download(hub):
    """H16."""
    cases = {("org/repo", ""): 200, ("org/gated", ""): 401, ("org/gated", "hf_bad"): 403}
    cases |= {("org/gated", "hf_good"): 200, ("org/missing", "hf_good"): 404, ("org/gated", "hf_narrow"): 403}
    for (name, token), status in cases.items():
        assert ask(hub, f"/api/models/{name}/auth-check", token=token).status == status


def test_a_regular_file_is_redirected_to_the_resolve_cache(hub):
    """H17."""
    for method in ("HEAD", "GET"):
        first = ask(hub, "/org/repo/resolve/main/config.json", method=method)
        assert first.status == 307
        assert first["Location"].startswith("/api/resolve-cache/models/org/repo/")
        assert first["X-Repo-Commit"] == hub.hf.repo("org/repo").head.sha
    final = ask(hub, "/org/repo/resolve/main/config.json", follow=True)
    assert final["ETag"] == first["X-Linked-Etag"] == f'"{git_hash(final.body)}"'


def test_a_private_regular_file_comes_directly(hub):
    """H18."""
    reply = ask(hub, "/org/private/resolve/main/config.json", token="hf_good")
    assert (reply.status, reply["X-Hub-Cache"]) == (200, "MISS")
    assert reply["ETag"] == f'"{git_hash(reply.body)}"'
    assert ask(hub, "/org/private/resolve/main/model.safetensors", token="hf_good").status == 302


def test_a_large_file_is_redirected_to_a_signed_link(hub):
    """H19."""
    first = ask(hub, "/org/repo/resolve/main/model.safetensors", method="HEAD")
    data = ask(hub, "/org/repo/resolve/main/model.safetensors", follow=True).body
    assert first.status == 302
    assert first["Location"].startswith(hub.cdn_url)
    assert (first["X-Linked-Size"], first["X-Linked-Etag"]) == (str(len(data)), f'"{sha256(data)}"')
    assert first["Cache-Control"] == "no-store"
    assert first["X-Repo-Commit"]


def test_the_cdn_serves_ranges_under_an_etag_that_is_no_sha256(hub):
    """H20."""
    link = ask(hub, "/org/repo/resolve/main/model.safetensors")["Location"]
    whole = ask(hub, link)
    size = len(whole.body)
    assert (whole.status, whole["Accept-Ranges"]) == (200, "bytes")
    assert whole["ETag"] != f'"{sha256(whole.body)}"'
    for field, start, stop in (
        ("bytes=0-0", 0, 1),
        ("bytes=-5", size - 5, size),
        (f"bytes={size - 9}-", size - 9, size),
    ):
        part = ask(hub, link, range=field)
        assert (part.status, part.body) == (206, whole.body[start:stop])
        assert part["Content-Range"] == f"bytes {start}-{stop - 1}/{size}"
    beyond = ask(hub, link, range=f"bytes={size}-")
    assert (beyond.status, beyond["Content-Range"]) == (416, f"bytes */{size}")


def test_a_key_beside_the_signature_is_a_bad_request(hub):
    """H21."""
    link = ask(hub, "/org/repo/resolve/main/model.safetensors")["Location"]
    refused = ask(hub, link, token="hf_good")
    assert (refused.status, refused["Content-Type"]) == (400, "application/xml")
    assert [one.auth for one in hub.log.find(origin="cdn")] == ["bearer"]


def test_a_known_etag_is_not_sent_again(hub):
    """H22."""
    final = ask(hub, "/org/repo/resolve/main/config.json", follow=True)
    again = ask(hub, final.url, if_none_match=final["ETag"])
    assert (again.status, again.body) == (304, b"")


def test_an_old_etag_in_if_range_gives_the_whole_file(hub):
    """H23."""
    link = ask(hub, "/org/repo/resolve/main/model.safetensors")["Location"]
    etag = ask(hub, link, method="HEAD")["ETag"]
    assert ask(hub, link, range="bytes=5-", if_range=etag).status == 206
    assert ask(hub, link, range="bytes=5-", if_range='"old"').status == 200


def test_an_empty_file_has_length_zero(hub):
    """H24."""
    reply = ask(hub, "/org/repo/resolve/main/empty.txt", follow=True)
    assert (reply.status, reply["Content-Length"], reply.body) == (200, "0", b"")


def test_an_odd_name_is_decoded_exactly_once(hub):
    """H25."""
    right = ask(hub, "/org/repo/resolve/main/sub%20dir/a%2Bb%2520c.txt", follow=True)
    raw = ask(hub, "/org/repo/resolve/main/sub%20dir/a+b%20c.txt")
    assert (right.status, raw.status) == (200, 404)


def test_even_a_tiny_file_answers_ranges(hub):
    """H26."""
    part = ask(hub, "/org/repo/resolve/main/config.json", follow=True, range="bytes=0-0")
    assert (part.status, part.body) == (206, b"{")
    empty = ask(hub, "/org/repo/resolve/main/empty.txt", follow=True, range="bytes=0-0")
    assert (empty.status, empty["Content-Range"]) == (416, "bytes */0")


def test_a_missing_repo_is_401_and_its_code_depends_on_tls(hub):
    """H30 and H31."""
    plain = ask(hub, "/api/models/org/missing")
    with PracticeHub(tls=True) as secure:
        real = ask(secure, "/api/models/org/missing")
    for reply, code in ((plain, "RepoNotFound"), (real, None)):
        assert (reply.status, reply["X-Error-Code"]) == (401, code)
        assert reply["X-Error-Message"] == reply.json["error"] == "Invalid username or password."
        assert reply["WWW-Authenticate"].startswith("Bearer realm=")


def test_a_missing_repo_is_404_with_a_key(hub):
    """H32."""
    reply = ask(hub, "/api/models/org/missing", token="hf_good")
    assert (reply.status, reply["X-Error-Code"]) == (404, "RepoNotFound")
    assert ask(hub, "/api/models/org/private", token="hf_bad")["X-Error-Code"] == "RepoNotFound"
    assert ask(hub, "/api/models/org/private", token="hf_good").status == 200


def test_a_missing_file_still_tells_the_commit(hub):
    """H33."""
    reply = ask(hub, "/org/repo/resolve/main/nope.txt", method="HEAD")
    assert (reply.status, reply["X-Error-Code"]) == (404, "EntryNotFound")
    assert reply["X-Repo-Commit"] == hub.hf.repo("org/repo").head.sha


def test_a_bad_revision_is_named(hub):
    """H34."""
    reply = ask(hub, "/org/repo/resolve/x/config.json")
    assert (reply.status, reply["X-Error-Code"]) == (404, "RevisionNotFound")
    assert reply["X-Error-Message"] == "Invalid rev id: x"


def test_a_gated_repo_shows_its_list_and_keeps_its_files(hub):
    """H35."""
    assert ask(hub, "/api/models/org/gated").json["gated"] == "auto"
    assert ask(hub, "/api/models/org/gated/tree/main").status == 200
    for token, status in (("", 401), ("hf_junk", 401), ("hf_bad", 403)):
        reply = ask(hub, "/org/gated/resolve/main/model.safetensors", token=token)
        assert (reply.status, reply["X-Error-Code"]) == (status, "GatedRepo")
    assert ask(hub, "/org/gated/resolve/main/config.json", token="hf_good", follow=True).status == 200


def test_a_disabled_repo_says_so_without_a_code(hub):
    """H36."""
    reply = ask(hub, "/org/disabled/resolve/main/config.json", token="hf_good")
    assert (reply.status, reply["X-Error-Code"]) == (403, None)
    assert reply["X-Error-Message"] == "Access to this resource is disabled."


def test_a_junk_key_does_not_hurt_on_public_repos(hub):
    """H37."""
    assert ask(hub, REPO, token="hf_junk").status == 200


def test_whoami_has_every_shape(hub):
    """H38."""
    tokens = {name: ask(hub, "/api/whoami-v2", token=name) for name in ("hf_good", "hf_write", "hf_fine", "hf_org")}
    assert tokens["hf_good"].json["auth"]["accessToken"]["role"] == "read"
    assert tokens["hf_write"].json["auth"]["accessToken"]["role"] == "write"
    assert tokens["hf_fine"].json["auth"]["accessToken"]["fineGrained"]["canReadGatedRepos"] is True
    assert tokens["hf_org"].json["type"] == "org"
    assert ask(hub, "/api/whoami-v2", token="hf_junk").status == 401


def test_limits_are_on_every_answer_and_end_with_their_window(hub):
    """H39."""
    for path, bucket in ((REPO, "api"), ("/legacy/resolve/main/x", "resolvers"), ("/api/models/org/nope", "api")):
        reply = ask(hub, path)
        assert re.match(rf'"{bucket}";r=\d+;t=\d+$', reply["RateLimit"])
        assert reply["RateLimit-Policy"].startswith(f'"fixed window";"{bucket}";q=')
    hub.hf.limits.quotas["api"] = Quota(1, 60)
    hub.clock.advance(400)
    assert [ask(hub, REPO).status for _ in range(3)] == [200, 429, 429]
    assert '"api";r=0;t=' in ask(hub, REPO)["RateLimit"]
    assert ask(hub, REPO, token="hf_good").status == 200
    hub.clock.advance(61)
    assert ask(hub, REPO).status == 200


def test_api_answers_can_fail_once(hub):
    """H40."""
    hub.faults.use("s429", "/api/models/org/repo", on="any", retry_after=1)
    refused = ask(hub, REPO)
    assert (refused.status, refused["Retry-After"]) == (429, "1")
    assert ask(hub, REPO).status == 200
    hub.faults.use("s503x2", "/api/models/org/repo", on="any", times=1)
    assert [ask(hub, REPO).status for _ in range(2)] == [503, 200]


def test_the_list_filters_sorts_and_pages(hub):
    """H41."""
    found = [
        one for page in pages(hub, "/api/models?author=many&sort=downloads&direction=-1&limit=100") for one in page
    ]
    assert [one["downloads"] for one in found] == list(range(249, -1, -1))
    assert len({one["id"] for one in found}) == 250
    assert [one["id"] for one in ask(hub, "/api/models?search=REPO&filter=gguf").json] == ["org/repo"]


def test_an_expired_link_is_403_xml(hub):
    """H42."""
    link = ask(hub, "/org/repo/resolve/main/model.safetensors")["Location"]
    hub.clock.advance(3601)
    late = ask(hub, link)
    assert (late.status, late["Content-Type"]) == (403, "application/xml")
    assert b"<Code>AccessDenied</Code>" in late.body
    fresh = ask(hub, "/org/repo/resolve/main/model.safetensors")["Location"]
    assert ask(hub, fresh, method="HEAD").status == 200
    forged = fresh.replace("Signature=", "Signature=0")
    assert ask(hub, forged).status == 403
    hub.signer.expire_all()
    assert ask(hub, fresh).status == 403


def test_a_file_of_51_gb_is_there_to_its_last_byte(hub):
    """H43 and U36."""
    head = ask(hub, "/org/xl/resolve/main/model.safetensors")
    assert head["X-Linked-Size"] == "51000000000"
    last = ask(hub, head["Location"], range="bytes=-1")
    assert (last.status, last.body) == (206, b"\xff")
    assert ask(hub, head["Location"], range="bytes=8-8").body == b"{"


def test_xet_is_silent_unless_switched_on(hub):
    """H44."""
    path = "/org/repo/resolve/main/model.safetensors"
    quiet = ask(hub, path)
    assert not [name for name in quiet.headers if name.lower() == "x-xet-hash"]
    assert "xet" not in (quiet["Link"] or "")
    assert b"xetHash" not in ask(hub, f"{REPO}/tree/main").body
    hub.hf.xet = True
    loud = ask(hub, path)
    assert re.fullmatch("[0-9a-f]{64}", loud["X-Xet-Hash"])
    assert 'rel="xet-auth"' in loud["Link"]
    assert b"xetHash" in ask(hub, f"{REPO}/tree/main").body


def test_a_path_with_dots_leads_nowhere(hub):
    """Rule 4: `..` is refused."""
    assert ask(hub, "/org/repo/resolve/main/..%2Fconfig.json").status == 404


def test_added_repos_are_served(hub):
    hub.hf.add_repo("me/new", {"a.txt": b"hello", "m.gguf": 500_000}, gated="manual")
    assert ask(hub, "/me/new/resolve/main/a.txt").status == 401
    data = ask(hub, "/me/new/resolve/main/m.gguf", token="hf_good", follow=True).body
    assert (data[:4], len(data)) == (b"GGUF", 500_000)
    before = hub.hf.repo("me/new").head.sha
    hub.hf.repo("me/new").commit({"a.txt": b"changed"})
    assert ask(hub, "/api/models/me/new").json["sha"] != before
    hub.reset()
    assert ask(hub, "/api/models/me/new", token="hf_good").status == 404
