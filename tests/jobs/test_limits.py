"""A limit that changes in the settings holds for what runs already."""

import datetime as dt
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from modelyard.app import App
from modelyard.errors import BadValue
from modelyard.jobs.download import Download
from modelyard.jobs.wish import Wish
from modelyard.net.stop import Clock
from modelyard.settings import Settings
from modelyard.testing import PracticeHub


def test_limits_follow_the_settings_while_the_app_runs() -> None:
    with App(os.environ) as app:
        app.settings.change("limit.total", "5MB/s")
        app.settings.change("limit.civitai", "1MB/s")
        assert (app.limits[""].rate, app.limits["civitai"].rate, app.limits["web"].rate) == (5_000_000, 1_000_000, None)
        app.settings.change("limit.schedule", "mon-sun 00:00-24:00 2MB/s")
        assert app.limits[""].rate == 2_000_000
        app.settings.reset()
        assert app.limits[""].rate is None and app.limits["civitai"].rate is None


def test_what_another_process_sets_is_taken_up_at_the_next_look(data_folder: Path) -> None:
    with App(os.environ) as app:
        Settings(data_folder, {}).set("connections.total", "3")
        Settings(data_folder, {}).set("connections.per-host", "2")
        app.settings.look_again()
        assert (app.pool._most, app.pool._most_per_host) == (3, 2)


def test_a_variable_that_wins_keeps_its_limit() -> None:
    with App({**os.environ, "MODELYARD_LIMIT_TOTAL": "7MB/s"}) as app:
        app.settings.change("limit.total", "5MB/s")
        assert app.limits[""].rate == 7_000_000


def test_an_app_does_not_start_with_a_variable_that_cannot_be_read() -> None:
    with pytest.raises(BadValue, match="MODELYARD_TASKS_QUIET"):
        App({**os.environ, "MODELYARD_TASKS_QUIET": "sometimes"})


def test_a_closed_app_hears_no_more_changes() -> None:
    app = App(os.environ)
    app.close()
    app.settings.change("limit.total", "5MB/s")
    assert app.limits[""].rate is None


class Week(Clock):
    """A clock whose time of day the test sets; what measures spans goes on."""

    def __init__(self, text: str) -> None:
        self.set(text)

    def set(self, text: str) -> None:
        """Make it that hour now."""
        hour, minute = map(int, text.split(":"))
        day = dt.datetime.now().replace(hour=hour, minute=minute, second=30)
        self.ahead = day.timestamp() - super().wall()

    def wall(self) -> float:
        return super().wall() + self.ahead


def reached(download: Download, running: threading.Thread, true: Callable[[int], bool]) -> None:
    """Wait until so many bytes came."""
    while running.is_alive():
        if any(true(one.received) for one in download.snapshots()):
            return
        download.stop.wait(0.01)
    pytest.fail("it ended before")


def test_a_transfer_crosses_the_borders_of_the_schedule_while_it_runs(hub: PracticeHub, tmp_path: Path) -> None:
    """By day 200 kB/s, by night as fast as it comes, by day again: 24 MB would take two minutes at the day's rate."""
    size, slow, clock = 24_000_000, 200_000, Week("17:58")
    url = hub.add_file("m.bin", size)
    flags = {"limit.schedule": "mon-sun 08:00-18:00 200KB/s", "limit.total": "12MB/s", "connections.per-file": "4"}
    with App({**os.environ, **hub.env()}, flags=flags, clock=clock) as app:
        download = app.download(Wish([url], f"{tmp_path}/out/"))
        running = threading.Thread(target=download.run, args=(download.plan(),))
        running.start()
        begun = clock.now()
        reached(download, running, lambda count: count > slow)
        (before,) = download.snapshots()
        assert before.received <= 1.1 * slow * (clock.now() - begun) + 4 * 2**20

        clock.set("18:00")
        turned = clock.now()
        reached(download, running, lambda count: count > before.received + 8_000_000)
        assert clock.now() - turned < 8  # 40 s at the day's rate

        clock.set("08:00")
        reached(download, running, lambda _: app.limits[""].rate == slow)
        (before,), turned = download.snapshots(), clock.now()
        reached(download, running, lambda count: count > before.received + slow)
        (after,) = download.snapshots()
        assert after.received - before.received <= 1.1 * slow * (clock.now() - turned) + 4 * slow * 0.05 + 2**18

        clock.set("18:00")
        running.join(60)
    (outcome,) = download.outcomes
    assert outcome.error is None and outcome.size == size == (tmp_path / "out/m.bin").stat().st_size
