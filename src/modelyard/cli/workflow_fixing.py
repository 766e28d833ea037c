"""`modelyard workflow fix`: the changed workflow is written beside the old one; nothing is ever replaced unasked."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from modelyard.cli.telling import Teller
from modelyard.cli.workflow_files import LARGEST, Found
from modelyard.cli.workflow_saving import Read, create, read, replace
from modelyard.jobs.workflows.renames import renames_of
from modelyard.jobs.workflows.resolving import Resolver
from modelyard.programs.workflows.fixing import rewrite
from modelyard.programs.workflows.references import Workflow


@dataclass(frozen=True, slots=True)
class Fixing:
    """Fixes workflows.

    Attributes:
        output: A file, ``-`` for stdout, or empty for a file beside each.
        in_place: Change the files themselves; each old one is kept.
    """

    resolver: Resolver
    teller: Teller
    output: str = ""
    in_place: bool = False

    def fix(self, found: Found, workflow: Workflow) -> None:
        """Fix one workflow, and say what was renamed.

        Raises:
            NoWorkflow, NotSupported: Its names cannot be changed.
            TargetExists: Another file stands where the changed one would go, or the file was changed meanwhile.
            DiskError: It cannot be read or written.
        """
        plan = self.resolver.plan(workflow.needed)
        renames = renames_of(plan.models)
        left = [model.name for model in plan.models if model.state not in ("here", "renamed")]
        was = Read(found.raw) if found.raw is not None else read(found.path, LARGEST)
        raw = was.raw
        changed = rewrite(raw, renames) if renames else raw
        target = self._target(found)
        if target is None:
            sys.stdout.buffer.write(changed)
            sys.stdout.buffer.flush()
        elif changed != raw:
            self._save(target, was, changed)
        told = [{"name": name, "directory": folder, "now": new} for (name, folder), new in renames.items()]
        written = str(target) if target is not None and changed != raw else ""
        if target is None:
            return
        self.teller.data({"file": found.shown, "renamed": told, "output": written, "missing": left})
        for one in told:
            self.teller.result(f"{found.shown}: {one['name']} is now {one['now']}")
        self.teller.result(f"{found.shown}: {'written to ' + written if written else 'nothing to rename'}")
        for name in left:
            self.teller.note(f"  not here: {name}")

    def _target(self, found: Found) -> Path | None:
        """Where the changed workflow goes; None is stdout."""
        if self.output == "-" or (found.raw is not None and not self.output):
            return None
        if self.output:
            return Path(self.output)
        if self.in_place:
            return found.path.resolve()  # a link stays one
        return found.path.with_name(f"{found.path.stem}.fixed{found.path.suffix}")

    def _save(self, target: Path, was: Read, changed: bytes) -> None:
        if self.in_place:
            replace(target, was, changed)
        else:
            create(target, changed, was.found)
