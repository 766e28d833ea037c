"""Hubs that talk to the practice hub through the real network code, with a clock that does not wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from modelyard.hubs.registry import Hubs
from modelyard.keys.chain import Keys
from modelyard.keys.places import Environment
from modelyard.net.client import Client
from modelyard.net.dial import Dialer, Timeouts
from modelyard.net.guard import Guard
from modelyard.net.hub_api import HubApi
from modelyard.net.manners import Manners
from modelyard.net.pool import Pool
from modelyard.net.proxies import Proxies
from modelyard.net.retry import RetryPolicy
from modelyard.net.stop import Clock, Stop
from modelyard.testing import PracticeHub


class Unhurried(Clock):
    """Waiting takes no time; it is only remembered."""

    def __init__(self) -> None:
        super().__init__()
        self.waited = 0.0

    def now(self) -> float:
        return super().now() + getattr(self, "waited", 0.0)

    def wait(self, seconds: float, stop: Stop) -> None:
        self.waited += seconds
        stop.check()


@pytest.fixture(scope="session")
def _running() -> Iterator[PracticeHub]:
    with PracticeHub() as practice:
        yield practice


@pytest.fixture
def practice(_running: PracticeHub) -> PracticeHub:
    _running.reset()
    return _running


Ask = Callable[..., Hubs]


@pytest.fixture
def ask(practice: PracticeHub, tmp_path: Path) -> Iterator[Ask]:
    """Makes the hubs, with keys given as environment variables: ``ask(HF_TOKEN="hf_good")``."""
    pools: list[Pool] = []

    def make(**env: str) -> Hubs:
        env = practice.env() | env
        keys = Keys([], [Environment(env)])
        pool = Pool(Dialer(Guard(allow_private=True), Proxies(None, {}), Timeouts()), most=8, most_per_host=8)
        pools.append(pool)
        clock = Unhurried()
        api = HubApi(
            Client(pool, keys.headers_for, "modelyard/test"),
            keys.headers_for,
            policy=RetryPolicy(retries=2, jitter=False),
            manners=Manners(clock),
            clock=clock,
            stop=Stop(),
        )
        hubs = Hubs(api, env, keyed=keys.has, plugins=False)
        for hub in hubs:
            keys.learn(hub.realm)
        return hubs

    yield make
    for pool in pools:
        pool.close()
