"""The checks before any route, by raw requests; real browsers are in test_browser.py."""

import pytest

from server.serving import API, PAGE_CSS, PAGE_JS, Got, Served

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src blob:; "
        "connect-src 'self'; font-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types vue dompurify"
    ),
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
}


def knock(service: Served, *lines: str, target: str = f"{API}/session") -> Got:
    """A GET with the right token and exactly these further header lines."""
    told = "".join(f"{line}\r\n" for line in (f"Authorization: Bearer {service.token}", "Connection: close", *lines))
    return service.raw(f"GET {target} HTTP/1.1\r\n{told}\r\n")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "LocalHost"])
def test_our_own_names_are_let_in(service: Served, host: str) -> None:
    assert knock(service, f"Host: {host}:{service.port}").status == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:{port}",
        "127.0.0.1",
        "localhost",
        "127.0.0.1:1",
        "localhost.:{port}",
        "127.0.0.1.:{port}",
        "127.0.0.1:{port}.",
        "127.1:{port}",
        "0:{port}",
        "0.0.0.0:{port}",
        "2130706433:{port}",
        "0x7f000001:{port}",
        "127.0.0.2:{port}",
        "[::]:{port}",
        "[::ffff:127.0.0.1]:{port}",
        "[0:0:0:0:0:0:0:1]:{port}",
        "::1:{port}",
        "localhost:{port}@evil.example",
        "evil.example@localhost:{port}",
        "localhost:0{port}",
        "localhost:{port}/",
        "localhost.evil.example:{port}",
        "127.0.0.1.nip.io:{port}",
        "",
    ],
)
def test_every_other_name_is_misdirected(service: Served, host: str) -> None:
    got = knock(service, f"Host: {host.format(port=service.port)}")
    assert got.status in (400, 421) and b"owner" not in got.body
    if got.status == 421:
        assert got.code == "wrong-host"


def test_a_request_names_exactly_one_host(service: Served) -> None:
    own = f"Host: localhost:{service.port}"
    assert knock(service).status in (400, 421)
    for lines in ([own, own], [own, "Host: evil.example"], ["Host: evil.example", own]):
        assert knock(service, *lines).status in (400, 421)
    assert service.raw(f"GET {API}/session HTTP/1.0\r\nAuthorization: Bearer {service.token}\r\n\r\n").status == 421


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("http://localhost:{port}/api/v1/session", 200),
        ("http://evil.example/api/v1/session", 421),
        ("http://127.0.0.1:{port}/api/v1/session", 421),
        ("https://localhost:{port}/api/v1/session", 421),
        ("http://evil.example@localhost:{port}/api/v1/session", 421),
        ("http://localhost:{port}@evil.example/api/v1/session", 421),
        ("ftp://localhost:{port}/api/v1/session", 421),
    ],
)
def test_an_absolute_target_must_name_the_same_host(service: Served, target: str, status: int) -> None:
    got = knock(service, f"Host: localhost:{service.port}", target=target.format(port=service.port))
    assert got.status == status or (status == 421 and got.status == 400)


@pytest.mark.parametrize(
    "target", ["//evil.example/api/v1/session", "/api/v1/../v1/session", "/api//v1/session", "/%61pi/v1/x"]
)
def test_a_path_written_oddly_is_no_other_path(service: Served, target: str) -> None:
    assert knock(service, f"Host: localhost:{service.port}", target=target).status == 404


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "http://evil.example",
        "https://localhost:{port}",
        "http://localhost:1",
        "http://localhost",
        "http://127.0.0.1:{port}",
        "http://localhost:{port}.evil.example",
        "localhost:{port}",
        "file://",
        "chrome-extension://abcdefgh",
        "",
    ],
)
def test_another_origin_is_refused(service: Served, origin: str) -> None:
    got = knock(service, f"Host: localhost:{service.port}", f"Origin: {origin.format(port=service.port)}")
    assert (got.status, got.code) == (403, "cross-site")


def test_our_own_origin_is_let_in(service: Served) -> None:
    host = f"localhost:{service.port}"
    assert knock(service, f"Host: {host}", f"Origin: http://{host}").status == 200
    assert knock(service, f"Host: {host}", f"Origin: http://{host}", "Origin: http://evil.example").status in (400, 403)


@pytest.mark.parametrize(
    ("site", "status"),
    [("same-origin", 200), ("none", 200), ("same-site", 403), ("cross-site", 403), ("odd", 403), ("", 403)],
)
def test_what_the_browser_calls_foreign_is_refused(service: Served, site: str, status: int) -> None:
    for target in (f"{API}/session", "/", PAGE_JS, "/healthz"):
        got = knock(service, f"Host: localhost:{service.port}", f"Sec-Fetch-Site: {site}", target=target)
        assert got.status == status, target


def test_everything_but_the_page_and_healthz_needs_the_token(service: Served) -> None:
    for path in ("/", "/index.html", PAGE_JS, PAGE_CSS, "/healthz"):
        assert service.ask("GET", path, token=None).status == 200, path
    for path in (f"{API}/health", f"{API}/openapi.json", "/metrics", f"{API}/nothing", "/nothing", f"{API}/events"):
        assert service.ask("GET", path, token=None).code == "token-needed", path
        assert service.ask("GET", path, token=None, Cookie=f"token={service.token}").status == 401
    assert service.ask("GET", f"{API}/health?token={service.token}", token=None).status == 401


