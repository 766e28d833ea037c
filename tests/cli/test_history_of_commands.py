"""What `modelyard get` fetches by itself is in history and statistics, whoever asks, once."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from cli.test_queue_commands import folder, rows, until
from modelyard.jobs import logbook
from modelyard.server.client import Client
from modelyard.testing import PracticeHub
from running import modelyard

__all__ = ["folder"]
SIZE = 2**20 + 3


def history(*more: str) -> list[dict[str, Any]]:
    return rows(modelyard("history", "--json", *more))


@pytest.mark.usefixtures("folder")
def test_a_file_that_a_command_fetched_is_in_history_with_size_and_proof(hub: PracticeHub, tmp_path: Path) -> None:
    hub.hf.add_repo("me/model", {"a.safetensors": SIZE})
    ran = modelyard("get", "hf:me/model/a.safetensors", "--to", f"{tmp_path}/new/", env=hub.env())
    assert ran.code == 0, ran.err
    (task,) = history()
    assert (task["state"], task["title"], task["size"], task["hub"]) == ("done", "a.safetensors", SIZE, "huggingface")
    assert task["received"] >= SIZE
    assert task["result"]["files"][0]["verified"]
    steps = rows(modelyard("queue", "show", str(task["id"]), "--json"))[0]["steps"]
    assert [step["after"] for step in steps] == ["queued", "done"]
    assert task["created"] == steps[0]["at"] <= steps[1]["at"] == task["ended"]
    assert rows(modelyard("stats", "--json"))[0]["done"] == 1
    day = next(line for line in modelyard("stats").out.splitlines() if "huggingface" in line)
    assert "download" in day and "/s" in day
    assert [each["id"] for each in history()] == [task["id"]], "asking again takes nothing in twice"


@pytest.mark.usefixtures("folder")
def test_a_whole_model_is_one_entry_and_what_is_here_is_none(hub: PracticeHub, tmp_path: Path) -> None:
    hub.hf.add_repo("me/model", {"a.safetensors": 5000, "sub/b.safetensors": 6000})
    for _ in range(2):
        assert modelyard("get", "hf:me/model", "--to", f"{tmp_path}/new/", env=hub.env()).code == 0
    (task,) = history()
    assert (task["size"], len(task["result"]["files"])) == (11_000, 2)


@pytest.mark.usefixtures("folder")
def test_a_failure_is_told_with_its_reason_and_done_again_from_history(hub: PracticeHub, tmp_path: Path) -> None:
    url = hub.add_file("m.safetensors", SIZE)
    wrong = modelyard("get", url, "--to", f"{tmp_path}/", "--sha256", "0" * 64)
    assert wrong.code != 0
    (task,) = history("--state", "failed")
    assert task["error"]["code"] == "hash-differs"
    assert modelyard("history", "again", str(task["id"])).code == 0
    (queued,) = rows(modelyard("queue", "--json"))
    assert queued["target"] == str(tmp_path / "m.safetensors")


def test_a_running_service_takes_it_in_by_itself(folder: Path, hub: PracticeHub, tmp_path: Path) -> None:
    url = hub.add_file("first.safetensors", 5000)
    assert modelyard("get", "--detach", url, "--to", f"{tmp_path}/", env=hub.env()).code == 0
    newest = Client(folder).ask("GET", "/api/v1/events?since=0")[1]["newest"]
    url = hub.add_file("second.safetensors", SIZE)
    assert modelyard("get", url, "--to", f"{tmp_path}/").code == 0
    until(lambda: "second.safetensors" in {task["title"] for task in history()})
    until(lambda: {"count": 1} in [event["data"] for event in events(folder, newest) if event["kind"] == "queue.kept"])


def events(folder: Path, since: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = Client(folder).ask("GET", f"/api/v1/events?since={since}")[1]["events"]
    return found


def test_no_key_of_a_link_is_written_down(folder: Path, hub: PracticeHub, tmp_path: Path) -> None:
    url = hub.add_file("m.safetensors", SIZE) + "?token=hf_secretsecretsecretsecret"
    assert modelyard("get", url, "--to", f"{tmp_path}/").code == 0
    raw = (folder / "fetched.jsonl").read_bytes()
    assert raw and b"secretsecret" not in raw
    assert (folder / "fetched.jsonl").stat().st_mode & 0o077 == 0


def test_lines_that_a_full_disk_cut_off_hide_no_others(folder: Path, hub: PracticeHub, tmp_path: Path) -> None:
    for name in ("a.safetensors", "b.safetensors"):
        assert modelyard("get", hub.add_file(name, 5000), "--to", f"{tmp_path}/").code == 0
    book = folder / "fetched.jsonl"
    first, second = book.read_bytes().splitlines()
    book.write_bytes(first + b"\n" + second[:40] + b'\n{"id": 3}\n\xff\n')
    assert [task["title"] for task in history()] == ["a.safetensors"]
    assert book.read_bytes() == b""
    assert not logbook.waits(folder)


def test_what_was_taken_in_before_a_crash_is_not_taken_in_twice(folder: Path, hub: PracticeHub, tmp_path: Path) -> None:
    assert modelyard("get", hub.add_file("a.safetensors", 5000), "--to", f"{tmp_path}/").code == 0
    raw = (folder / "fetched.jsonl").read_bytes()
    assert len(history()) == 1
    (folder / "fetched.jsonl").write_bytes(raw)  # as if the process died between database and file
    assert len(history()) == 1


def test_a_writer_waits_for_who_takes_in_and_loses_nothing(tmp_path: Path) -> None:
    book = tmp_path / "fetched.jsonl"
    book.write_bytes(b"one\n")
    thread = threading.Thread(target=_append, args=(book,))
    with logbook.taken(tmp_path) as raw:
        thread.start()
        thread.join(0.2)
        assert thread.is_alive()
    thread.join()
    assert (raw, book.read_bytes()) == (b"one\n", b"two\n")


def _append(book: Path) -> None:
    with logbook._opened(book, create=True) as descriptor:
        os.write(descriptor, b"two\n")


def test_nothing_is_written_down_where_nothing_was_fetched(folder: Path, hub: PracticeHub, tmp_path: Path) -> None:
    url = hub.add_file("m.safetensors", SIZE)
    assert modelyard("get", url, "--to", f"{tmp_path}/", "--dry-run").code == 0
    assert not (folder / "fetched.jsonl").exists()
    assert json.loads(modelyard("stats", "--json").out)["done"] == 0
