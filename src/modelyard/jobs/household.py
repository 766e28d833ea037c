"""Every chore of the library, by name."""

from __future__ import annotations

from typing import Any

from modelyard.jobs.checking import VERIFY
from modelyard.jobs.chores import Chore
from modelyard.jobs.dedupe import DEDUPE
from modelyard.jobs.importing import IMPORT
from modelyard.jobs.lending.lend import LINK
from modelyard.jobs.measuring import MEASURE
from modelyard.jobs.moving import MOVE
from modelyard.jobs.refresh import REFRESH
from modelyard.jobs.scan import SCAN
from modelyard.jobs.upkeep import UPKEEP
from modelyard.jobs.versions import VERSIONS

CHORES: dict[str, Chore[Any]] = {
    chore.name: chore for chore in (SCAN, MEASURE, VERIFY, REFRESH, UPKEEP, VERSIONS, MOVE, DEDUPE, IMPORT, LINK)
}
"""What the queue can run beside downloads."""

PERIODIC: dict[str, Chore[Any]] = {chore.name: chore for chore in (SCAN, REFRESH, VERIFY, VERSIONS)}
"""What may come again and again, and be brought back by a backup: none of them moves, lends or removes a file."""
