"""The catalogue: every model on the disks, kept by scans, read by everybody. One writer, as in the queue."""

from __future__ import annotations

from modelyard.catalogue.caring import Caring
from modelyard.catalogue.looking import Looking
from modelyard.catalogue.recalling import Recalling
from modelyard.catalogue.writing import Writing


class Catalogue(Looking, Writing, Caring, Recalling):
    """The models of one database.

    What is asked of it stands in `looking.py`, what is written into it in `writing.py`, what the work on models
    asks and writes in `caring.py`, and what a backup takes and gives back in `recalling.py`. The SQL of each is in
    the module that is named after it.
    """
