import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from modelyard.engine.hold import hold
from modelyard.errors import Busy
from modelyard.net.stop import Clock, Stop

HOLDER = """
import sys
from pathlib import Path
from modelyard.engine.hold import hold
from modelyard.net.stop import Clock, Stop
if sys.argv[2] == "lying":
    import fcntl; fcntl.flock = lambda *_: None
with hold(Path(sys.argv[1]), Clock(), Stop(), lambda: None):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / ".model.x.part"


def other(part: Path, how: str = "honest") -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(part), how], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout and process.stdout.readline() == "held\n"
    return process


def test_one_process_holds_a_part_and_the_other_is_told(part: Path) -> None:
    holder = other(part)
    with pytest.raises(Busy), hold(part, Clock(), Stop(), lambda: None, patient=False):
        pass
    holder.communicate()
    with hold(part, Clock(), Stop(), lambda: None, patient=False) as ours:
        assert ours.still_ours()


def test_a_killed_holder_leaves_the_part_free(part: Path) -> None:
    holder = other(part)
    holder.kill()
    holder.communicate()
    with hold(part, Clock(), Stop(), lambda: None, patient=False) as ours:
        assert ours.still_ours()


def test_where_locks_lie_the_living_owner_is_believed(part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not hasattr(os, "setxattr"):
        pytest.skip("no extended attributes here")
    holder = other(part, "lying")
    monkeypatch.setattr(fcntl, "flock", lambda *_: None)
    with pytest.raises(Busy), hold(part, Clock(), Stop(), lambda: None, patient=False):
        pass
    holder.communicate()
    with hold(part, Clock(), Stop(), lambda: None, patient=False):
        pass


def test_a_part_that_is_a_link_is_refused(part: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    part.symlink_to(victim)
    with pytest.raises(Exception, match="model"), hold(part, Clock(), Stop(), lambda: None):
        pass
    assert victim.read_bytes() == b"precious"
