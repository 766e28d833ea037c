"""`modelyard workflow fix`: the changed workflow is written beside the old one; nothing is ever replaced unasked."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from modelyard.cli.telling import Teller
from modelyard.cli.workflow_files import LARGEST, Found
from modelyard.engine.landing import sync_folder
from modelyard.errors import NoWorkflow, TargetExists
from modelyard.jobs.workflows.renames import renames_of
from modelyard.jobs.workflows.resolving import Resolver
from modelyard.programs.workflows.fixing import rewrite
from modelyard.programs.workflows.references import Workflow
from modelyard.store.disk_gate import disk_errors


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
            TargetExists: Another file stands where the changed one would go.
            DiskError: It cannot be read or written.
        """
        plan = self.resolver.plan(workflow.needed)
        renames = renames_of(plan.models)
        left = [model.name for model in plan.models if model.state not in ("here", "renamed")]
        raw = _read(found)
        changed = rewrite(raw, renames) if renames else raw
        target = self._target(found)
        if target is None:
            sys.stdout.buffer.write(changed)
            sys.stdout.buffer.flush()
        elif changed != raw:
            self._save(target, raw, changed)
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

    def _save(self, target: Path, raw: bytes, changed: bytes) -> None:
        if not self.in_place:
            _create(target, changed)
            return
        _create(_free_name(target), raw)
        temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        _create(temporary, changed)
        with disk_errors(target):
            temporary.chmod(target.stat().st_mode & 0o7777)
            temporary.replace(target)
            sync_folder(target.parent)


def _read(found: Found) -> bytes:
    """The whole file.

    Raises:
        NoWorkflow: It is larger than any workflow.
    """
    if found.raw is not None:
        return found.raw
    with disk_errors(found.path), found.path.open("rb") as file:
        raw = file.read(LARGEST + 1)
    if len(raw) > LARGEST:
        raise NoWorkflow("It is too large to be changed.", hint="Save the workflow as JSON, and fix that.")
    return raw


def _create(path: Path, data: bytes) -> None:
    """Write a new file, durably.

    Raises:
        TargetExists: Another file has the name.
    """
    with disk_errors(path):
        try:
            with path.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except FileExistsError as error:
            if path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data:
                return  # it was fixed before
            raise TargetExists(f"{path} exists already.", hint="Name another one with --output.") from error
        sync_folder(path.parent)


def _free_name(path: Path) -> Path:
    """The first of NAME.bak, NAME.bak1 … that is free."""
    numbers = ("", *map(str, range(1, 1000)))
    return next(each for number in numbers if not (each := path.with_name(f"{path.name}.bak{number}")).exists())
