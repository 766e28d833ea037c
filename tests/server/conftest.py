"""One service for all tests of a file that only ask it; and no answer has a code that nobody described."""

from collections.abc import Iterator

import msgspec
import pytest

from modelyard.errors import YardError
from modelyard.server.inside import router
from modelyard.server.messages import Asked, Reply
from modelyard.server.openapi import failures
from modelyard.server.problem import MEDIA_TYPE
from modelyard.server.router import INLINE, Router, Runs
from modelyard.server.service import Service
from server.serving import Served, served


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running service with an empty data folder."""
    with served(tmp_path_factory.mktemp("yard")) as running:
        yield running


@pytest.fixture(autouse=True)
def answers_fit(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever a route of ours answers in this process while a test runs, its description knows the code."""
    unknown: list[str] = []
    ours = {id(route) for route in router().routes}
    real = Router.answer

    async def answer(self: Router, service: Service, asked: Asked, runs: Runs = INLINE) -> Reply:
        reply = await real(self, service, asked, runs)
        if reply.media_type == MEDIA_TYPE and ours.issuperset(map(id, self.routes)):
            unknown.extend(undeclared(self, asked, reply))
        return reply

    monkeypatch.setattr(Router, "answer", answer)
    yield
    assert not unknown, unknown


def undeclared(routes: Router, asked: Asked, reply: Reply) -> list[str]:
    """The code of a problem when the description of its route does not have it beside its status."""
    try:
        route, _ = routes.find(asked.method, asked.path)
    except YardError:
        return []  # nobody described what is under no route
    code = msgspec.json.decode(reply.body)["code"]
    known = failures(route).get(reply.status, [])
    return [] if code in known else [f"{route.method} {route.path}: {reply.status} {code}"]
