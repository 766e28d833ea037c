"""Who holds a data folder is told as what it is: a service, or another command."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from modelyard.errors import Busy
from modelyard.server.folder import Note, held, leave_note


@pytest.mark.parametrize(("served", "words"), [(True, "A service runs on"), (False, "Another command works on")])
def test_who_holds_the_folder_is_told(tmp_path: Path, served: bool, words: str) -> None:
    taken, free = threading.Event(), threading.Event()

    def hold() -> None:
        with held(tmp_path):
            taken.set()
            free.wait(20)

    leave_note(tmp_path, Note(os.getpid() if served else 1, "http://127.0.0.1:1/", "", "1"))  # else a stale one
    holder = threading.Thread(target=hold)
    holder.start()
    assert taken.wait(20)
    with pytest.raises(Busy, match=words) as told, held(tmp_path):
        pass
    free.set()
    holder.join()
    assert ("modelyard page" in told.value.hint) == served
