"""A limit that changes in the settings holds for what runs already."""

import os
from pathlib import Path

import pytest

from modelyard.app import App
from modelyard.errors import BadValue
from modelyard.settings import Settings


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
