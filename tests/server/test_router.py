"""What a caller sends, right or wrong, against routes made for it."""

import asyncio
import enum
import json
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
import pytest

from modelyard.app import App
from modelyard.errors import Busy, DiskFull, TargetExists
from modelyard.server.messages import Answer, Asked, Reply
from modelyard.server.problem import Problem, error_of
from modelyard.server.roles import OWNER, STRANGER, Caller, Role
from modelyard.server.router import Router
from modelyard.server.routes import Ask, Here, Id, Routes
from modelyard.server.service import Service

routes = Routes(tag="fruit", prefix="")
DONE: list[Any] = []


class Colour(enum.Enum):
    RED = "red"
    GREEN = "green"


class Size(Ask, frozen=True):
    width: float
    height: Annotated[int, msgspec.Meta(ge=0, le=100)] = 1


class NewFruit(Ask, frozen=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
    colour: Colour = Colour.RED
    size: Size | None = None
    labels: list[str] = []


class FruitQuery(Ask, frozen=True):
    limit: Annotated[int, msgspec.Meta(ge=1, le=50)] = 10
    ripe: bool | None = None
    colour: list[Colour] = []
    heavier: float | None = None
    text: str = ""


@routes.get("/fruit", role=Role.VIEWER)
def list_fruit(here: Here, query: FruitQuery) -> FruitQuery:
    """Fruit."""
    return query


@routes.post("/fruit", role=Role.OPERATOR, status=201)
def add_fruit(here: Here, body: NewFruit) -> NewFruit:
    """More fruit."""
    DONE.append(body)
    return body


@routes.get("/fruit/{id}", role=Role.VIEWER)
def one_fruit(here: Here, id: Id) -> dict[str, int]:
    """One fruit."""
    return {"id": id}


@routes.get("/fruit/best", role=Role.VIEWER)
async def best_fruit(here: Here) -> str:
    """The best one, awaited."""
    return "apple"


@routes.delete("/fruit/{id}", role=Role.ADMIN)
def eat_fruit(here: Here, id: Id) -> None:
    """Eat it."""


@routes.get("/table", role=None, media_type="text/csv")
def table(here: Here) -> Answer:
    """As a table."""
    return Answer("a,b\n", media_type="text/csv", headers={"X-Rows": "0"})


@routes.post("/fail/{how}", role=Role.VIEWER)
def fail(here: Here, how: str) -> None:
    """Fail in some way."""
    raise {
        "full": DiskFull("No room."),
        "busy": Busy("Held."),
        "there": TargetExists("It is there."),
        "stopped": asyncio.CancelledError(),
    }.get(how, RuntimeError("inner secret"))


@routes.post("/words", role=Role.VIEWER)
def words(here: Here) -> Answer:
    """Says as others do whether it was done, with status 200."""
    refused = DONE[-1:] == ["refuse"]
    DONE.append("")
    return Answer(not refused, failed=refused)


@pytest.fixture
def service() -> Iterator[Service]:
    DONE.clear()
    with App() as app:
        yield Service(app)


def ask(
    service: Service, method: str, target: str, body: Any = None, *, caller: Caller = OWNER, **headers: str
) -> Reply:
    path, _, query = target.partition("?")
    sent = body if isinstance(body, bytes) else b"" if body is None else msgspec.json.encode(body)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return asyncio.run(Router([routes]).answer(service, Asked(method, path, query, given, sent, caller, "r1")))


def problem(reply: Reply) -> Problem:
    assert reply.media_type == "application/problem+json"
    told = msgspec.json.decode(reply.body, type=Problem)
    assert told.status == reply.status and told.request_id == "r1" and told.hint and told.type.startswith("urn:")
    return told


def test_a_query_is_read_into_its_types(service: Service) -> None:
    reply = ask(service, "GET", "/fruit?limit=3&ripe=true&colour=red&colour=green&heavier=1.5&text=nan%20%C3%A9+x")
    assert json.loads(reply.body) == {
        "limit": 3,
        "ripe": True,
        "colour": ["red", "green"],
        "heavier": 1.5,
        "text": "nan é x",
    }


@pytest.mark.parametrize(
    ("query", "place", "words"),
    [
        ("limit=0", "query.limit", ">= 1"),
        ("limit=x", "query.limit", "int"),
        ("limit=1&limit=2", "query.limit", "twice"),
        ("ripe=perhaps", "query.ripe", "bool"),
        ("colour=blue", "query.colour[0]", "blue"),
        ("heavier=nan", "query", "NaN"),
        ("heavier=-Infinity", "query", "NaN"),
        ("limt=1", "query.limt", "limt"),
        ("heavier=null", "query.heavier", "null"),
        ("text=%ff", None, "cannot be read"),
        ("&".join("colour=red" for _ in range(300)), None, "cannot be read"),
    ],
)
def test_a_query_that_does_not_fit_is_told_with_its_place(
    service: Service, query: str, place: str | None, words: str
) -> None:
    told = problem(ask(service, "GET", f"/fruit?{query}"))
    assert (told.status, told.code) == (400, "bad-request")
    assert (told.facts or {}).get("place") == place
    assert words in told.detail


def test_an_unknown_name_brings_the_nearest_known_one(service: Service) -> None:
    assert problem(ask(service, "GET", "/fruit?limt=1")).hint == "Did you mean 'limit'?"
    assert problem(ask(service, "POST", "/fruit", {"name": "a", "size": {"width": 1, "heigth": 2}})).hint == (
        "Did you mean 'height'?"
    )


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b"[]", "body"),
        (b"null", "body"),
        (b'{"name": 5}', "body.name"),
        (b'{"name": ""}', "body.name"),
        (b'{"name": "a", "colour": "blue"}', "body.colour"),
        (b'{"name": "a", "size": {"width": "1"}}', "body.size.width"),
        (b'{"name": "a", "size": {"width": 1, "height": 101}}', "body.size.height"),
        (b'{"name": "a", "size": {"width": NaN}}', "body"),
        (b'{"name": "a", "size": {"width": Infinity}}', "body"),
        (b'{"name": "a", "size": {"width": 1e999}}', "body"),
        (b'{"name": "a", "labels": ["x", 3]}', "body.labels[1]"),
        (b'{"name": "a", "other": 1}', "body"),
        (b'{"name": "\xff"}', "body"),
        (b'{"name": "\\ud800"}', "body"),
        (b"[" * 100_000, "body"),
        (b'{"name": "a"} x', "body"),
    ],
)
def test_a_body_that_does_not_fit_is_told_with_its_place(service: Service, body: bytes, place: str) -> None:
    told = problem(ask(service, "POST", "/fruit", body))
    assert (told.status, told.code) == (400, "bad-request")
    assert str((told.facts or {}).get("place")).startswith(place)
    assert not DONE


