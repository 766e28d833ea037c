"""`modelyard workflow fix`: the changed workflow is written beside the old one; nothing is ever replaced unasked."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from modelyard.cli.telling import Teller
from modelyard.cli.workflow_files import LARGEST, Found
from modelyard.cli.workflow_saving import Read, create, read, replace
from modelyard.jobs.workflows.fixed import Fixed, fixed
from modelyard.jobs.workflows.plan import READY, PlannedModel
from modelyard.programs.workflows.references import Workflow


class Fixing(msgspec.Struct, frozen=True):
    """Fixes workflows.

    Attributes:
        output: A file, ``-`` for stdout, or empty for a file beside each.
        in_place: Change the files themselves; each old one is kept.
    """

    teller: Teller
    output: str = ""
    in_place: bool = False

    def fix(self, found: Found, workflow: Workflow, models: Sequence[PlannedModel]) -> bool:
        """Fix one workflow, and say what was renamed.

        Args:
            models: What its models are here, in the order of `workflow.needed`.

        Returns:
            Whether every name that should be another one is.

        Raises:
            NoWorkflow, NotSupported: Its names cannot be changed.
            TargetExists: Another file stands where the changed one would go, or the file was changed meanwhile.
            DiskError: It cannot be read or written.
        """
        was = Read(found.raw) if found.raw is not None else read(found.path, LARGEST)
        made = fixed(was.raw, workflow.needed, models)
        target = self._target(found)
        if target is None:
            sys.stdout.buffer.write(made.raw)
            sys.stdout.buffer.flush()
        elif made.raw != was.raw:
            self._save(target, was, made.raw)
        written = "" if made.raw == was.raw else str(target)
        self._tell(found, made, None if target is None else written, _missing(models))
        return not made.left

    def _tell(self, found: Found, made: Fixed, written: str | None, missing: list[str]) -> None:
        """Say what happened; where stdout is the workflow's, only what is wrong."""
        if written is not None:
            told = [{"name": name, "directory": folder, "now": new} for (name, folder), new in made.renamed.items()]
            left = [{"name": name, "directory": folder} for name, folder in made.left]
            data = {"file": found.shown, "renamed": told, "left": left, "output": written, "missing": missing}
            self.teller.data(data)
            for one in told:
                self.teller.result(f"{found.shown}: {one['name']} is now {one['now']}")
            nothing = "nothing could be renamed" if left else "nothing to rename"
            self.teller.result(f"{found.shown}: {'written to ' + written if written else nothing}")
            for name in missing:
                self.teller.note(f"  not here: {name}")
        for name, _ in made.left:
            self.teller.note(f"  still {name}: it stands where names cannot be changed")

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


def _missing(models: Sequence[PlannedModel]) -> list[str]:
    return [model.name for model in models if model.state not in READY]
