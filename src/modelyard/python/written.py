"""The library written down: a lockfile for another machine, a backup of what only this one knows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelyard.app import App
from modelyard.errors import YardError
from modelyard.python.access import Access
from modelyard.python.available import Begin
from modelyard.python.questions import asked

if TYPE_CHECKING:
    from modelyard.jobs.backup.restoring import Restored
    from modelyard.jobs.lockfile import Verdict
    from modelyard.python.transfers import Model


@dataclass(frozen=True, slots=True)
class Synced:
    """What a lockfile's files are here.

    Attributes:
        files: As they were found.
        fetched: Files that came now.
        left: Files that are not here: nobody offers them, they have no root to go to, other bytes stand there, or
            they cannot be fetched (`reason`). Without `apply` all that is missing.
    """

    files: list[Verdict]
    fetched: list[Model]
    left: list[Verdict]

    @property
    def complete(self) -> bool:
        """Whether the very bytes of every file are here now; each that was missing was either fetched or is left."""
        return not self.left and all(one.state in ("here", "missing") for one in self.files)


class Written(Access):
    """Writes files that tell of the library, and reads them."""

    def __init__(self, app: App, begin: Begin) -> None:
        super().__init__(app)
        self._begin = begin

    def export(self, file: str | Path, text: str = "", **chosen: Any) -> None:
        """Write the models that fit into a lockfile: hashes, places, addresses, licences; see `models`.

        Raises:
            BadValue: These are more than a lockfile holds.
            TargetExists: Something that is no lockfile stands there.
            DiskError: The disk says no; what stood there stays.
        """
        from modelyard.jobs.lockfile import export_json
        from modelyard.jobs.saving import LOCKFILE, save

        save(Path(file).expanduser().absolute(), export_json(self._app.stock, asked(text, chosen)), LOCKFILE)

    def sync(self, file: str | Path, *, apply: bool = False) -> Synced:
        """Compare a lockfile with what is here; with `apply` fetch what is missing to where it belongs.

        What lies here already stays, whatever its bytes are. A stranger may have written the lockfile: its addresses
        lead to no inner server and bring no key, and only models are written, into their roots. A file that fails
        does not stop the others; those that came are in the catalogue at once.

        Raises:
            BadValue: It is no lockfile.
            UnsafePath: It names a place outside of the roots.
            Busy: A service runs; the files are there, and it lists them.
        """
        from modelyard.jobs.lockfile import check, fetchable, read_lock, wish_of
        from modelyard.jobs.scan import Scan

        found = check(self._app.stock, read_lock(Path(file).expanduser().read_bytes()))
        if not apply:
            return Synced(found, [], [one for one in found if one.state in ("missing", "differs")])
        wanted, left = fetchable(self._app.stock, found)
        fetched: list[Model] = []
        for one in wanted:
            try:
                fetched += self._begin(wish_of(self._app.stock, one)).wait()
            except YardError as error:
                left.append(_because(one, error.message))
        if fetched:
            with self._alone():
                Scan(self._app.stock, self._app.stop).files(str(model.path) for model in fetched)
        return Synced(found, fetched, left)

    def backup(self, file: str | Path) -> int:
        """Write down what no disk and no hub would tell again, without any key; gives the bytes of the file.

        Raises:
            TargetExists: Something that is no backup stands there.
            DiskError: The disk says no; what stood there stays.
        """
        from modelyard.jobs.backup.writing import backup_json
        from modelyard.jobs.saving import BACKUP, save

        return save(Path(file).expanduser().absolute(), backup_json(self._app.holdings()), BACKUP)

    def restore(self, file: str | Path, *, instead: bool = False, dry_run: bool = False) -> Restored:
        """Take a backup back: gaps are filled, nothing that is here is lost, twice is the same as once.

        Args:
            instead: Where both have words, a setting or a profile, the backup's stand.
            dry_run: Change nothing, tell what would be.

        Raises:
            BadValue, UnsafePath: It is no backup; nothing was changed.
        """
        from modelyard.jobs.backup.form import read_backup
        from modelyard.jobs.backup.restoring import restore

        data = Path(file).expanduser().read_bytes()
        with self._alone():
            return restore(self._app.holdings(), read_backup(data), instead=instead, dry_run=dry_run)


def _because(one: Verdict, reason: str) -> Verdict:
    import msgspec

    return msgspec.structs.replace(one, reason=reason)