@pytest.mark.parametrize("id", ["0", "-1", "x", "1.5", "9007199254740992", "9" * 400, "%ff", "%00", "1%2F2"])
def test_a_path_parameter_that_does_not_fit_is_told(service: Service, id: str) -> None:
    assert problem(ask(service, "GET", f"/fruit/{id}")).status == 400


def test_a_literal_name_wins_over_a_parameter_and_may_be_awaited(service: Service) -> None:
    assert ask(service, "GET", "/fruit/best").body == b'"apple"'
    assert ask(service, "GET", "/fruit/7").body == b'{"id":7}'


def test_a_route_without_parameters_takes_none(service: Service) -> None:
    assert problem(ask(service, "GET", "/fruit/7?x=1")).code == "bad-request"


@pytest.mark.parametrize("path", ["/", "/fruits", "/fruit/", "/fruit//", "/fruit/7/8", "//fruit", ""])
def test_a_path_that_nobody_knows_is_a_problem(service: Service, path: str) -> None:
    assert problem(ask(service, "GET", path)).code == "no-such-route"


@pytest.mark.parametrize("method", ["PUT", "OPTIONS", "TRACE", "CONNECT", "BREW", "get"])
def test_a_method_that_the_path_does_not_know_is_told_what_it_does(service: Service, method: str) -> None:
    reply = ask(service, method, "/fruit/7")
    assert problem(reply).status == 405
    assert reply.headers["Allow"] == "DELETE, GET, HEAD"


def test_nothing_is_answered_with_204(service: Service) -> None:
    reply = ask(service, "DELETE", "/fruit/7")
    assert (reply.status, reply.body) == (204, b"")


def test_an_answer_of_another_kind_goes_out_as_it_is(service: Service) -> None:
    reply = ask(service, "GET", "/table", caller=STRANGER)
    assert (reply.body, reply.media_type, reply.headers["X-Rows"]) == (b"a,b\n", "text/csv", "0")


def test_a_known_etag_saves_the_body(service: Service) -> None:
    first = ask(service, "GET", "/fruit/7")
    tag = first.headers["ETag"]
    assert tag.startswith('"')
    for sent in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        again = ask(service, "GET", "/fruit/7", if_none_match=sent)
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag)
    assert ask(service, "GET", "/fruit/8", if_none_match=tag).status == 200


def test_a_post_with_the_same_key_is_done_once(service: Service) -> None:
    first = ask(service, "POST", "/fruit", {"name": "fig"}, idempotency_key="k")
    again = ask(service, "POST", "/fruit", {"name": "fig"}, idempotency_key="k")
    assert (again.status, again.body) == (first.status, first.body) == (201, first.body)
    assert again.headers["Idempotent-Replay"] == "true"
    assert len(DONE) == 1


def test_a_key_belongs_to_one_request_and_one_caller(service: Service) -> None:
    ask(service, "POST", "/fruit", {"name": "fig"}, idempotency_key="k")
    assert problem(ask(service, "POST", "/fruit", {"name": "nut"}, idempotency_key="k")).code == "key-reused"
    other = ask(service, "POST", "/fruit", {"name": "nut"}, idempotency_key="k", caller=Caller("bob", Role.OPERATOR))
    assert other.status == 201


