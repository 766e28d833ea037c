import sys

from running import modelyard


def test_a_hook_is_added_listed_tried_and_removed() -> None:
    added = modelyard("hooks", "add", "mine", "--on", "task-done", "--", sys.executable, "-c", "print('it ran')")
    assert added.code == 0, added.err
    assert "mine" in modelyard("hooks", "list").out
    (row,) = modelyard("hooks", "list", "--json").events
    assert row["way"] == "run" and row["on"] == ["task-done"]
    tried = modelyard("hooks", "test", "mine")
    assert tried.code == 0 and "it ran" in tried.out
    assert modelyard("hooks", "remove", "mine").code == 0
    assert modelyard("hooks", "list").out == ""


def test_secrets_are_read_from_stdin_and_never_shown() -> None:
    url = "https://hooks.example/x"
    added = modelyard("hooks", "add", "w", "--on", "task-failed", "--webhook", url, "--signed", stdin="s3cret-s3cret\n")
    assert added.code == 0, added.err
    shown = modelyard("hooks", "list", "--json")
    assert "s3cret" not in shown.out and shown.events[0]["signed"]


def test_an_unknown_event_is_refused_with_the_nearest_name() -> None:
    refused = modelyard("hooks", "add", "x", "--on", "task-dine", "--", "true")
    assert refused.code == 2 and "task-done" in refused.err
    assert "queue-empty" in modelyard("hooks", "list", "--events").out


def test_a_hook_that_fails_ends_with_its_own_code() -> None:
    modelyard("hooks", "add", "bad", "--on", "task-done", "--", sys.executable, "-c", "raise SystemExit(3)")
    tried = modelyard("hooks", "test", "bad")
    assert tried.code == 1 and "hook-failed" in tried.err
