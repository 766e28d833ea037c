"""Which findings about a file mean that loading it may run code; the codes are those of its readers."""

from __future__ import annotations

RUNS_CODE = frozenset(("unsafe-pickle", "holds-code", "bad-pickle"))
"""Could run code when it is loaded; a pickle that cannot be followed to its end counts."""

SEALED = frozenset(("bad-archive", "encrypted", "holds-archive"))
"""Nobody could look inside: damage in what is known, a reason for quarantine in what has just arrived."""
