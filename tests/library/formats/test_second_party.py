"""Our list of globals against that of others: what picklescan's authors know to be dangerous is not on it."""

from __future__ import annotations

import io

from picklescan.scanner import _unsafe_globals

from library.formats.test_pickles import called
from modelyard.library.formats.pickle_globals import KNOWN
from modelyard.library.formats.pickled import disassembled, judged


def test_nothing_that_others_know_to_be_dangerous_is_let_through() -> None:
    whole = {module for module, names in _unsafe_globals.items() if names == "*"}
    single = {(module, name) for module, names in _unsafe_globals.items() if names != "*" for name in names}
    assert len(whole) > 30 and len(single) > 10
    assert not {(module, name) for module, name in KNOWN if (module, name) in single or module in whole}
    for module, name in sorted(single | {(module, "anything") for module in whole}):
        stack, problem = disassembled(io.BytesIO(called(module, name)))
        assert problem is None
        assert list(judged(stack.globals)), (module, name)
