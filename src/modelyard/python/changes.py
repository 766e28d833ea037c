"""What a Python program can do with models; no service may run on the same data folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelyard.errors import BadValue
from modelyard.python.access import Access, OnStep, Which

if TYPE_CHECKING:
    from modelyard.jobs.manifests import InTrash
    from modelyard.jobs.moving import Outcome


class Changes(Access):
    """Changes models, never without a way back."""

    def change(
        self,
        model: Which,
        *,
        title: str | None = None,
        notes: str | None = None,
        favourite: bool | None = None,
        rating: int | None = None,
        tags: Sequence[str] | None = None,
        group: str | None = None,
    ) -> tuple[str, ...]:
        """Write what its owner says of a model, into the catalogue and beside the model; None stays as it was.

        Args:
            rating: 1 to 5; 0 takes it away.
            tags: All own tags, in place of those before.

        Returns:
            Why some of it is in the catalogue only, in words; none when all of it is beside the model, too.

        Raises:
            NoSuchModel: It is not in the catalogue.
            BadValue: A value that cannot be.
        """
        import msgspec

        from modelyard.jobs.owning import Change, change_own

        said = {"title": title, "notes": notes, "favourite": favourite, "rating": rating, "group": group, "tags": tags}
        try:
            change = msgspec.convert({name: value for name, value in said.items() if value is not None}, Change)
        except msgspec.ValidationError as error:
            raise BadValue(f"change: {error}.") from error
        with self._alone():
            return change_own(self._app.stock, self._number(model), change)

    def tag(self, *models: Which, add: Sequence[str] = (), remove: Sequence[str] = ()) -> tuple[str, ...]:
        """Add own tags to models, and take some away; gives what `change` gives."""
        from modelyard.jobs.owning import change_tags

        with self._alone():
            return change_tags(self._app.stock, [self._number(model) for model in models], add, remove)

    def used(self, *paths: str | Path, at: float | None = None) -> int:
        """Tell that models were used; gives how many of them are known.

        Args:
            at: Seconds since 1970; now by default.
        """
        from modelyard.jobs.owning import report_uses

        told = [{"path": str(Path(path).expanduser().absolute()), "at": at} for path in paths]
        with self._alone():
            return report_uses(self._app.stock, told)

    def rename(self, model: Which, name: str) -> Path:
        """Give a model another name in its folder, with all that belongs to it; gives its new path.

        Raises:
            TargetExists: A file of that name stands there; nothing was changed.
            UnsafePath, NoSuchModel, ReadOnlyDisk, Busy: It cannot be renamed; all is as it was.
        """
        from modelyard.jobs.moving import rename

        with self._alone():
            return Path(rename(self._app.stock, self._number(model), name))

    def move(
        self,
        *models: Which,
        root: str | Path = "",
        folder: str = "",
        index: int = 0,
        sub: str = "",
        on_step: OnStep | None = None,
    ) -> list[Outcome]:
        """Take models to a root, on another disk by proven copies; tells what became of each.

        Args:
            root: Path of a root; or `folder` and `index` as ComfyUI numbers them.
            sub: Folder below the root, with `/`; made when it is missing.

        Raises:
            NoSuchRoot, BadValue: Nowhere to go to; nothing was moved.
        """
        import msgspec

        from modelyard.jobs.moving import Outcome

        place = str(Path(root).expanduser().absolute()) if root else ""
        said = {"ids": [self._number(model) for model in models], "root": place, "folder": folder, "index": index}
        told = self._do("move", said | {"sub": sub}, on_step)
        return msgspec.convert(told["results"], list[Outcome])

    def trash(self, model: Which) -> InTrash:
        """Move a model and all that belongs to it into the trash of its root.

        Raises:
            NoSuchModel, NoSuchFile, UnsafePath, ReadOnlyDisk, Busy: It cannot be moved; all is as it was.
        """
        from modelyard.jobs.trash import put_away

        with self._alone():
            return put_away(self._app.stock, self._number(model))

    def undo(self, entry: str) -> Path:
        """Put a model of the trash, by the `id` of its entry, back where it lay; gives its path.

        Raises:
            NotInTrash: There is no such entry.
            TargetExists: Something stands there now; nothing was moved.
        """
        from modelyard.jobs.trash import put_back

        with self._alone():
            return Path(put_back(self._app.stock, entry))

    def empty_trash(
        self, *entries: str, everything: bool = False, older_than: float = 0, dry_run: bool = False
    ) -> list[InTrash]:
        """Remove what lies in the trash for ever; gives what that is. Of no entries nothing is removed.

        Args:
            entries: Only these.
            everything: All, without naming any.
            older_than: Only what lies there for more days: of these entries, or of all when none is named.
            dry_run: Only tell.
        """
        from modelyard.jobs.trash import empty
        from modelyard.values.week import DAY

        with self._alone():
            chosen = None if everything or (older_than > 0 and not entries) else entries
            return empty(self._app.stock, chosen, older_than * DAY, dry_run=dry_run)

    def dedupe(self, *sha256: str, everything: bool = False, on_step: OnStep | None = None) -> Mapping[str, Any]:
        """Let equal files share one place on the disk, after both were read and compared; every name stays.

        Args:
            sha256: Only these groups of `duplicates`.
            everything: All, without naming any.

        Raises:
            BadValue: Neither was said.
        """
        if not (sha256 or everything):
            raise BadValue("No duplicates were named.", hint="All of them: `dedupe(everything=True)`.")
        return self._do("dedupe", {} if everything else {"sha256": sha256}, on_step)

    def look_for_versions(
        self, *models: Which, any_base: bool = False, on_step: OnStep | None = None
    ) -> Mapping[str, Any]:
        """Ask hubs whether there are newer versions of models, or of all; `newer` lists them.

        Args:
            any_base: Also versions for another base model.
        """
        said = {"ids": [self._number(model) for model in models], "any_base": any_base}
        return self._do("versions", said, on_step)

    def ignore(self, model: Which, version: str = "*", *, on: bool = True) -> None:
        """Hear no more of a newer version, or of every one that is known now; `on=False` hears of it again.

        Raises:
            NoSuchModel: It is not in the catalogue.
        """
        catalogue = self._app.stock.catalogue
        with self._alone():
            catalogue.ignore_version(catalogue.get(self._number(model)).id, version, on=on)
