"""How many connections may be open at once: over all hosts and to one, and what changes that while some wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

import pytest

from modelyard.errors import Stopped
from modelyard.net.dial import Dialer, Timeouts
from modelyard.net.guard import Guard
from modelyard.net.pool import Pool
from modelyard.net.proxies import Proxies
from modelyard.net.stop import Stop
from modelyard.net.url import Url, parse
from modelyard.net.wire import Connection
from net.test_client import Answers, Server, ok, serve

__all__ = ["serve"]


class Asker:
    """Takes connections in threads of its own."""

    def __init__(self, server: Server, most: int, most_per_host: int) -> None:
        self.pool = Pool(
            Dialer(Guard(allow_private=True), Proxies(None, {}), Timeouts(5.0, 5.0)),
            most=most,
            most_per_host=most_per_host,
        )
        self.port = server.url.rpartition(":")[2]
        self.stop = Stop()
        self.threads = ThreadPoolExecutor(8)

    def take(self, host: str) -> Future[Connection]:
        return self.threads.submit(self.pool.take, self.url(host), self.stop)

    def url(self, host: str) -> Url:
        return parse(f"http://{host}:{self.port}/")


@pytest.fixture
def server(serve: Callable[[Answers], Server]) -> Server:
    return serve(lambda *_: ok())


def waits(asked: Future[Connection]) -> bool:
    """Whether it is still not answered after twice the time in which the pool looks again."""
    return not threading.Event().wait(0.1) and not asked.done()


def test_one_host_waits_for_itself_and_keeps_no_other_waiting(server: Server) -> None:
    asker = Asker(server, most=3, most_per_host=1)
    first = asker.take("127.0.0.1").result(5)
    second = asker.take("127.0.0.1")
    other = asker.take("localhost").result(5)
    assert waits(second)
    asker.pool.give_back(first, keep=True)
    assert second.result(5) is first  # the kept connection, not another one
    asker.pool.give_back(other, keep=False)
    asker.pool.close()


def test_limits_that_change_hold_for_who_waits_already(server: Server) -> None:
    asker = Asker(server, most=2, most_per_host=1)
    taken = [asker.take("127.0.0.1").result(5), asker.take("localhost").result(5)]
    more = [asker.take("127.0.0.1"), asker.take("localhost")]
    assert waits(more[0]) and waits(more[1])
    asker.pool.limit(3, 1)
    assert waits(more[0]) and waits(more[1])  # there is room, but not at these hosts
    asker.pool.limit(3, 2)
    wait(more, 5, FIRST_COMPLETED)
    assert sum(map(waits, more)) == 1
    asker.pool.limit(4, 2)
    taken += [one.result(5) for one in more]
    asker.pool.limit(1, 1)
    last = asker.take("localhost")
    for connection in taken[:3]:
        asker.pool.give_back(connection, keep=False)
    assert waits(last)
    asker.pool.give_back(taken[3], keep=False)
    asker.pool.give_back(last.result(5), keep=False)


def test_whoever_waits_for_room_hears_that_it_should_stop(server: Server) -> None:
    asker = Asker(server, most=1, most_per_host=1)
    first = asker.take("127.0.0.1").result(5)
    second = asker.take("localhost")
    assert waits(second)
    asker.stop.set("Enough.")
    with pytest.raises(Stopped):
        second.result(5)
    asker.pool.give_back(first, keep=False)
