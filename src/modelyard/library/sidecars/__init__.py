"""Small files beside a model in which tools keep what they know of it; one file per tool here (field.md 2a).

`read_all` reads every tool's and merges them, `write` writes the chosen ones without losing what others
wrote, `sidecars_of` tells which files must move with a model.
"""

from modelyard.library.sidecars.belonging import Belonging, renamed, sidecars_of
from modelyard.library.sidecars.merging import Found, Problem
from modelyard.library.sidecars.reading import FORMS, read_all
from modelyard.library.sidecars.writing import WRITABLE, Written, write

__all__ = [
    "FORMS",
    "WRITABLE",
    "Belonging",
    "Found",
    "Problem",
    "Written",
    "read_all",
    "renamed",
    "sidecars_of",
    "write",
]