@pytest.mark.parametrize(
    "given", ["Bearer", "Bearer ", "Basic {token}", "{token}", "Bearer {token}x", "bearer x", "Bearer \xff", ""]
)
def test_a_wrong_header_opens_nothing(service: Served, given: str) -> None:
    got = service.ask("GET", f"{API}/session", token=None, Authorization=given.format(token=service.token))
    assert got.status in (401, 429)


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/jsonx",
        "text/json",
        "application/json, text/plain",
        "text/plain; application/json",
        "",
    ],
)
def test_a_write_that_is_not_declared_as_json_is_refused(service: Served, kind: str | None) -> None:
    for method, path in (("POST", "/tokens"), ("DELETE", "/tokens/1"), ("POST", "/session"), ("POST", "/link")):
        assert service.ask(method, API + path, b"{}", Content_Type=kind).code == "wrong-media-type"
    assert service.ask("GET", f"{API}/tokens").json == {"tokens": []}


def test_json_may_name_its_letters(service: Served) -> None:
    assert service.ask("POST", f"{API}/link", Content_Type="application/json; charset=utf-8").status == 200


def test_a_packed_body_is_refused(service: Served) -> None:
    assert service.ask("POST", f"{API}/tokens", b"x", Content_Encoding="gzip").code == "wrong-media-type"


def test_a_large_body_is_refused_declared_or_not(service: Served) -> None:
    large = b'{"name": "' + b"a" * (1024 * 1024) + b'"}'
    assert service.ask("POST", f"{API}/tokens", large[:10], Content_Length=str(len(large))).code == "body-too-large"
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (large[:600_000], large[600_000:])) + b"0\r\n\r\n"
    assert service.ask("POST", f"{API}/tokens", chunks, Transfer_Encoding="chunked").code == "body-too-large"
    exact = b'{"name": "' + b"a" * (1024 * 1024 - 12) + b'"}'
    assert service.ask("POST", f"{API}/tokens", exact).code == "bad-request"


def test_every_answer_has_the_security_headers(service: Served) -> None:
    asked = [
        ("GET", "/", ""),
        ("GET", "/healthz", ""),
        ("GET", f"{API}/health", ""),
        ("GET", f"{API}/no", ""),
        ("POST", f"{API}/session", ""),
        ("OPTIONS", f"{API}/health", ""),
        ("GET", f"{API}/health", "no"),
    ]
    for method, path, token in asked:
        got = service.ask(method, path, token=token)
        assert HEADERS.items() <= got.headers.items(), (method, path)
        assert got.headers["server"] == "modelyard" and "access-control-allow-origin" not in got.headers
        assert "set-cookie" not in got.headers
        assert path == "/" or got.headers["cache-control"] == "no-store"


def test_a_preflight_gets_nothing_to_go_on_with(service: Served) -> None:
    got = service.ask("OPTIONS", f"{API}/tokens", Access_Control_Request_Method="POST")
    assert got.code == "wrong-method"
    assert not [name for name in got.headers if name.startswith("access-control")]


def test_head_is_a_get_without_its_body(service: Served) -> None:
    got = service.ask("HEAD", f"{API}/session")
    assert (got.status, got.body) == (200, b"") and got.headers["etag"]


def test_a_request_id_is_taken_when_it_is_one(service: Served) -> None:
    assert service.ask("GET", "/healthz", X_Request_Id="abc-1.2_3").headers["x-request-id"] == "abc-1.2_3"
    for odd in ("a b", "x" * 65, "<script>", ""):
        assert service.ask("GET", "/healthz", X_Request_Id=odd).headers["x-request-id"] not in ("", odd)


def test_the_socket_needs_no_token_and_takes_no_page(service: Served) -> None:
    assert service.by_socket("GET", f"{API}/session").json == {"name": "socket", "role": "admin"}
    for header in ({"Origin": f"http://localhost:{service.port}"}, {"Origin": "null"}, {"Sec_Fetch_Site": "none"}):
        assert service.by_socket("GET", f"{API}/session", **header).code == "cross-site"


def test_a_known_page_is_not_sent_twice(service: Served) -> None:
    tag = service.ask("GET", PAGE_JS).headers["etag"]
    assert service.ask("GET", PAGE_JS, If_None_Match=tag).status == 304
    assert service.ask("POST", PAGE_JS).status == 404


def test_a_person_opens_any_address_of_the_page_and_a_program_is_told_that_it_is_none(service: Served) -> None:
    for path in ("/library", "/library?text=ink", "/nothing/at/all"):
        opened = service.ask("GET", path, token=None, Accept="text/html,*/*;q=0.8")
        assert opened.status == 200 and opened.body == service.ask("GET", "/", token=None).body
        assert service.ask("GET", path).code == "no-such-route"
    for path in (f"{API}/nothing", "/model-manager/nothing", "/assets/nothing.js", "/metrics"):
        assert service.ask("GET", path, token=None, Accept="text/html").status == 401, path


def test_what_has_its_hash_in_its_name_is_kept_for_ever_and_the_page_itself_is_asked_again(service: Served) -> None:
    assert "immutable" in service.ask("GET", PAGE_JS).headers["cache-control"]
    assert service.ask("GET", "/").headers["cache-control"] == "no-cache"


def test_both_loopback_addresses_answer(service: Served) -> None:
    got = service.raw(f"GET /healthz HTTP/1.1\r\nHost: [::1]:{service.port}\r\n\r\n", host="::1")
    assert got.json == {"ok": True}


def test_what_is_no_http_gets_a_problem_too(service: Served) -> None:
    for text in (
        "GET / HTTP/1.1\r\nBad Header: x\r\n\r\n",
        "nonsense\r\n\r\n",
        f"GET /{'x' * 20_000} HTTP/1.1\r\n\r\n",
    ):
        got = service.raw(text)
        assert (got.status, got.code) == (400, "bad-request")
        assert HEADERS.items() <= got.headers.items()
