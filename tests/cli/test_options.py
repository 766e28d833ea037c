"""What several commands share."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

from modelyard.cli.options import interruptible


class Ending:
    """Something whose destructor is what Ctrl-C interrupts: Python drops the exception there."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        sum(range(10))  # the signal is handled between two steps


def drop_one() -> None:
    """A loop whose first turn loses an interrupt."""
    with interruptible() as check:
        check()
        Ending()
        check()
        pytest.fail("it was not heard")


def be_interrupted() -> None:
    """A block that Ctrl-C ends."""
    with interruptible():
        os.kill(os.getpid(), signal.SIGINT)
        pytest.fail("it went on")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("block", [drop_one, be_interrupted])
def test_ctrl_c_ends_a_block_even_where_python_drops_it(block: Callable[[], None]) -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        block()
    assert signal.getsignal(signal.SIGINT) is before
