"""What keeps the service's house."""

from __future__ import annotations

import gc

from modelyard.server.working import settle


class Ring:
    """Garbage that only a look at all objects finds."""

    def __init__(self) -> None:
        self.ring = self


def rings() -> int:
    return sum(isinstance(one, Ring) for one in gc.get_objects())


def test_what_stands_is_no_longer_gone_through_and_what_fell_meanwhile_is_thrown_away() -> None:
    try:
        settle()
        assert gc.get_freeze_count() > 1000 > len(gc.get_objects())
        gc.disable()
        Ring()
        gc.freeze()
        assert rings() == 0  # it is not looked at any more
        gc.unfreeze()
        assert rings() == 1
        gc.freeze()
        settle()
        gc.unfreeze()
        assert rings() == 0
    finally:
        gc.enable()
        gc.unfreeze()
