"""What every test may rely on: an own data folder, nothing beyond loopback, a seed that is told."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from fitting import events_fit  # noqa: F401  # a fixture that looks at what every test publishes
from modelyard.testing import PracticeHub
from postgres import postgres  # noqa: F401  # a fixture for every test that wants one

SEED = int(os.environ.get("MODELYARD_TEST_SEED", "20261121"))

# The same examples each time, or a build would fail for what it did not change; with a seed named, a fresh search.
# How long a machine takes says nothing of them: others work on its cores.
_PATIENT = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("repeatable", derandomize=True, **_PATIENT)
settings.register_profile("search", derandomize=False, print_blob=True, **_PATIENT)
settings.load_profile("search" if "MODELYARD_TEST_SEED" in os.environ else "repeatable")


def pytest_report_header() -> str:
    """Tell how to repeat this very run."""
    return f"MODELYARD_TEST_SEED={SEED}"


@pytest.fixture(autouse=True)
def _seeded() -> None:
    random.seed(SEED)


@pytest.fixture(autouse=True)
def _only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    real, real_ex = socket.socket.connect, socket.socket.connect_ex

    def check(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not str(address[0]).startswith(
            ("127.", "::1", "localhost")
        ):
            pytest.fail(f"a test tried to leave this machine: {address}")

    def connect(self: socket.socket, address: Any) -> None:
        check(self, address)
        real(self, address)

    def connect_ex(self: socket.socket, address: Any) -> int:  # what our own dialer calls
        check(self, address)
        return real_ex(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket.socket, "connect_ex", connect_ex)


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own; no key or proxy of this machine is seen."""
    folder = tmp_path / "home"
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.endswith(("_TOKEN", "_ENDPOINT", "_API_KEY")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("MODELYARD_HOME", str(folder))
    return folder


@pytest.fixture
def hub() -> Iterator[PracticeHub]:
    """A practice hub of the test's own."""
    with PracticeHub(seed=SEED) as practice:
        yield practice