@pytest.mark.parametrize("other", [Caller("ci", Role.VIEWER, "a" * 64), Caller("ci", Role.OPERATOR, "b" * 64)])
def test_an_answer_is_for_one_token_not_for_whoever_has_its_name_later(service: Service, other: Caller) -> None:
    first = Caller("ci", Role.VIEWER, "b" * 64)
    for caller in (first, other):
        reply = ask(service, "POST", "/words", idempotency_key="k", caller=caller)
        assert reply.status == 200 and "Idempotent-Replay" not in reply.headers
    assert len(DONE) == 2


def test_a_failure_that_is_told_in_other_words_frees_its_key_too(service: Service) -> None:
    DONE.append("refuse")
    first, again = (ask(service, "POST", "/words", idempotency_key="k") for _ in range(2))
    assert (first.status, first.body, again.body) == (200, b"false", b"true")
    assert "Idempotent-Replay" in ask(service, "POST", "/words", idempotency_key="k").headers


def test_a_failed_post_frees_its_key(service: Service) -> None:
    assert ask(service, "POST", "/fruit", {"name": ""}, idempotency_key="k").status == 400
    assert ask(service, "POST", "/fruit", {"name": "fig"}, idempotency_key="k").status == 201


def test_what_a_stop_cut_off_keeps_its_key_for_it_may_still_be_done(service: Service) -> None:
    with pytest.raises(asyncio.CancelledError):
        ask(service, "POST", "/fail/stopped", idempotency_key="k")
    assert problem(ask(service, "POST", "/fail/stopped", idempotency_key="k")).code == "busy"


def test_a_key_that_is_none_is_refused(service: Service) -> None:
    for key in ("", "x" * 201, "a\nb"):
        assert problem(ask(service, "POST", "/fruit", {"name": "fig"}, idempotency_key=key)).status == 400


def test_roles_include_the_lower_ones(service: Service) -> None:
    operator = Caller("op", Role.OPERATOR)
    assert ask(service, "GET", "/fruit/7", caller=operator).status == 200
    assert ask(service, "POST", "/fruit", {"name": "fig"}, caller=operator).status == 201
    assert problem(ask(service, "DELETE", "/fruit/7", caller=operator)).code == "role-too-low"
    stranger = ask(service, "GET", "/fruit/7", caller=STRANGER)
    assert problem(stranger).status == 401
    assert stranger.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(("how", "status"), [("full", 507), ("busy", 409), ("there", 409)])
def test_an_error_of_ours_keeps_its_class_over_the_wire(service: Service, how: str, status: int) -> None:
    told = problem(ask(service, "POST", f"/fail/{how}"))
    assert told.status == status
    again = error_of(told)
    assert (again.code, again.message, again.hint) == (told.code, told.detail, told.hint)
    assert type(again) in (DiskFull, Busy, TargetExists)


def test_what_nobody_foresaw_leaks_nothing(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    reply = ask(service, "POST", "/fail/otherwise")
    assert problem(reply).status == 500
    assert b"secret" not in reply.body and b"RuntimeError" not in reply.body
    assert "inner secret" in caplog.text


def test_a_struct_that_swallows_unknown_fields_is_no_body() -> None:
    class Loose(msgspec.Struct):
        x: int

    class Outer(Ask, frozen=True):
        inner: list[Loose]

    def handler(here, body):  # type: ignore[no-untyped-def]
        """Nothing."""

    handler.__annotations__ = {"here": Here, "body": Outer, "return": None}
    with pytest.raises(TypeError, match="Loose must derive from Ask"):
        Routes(tag="x").post("/x", role=None)(handler)


def test_two_handlers_for_one_place_are_a_defect() -> None:
    with pytest.raises(TypeError, match="Two handlers"):
        Router([routes, routes])


@pytest.mark.parametrize(
    ("path", "name", "texts"),
    [
        ("/shelf/a", "whole", {"rest": "a"}),
        ("/shelf/a/b%2Fc/d", "whole", {"rest": "a/b/c/d"}),
        ("/shelf/a/../b", "whole", {"rest": "a/../b"}),
        ("/shelf/a/b/label", "label", {"rest": "a/b"}),
        ("/shelf/label", "whole", {"rest": "label"}),
        ("/shelf//a", "whole", {"rest": "/a"}),
        ("/shelf/top", "top", {}),
    ],
)
def test_a_rest_takes_the_slashes_and_what_is_literal_wins(path: str, name: str, texts: dict[str, str]) -> None:
    shelf = Routes(tag="shelf", prefix="")

    @shelf.get("/shelf/{rest*}", role=None)
    def whole(here: Here, rest: str) -> None: ...

    @shelf.get("/shelf/{rest*}/label", role=None)
    def label(here: Here, rest: str) -> None: ...

    @shelf.get("/shelf/top", role=None)
    def top(here: Here) -> None: ...

    route, found = Router([shelf]).find("GET", path)
    assert (route.name, found) == (name, texts)
