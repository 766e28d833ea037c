"""The catalogue: every model on the disks, kept by scans, read by everybody. One writer, as in the queue."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.catalogue.asking import Asking, beyond, chosen_values, hits, is_narrow, is_words_only
from modelyard.catalogue.cube import Cube
from modelyard.catalogue.doubles import Double, restamp, same_bytes, same_tensors
from modelyard.catalogue.keeping import Stamps, keep, rewrite, stamps, stamps_of
from modelyard.catalogue.measuring import (
    Unmeasured,
    adopt,
    keep_check,
    keep_digests,
    overdue,
    to_verify,
    tried,
    unmeasured,
)
from modelyard.catalogue.model import Entry, FileFacts, Health, Model, model_of
from modelyard.catalogue.moving import WasMoved, away, recognise
from modelyard.catalogue.pages import Order, Page, page
from modelyard.catalogue.refreshing import Learned, Subject, due, learn, subjects
from modelyard.catalogue.relocating import Relocation, relocate
from modelyard.catalogue.space import Idle, Part, ever_used, idle, sums, unused
from modelyard.catalogue.upkeep import Lacks, lacks, mark, marked
from modelyard.catalogue.usage import count_uses, keep_search, made_searches
from modelyard.catalogue.versions import Installed, Newer, ignore, installed, keep_newer, list_newer
from modelyard.catalogue.words import asked_words
from modelyard.errors import NoSuchModel
from modelyard.events.log import EventLog
from modelyard.store.database import Database
from modelyard.store.schema import counters
from modelyard.store.shelves import model_files, model_tags, models, searches
from modelyard.values.about import About, Version
from modelyard.values.identity import Identity

_CHEAP = 0.03
_SHARE = 10
"""Counts that took longer than `_CHEAP` seconds are used for so many times as long while a scan changes everything."""
_CHUNK = 500
_RARE = 8
"""Words that more than one of so many models has are looked for model by model."""


class Facets(msgspec.Struct, frozen=True):
    """How many models fit, their bytes, and how many would fit with each value of each column."""

    total: int
    size: int
    counts: dict[str, dict[str, int]]
    tags: dict[str, int]


class Details(msgspec.Struct, frozen=True):
    """One model with everything that is known of it."""

    model: Model
    identity: Identity
    about: About
    tags: tuple[str, ...]
    own_tags: tuple[str, ...]
    files: tuple[FileView, ...]


class FileView(msgspec.Struct, frozen=True):
    """One file of a model. Digests are measured, empty before."""

    path: str
    main: bool
    size: int
    mtime_ns: int
    inode: int
    sha256: str
    tensors: str
    blake3: str
    crc32: str
    autov1: str


class Kept(msgspec.Struct, frozen=True):
    """What became of what a scan found: the models' ids, which are new or changed, and old and new paths."""

    numbers: list[int]
    added: set[int]
    changed: set[int]
    moved: list[tuple[str, str]]


class Catalogue:
    """The models of one database.

    Args:
        wall: Seconds since 1970.
    """

    def __init__(self, database: Database, events: EventLog, wall: Callable[[], float] = time.time) -> None:
        self.database = database
        self.events = events
        self.wall = wall
        self._lock = threading.Lock()
        self._cube: tuple[int, float, Cube] | None = None

    # --- look -------------------------------------------------------------------------------------

    def page(self, asking: Asking, order: Order = Order()) -> Page:  # noqa: B008  # it is frozen
        """Some models, sorted.

        Raises:
            BadValue: There is no such order, or `after` is no mark of a page.
        """
        with self.database.reading() as db:
            asked, words = chosen_values(asking), asked_words(asking.text)
            known = _hit_count(db, words) if words and db.dialect.name == "sqlite" else None
            cube = self._counted(db)
            window = 0 if asking.gone else cube.window(asked, known, order.most)
            return page(db, asking, order, window=window, common=(known or 0) * _RARE > cube.total)

    def facets(self, asking: Asking, *, tags: bool = False) -> Facets:
        """The counts beside a list."""
        with self.database.reading() as db:
            ids = _ids(db, asking) if is_narrow(asking) else None
            cube = self._counted(db)
            asked = chosen_values(asking)
            total, size, counts = _gone(db, asking) if asking.gone else cube.counts(asked, ids)
            told = {name: {_word(value): number for value, number in found.items()} for name, found in counts.items()}
            return Facets(total, size, told, cube.tags(db, asked, ids) if tags else {})

    def get(self, number: int) -> Model:
        """One model.

        Raises:
            NoSuchModel: There is none.
        """
        with self.database.reading() as db:
            row = db.execute(sa.select(models).where(models.c.id == number)).mappings().one_or_none()
        if row is None:
            raise NoSuchModel(f"There is no model {number}.")
        return model_of(row)

    def at(self, path: str) -> Model:
        """The model that a file, or a folder, belongs to.

        Raises:
            NoSuchModel: The catalogue does not know it.
        """
        with self.database.reading() as db:
            number = db.execute(sa.select(model_files.c.model).where(model_files.c.path == path)).scalar()
            number = number or db.execute(sa.select(models.c.id).where(models.c.path == path)).scalar()
        if number is None:
            raise NoSuchModel(f"{path} is not in the catalogue.")
        return self.get(number)

    def details(self, number: int) -> Details:
        """One model with everything that is known of it.

        Raises:
            NoSuchModel: There is none.
        """
        with self.database.reading() as db:
            row = db.execute(sa.select(models).where(models.c.id == number)).mappings().one_or_none()
            if row is None:
                raise NoSuchModel(f"There is no model {number}.")
            tags = db.execute(sa.select(model_tags).where(model_tags.c.model == number)).all()
        return Details(
            model_of(row),
            msgspec.json.decode(row["identity"], type=Identity),
            msgspec.json.decode(row["about"], type=About),
            tuple(sorted(tag.tag for tag in tags if not tag.own)),
            tuple(sorted(tag.tag for tag in tags if tag.own)),
            self.files(number),
        )

    def files(self, number: int) -> tuple[FileView, ...]:
        """The files of a model, the main one first."""
        query = sa.select(*(model_files.c[name] for name in FileView.__struct_fields__))
        query = query.where(model_files.c.model == number).order_by(model_files.c.main.desc(), model_files.c.path)
        with self.database.reading() as db:
            return tuple(FileView(*row) for row in db.execute(query))

    def files_of(self, numbers: Sequence[int]) -> dict[int, list[FileView]]:
        """The files of some models, each main one first."""
        columns = (model_files.c[name] for name in FileView.__struct_fields__)
        query = sa.select(model_files.c.model, *columns).where(model_files.c.model.in_(numbers))
        found: dict[int, list[FileView]] = {}
        with self.database.reading() as db:
            for number, *told in db.execute(query.order_by(model_files.c.main.desc(), model_files.c.path)):
                found.setdefault(number, []).append(FileView(*told))
        return found

    def with_digest(self, algorithm: str, value: str) -> list[Model]:
        """Models one of whose files has this measured digest, or begins with it."""
        column = model_files.c[
            {"autov2": "sha256", "autov3": "tensors", "tensor-sha256": "tensors"}.get(algorithm, algorithm)
        ]
        low = value.lower()
        query = sa.select(models).join(model_files, model_files.c.model == models.c.id)
        query = query.where(column >= low, column < low + "g", models.c.gone == 0).distinct().limit(1000)
        with self.database.reading() as db:
            return [model_of(row) for row in db.execute(query).mappings()]

    def doubles(self) -> tuple[list[list[Double]], list[list[Double]]]:
        """Files with the same measured bytes, and such whose tensors alone are the same."""
        with self.database.reading() as db:
            return same_bytes(db), same_tensors(db)

    def space(self, since: float) -> tuple[dict[str, list[Part]], Part, bool]:
        """Bytes by kind and so on, those of models not used since then, and whether any use is known."""
        with self.database.reading() as db:
            return sums(db), unused(db, since), ever_used(db)

    def idle(self, since: float, most: int, after: tuple[int, int] | None = None) -> list[Idle]:
        """Models not used since then, the largest first: see `space.idle`."""
        with self.database.reading() as db:
            return idle(db, since, most, after)

    def ever_used(self) -> bool:
        """Whether any program ever told of a use."""
        with self.database.reading() as db:
            return ever_used(db)

    def stamps(self, root: str) -> Stamps:
        """What the catalogue knows of the files below a root, for a scan to compare."""
        with self.database.reading() as db:
            return stamps(db, root)

    def stamps_of(self, folder: str) -> Stamps:
        """What the catalogue knows of the files of one folder."""
        with self.database.reading() as db:
            return stamps_of(db, folder)

    # --- change -----------------------------------------------------------------------------------

    def keep(self, entries: Sequence[Entry]) -> list[int]:
        """What a scan found: new models are added, known ones brought up to date, in one transaction.

        What was measured stays while the stamp of the file is the same; what the owner wrote always stays.

        Returns:
            Their ids, in order.
        """
        with self.database.writing() as db:
            kept, fresh = keep(db, entries, self.wall())
            self.changed(db)
        self._tell("model.added", [number for number in kept if number in fresh])
        self._tell("model.changed", [number for number in kept if number not in fresh])
        return kept

    def keep_found(self, entries: Sequence[Entry], was_moved: WasMoved) -> Kept:
        """As `keep`; a new path whose bytes stood elsewhere, where they are no more, is the same model, moved.

        Args:
            was_moved: Looks at the disk, before the transaction begins.
        """
        with self.database.reading() as db:
            gone = away(db, entries, was_moved)
        with self.database.writing() as db:
            moved = recognise(db, entries, gone)
            numbers, fresh = keep(db, entries, self.wall())
            self.changed(db)
        self._tell("model.added", [number for number in numbers if number in fresh])
        self._tell("model.changed", [number for number in numbers if number not in fresh])
        changed = set(numbers) - fresh - {one.model for one in moved}
        return Kept(numbers, fresh, changed, [one.way for one in moved])

    def measured(
        self,
        found: Mapping[str, Mapping[str, str]],
        at: float,
        proven: Collection[str] = (),
        stamps: Mapping[str, tuple[int, int, int]] | None = None,
    ) -> int:
        """Digests that were measured of files, by path and algorithm; gives how many were written.

        Args:
            proven: Paths whose digests are those that a hub or a person promised.
            stamps: Size, time and inode that each file had while it was read; one that the catalogue knows with
                another stamp is passed over, and so is one that it does not know.
        """
        if not found:
            return 0
        with self.database.writing() as db:
            numbers = keep_digests(db, found, at, proven, stamps)
            self.changed(db)
        self._tell("model.changed", numbers)
        return len(numbers)

    def tried(self, number: int, at: float) -> None:
        """A model could not be read: the others come first next time."""
        with self.database.writing() as db:
            tried(db, number, at)

    def unmeasured(self, ids: Sequence[int] = (), most: int = 0, but: Sequence[str] = ()) -> list[Unmeasured]:
        """Files without digests, the smallest first; of these models, or of all; some paths left alone."""
        with self.database.reading() as db:
            return unmeasured(db, ids, most, but)

    def to_verify(self, ids: Sequence[int] = (), before: float = 0.0, most: int = 0) -> list[Model]:
        """Models to read whole: those that were never checked, then the longest unseen ones."""
        with self.database.reading() as db:
            return to_verify(db, ids, before, most)

    def overdue(self, before: float, most: int) -> list[int]:
        """Models that nobody checked since then: favourites and often used ones first."""
        with self.database.reading() as db:
            return overdue(db, before, most)

    def checked(self, number: int, problems: Collection[str], *, good: bool, at: float) -> Health:
        """Write down what reading a model whole said; gives its health.

        Args:
            good: Somebody knew what it should be, and that is what it is.
        """
        with self.database.writing() as db:
            health = keep_check(db, number, problems, good, at)
            self.changed(db)
        self._tell("model.changed", [number])
        return health

    def adopt(self, path: str, is_away: Callable[[str], bool]) -> None:
        """A model that vanished had the bytes that were just measured here: its owner's words go over.

        Args:
            is_away: Whether the place of a path cannot be seen now.
        """
        with self.database.writing() as db:
            number = adopt(db, path, is_away)
            if number is not None:
                self.changed(db)
        self._tell("model.changed", [number] if number is not None else [])

    def lose(self, numbers: Iterable[int]) -> None:
        """Models that are not on the disk any more: kept, with what is known of them, but not listed."""
        lost = list(numbers)
        if not lost:
            return
        with self.database.writing() as db:
            for first in range(0, len(lost), _CHUNK):
                chunk = lost[first : first + _CHUNK]
                db.execute(models.update().where(models.c.id.in_(chunk), models.c.gone == 0).values(gone=self.wall()))
            self.changed(db)
        self._tell("model.gone", lost)

    def restamp(self, path: str, stamp: Sequence[int]) -> None:
        """A file has the same bytes in another place on the disk: see `doubles.restamp`."""
        with self.database.writing() as db:
            number = restamp(db, path, stamp)
            self.changed(db)
        self._tell("model.changed", [number] if number is not None else [])

    def relocate(self, one: Relocation, facts: Mapping[str, FileFacts]) -> bool:
        """We moved a model ourselves: see `relocating.relocate`; gives whether it is known."""
        with self.database.writing() as db:
            known = relocate(db, one, facts, self.wall())
            self.changed(db)
        if known:
            self._tell("model.gone" if one.gone else "model.changed", [one.model])
        return known

    def forget(self, numbers: Iterable[int]) -> None:
        """Drop models from the catalogue, with what is known of them. Files stay."""
        lost = list(numbers)
        with self.database.writing() as db:
            for first in range(0, len(lost), _CHUNK):
                db.execute(models.delete().where(models.c.id.in_(lost[first : first + _CHUNK])))
            self.changed(db)
        self._tell("model.gone", lost)

    def write(self, number: int, values: dict[str, Any], also: Callable[[Connection], object] = lambda _: None) -> None:
        """Change columns of one model.

        Args:
            also: Called with the connection, inside the same transaction.
        """
        with self.database.writing() as db:
            db.execute(models.update().where(models.c.id == number).values(**values))
            also(db)
            self.changed(db)
        self._tell("model.changed", [number])

    def describe(self, number: int, change: Callable[[About], About], **columns: Any) -> About:
        """Change what is known of a model apart from its bytes; gives what is known now.

        Args:
            change: From what was known to what is known now.
            columns: Further columns to set.

        Raises:
            NoSuchModel: There is none.
        """
        with self.database.writing() as db:
            row = db.execute(sa.select(models).where(models.c.id == number)).mappings().one_or_none()
            if row is None:
                raise NoSuchModel(f"There is no model {number}.")
            about = change(msgspec.json.decode(row["about"], type=About))
            rewrite(db, row, about, columns)
            self.changed(db)
        self._tell("model.changed", [number])
        return about

    def due(self, ids: Sequence[int] = (), *, every: bool = False, before: float, most: int = 0) -> list[int]:
        """Models to ask hubs about: see `refreshing.due`."""
        with self.database.reading() as db:
            return due(db, ids, every=every, before=before, most=most)

    def subjects(self, ids: Sequence[int]) -> list[Subject]:
        """What a question to hubs needs to know of a few models."""
        with self.database.reading() as db:
            return subjects(db, ids)

    def learn(self, found: Mapping[int, Learned]) -> dict[int, About]:
        """Write what hubs told of a few models, in one transaction; gives what is known of them now."""
        with self.database.writing() as db:
            kept = learn(db, found)
            self.changed(db)
        self._tell("model.changed", list(kept))
        return kept

    def lacks(self, checked_since: float) -> Lacks:
        """What the models lack: see `upkeep.lacks`."""
        with self.database.reading() as db:
            return lacks(db, checked_since)

    def mark(self, name: str) -> None:
        """Remember that something is done now."""
        with self.database.writing() as db:
            mark(db, name, self.wall())

    def marked(self, name: str) -> float:
        """When something was last done, seconds since 1970; 0 for never."""
        with self.database.reading() as db:
            return marked(db, name)

    def lose_paths(self, paths: Sequence[str]) -> None:
        """Models whose main files went are not listed any more."""
        query = sa.select(model_files.c.model).where(model_files.c.path.in_(paths), model_files.c.main)
        with self.database.reading() as db:
            lost = list(db.execute(query).scalars())
        self.lose(lost)

    def lose_roots(self, roots: Iterable[str]) -> None:
        """Models of roots that are not registered any more are not listed any more."""
        chosen = list(roots)
        with self.database.reading() as db:
            lost = list(
                db.execute(sa.select(models.c.id).where(models.c.root.in_(chosen), models.c.gone == 0)).scalars()
            )
        self.lose(lost)

    def installed(self, ids: Sequence[int] = ()) -> dict[tuple[str, str], list[Installed]]:
        """What is here of each hub's model, by hub and its own id; only of the models that these belong to."""
        with self.database.reading() as db:
            return installed(db, ids)

    def newer(self, *, ignored: bool = False) -> list[Newer]:
        """Newer versions that were found."""
        with self.database.reading() as db:
            return list_newer(db, ignored=ignored)

    def keep_newer(self, number: int, versions: Sequence[Version]) -> None:
        """Write down which versions are newer than a model; what was ignored stays ignored."""
        with self.database.writing() as db:
            keep_newer(db, number, versions, self.wall())

    def ignore_version(self, number: int, version: str, *, on: bool) -> None:
        """Hear no more of a version, or of one again; `*` is every version that is known now."""
        with self.database.writing() as db:
            ignore(db, number, version, on=on, at=self.wall())

    def counts_by_root(self) -> dict[str, int]:
        """How many models there are in each root."""
        query = sa.select(models.c.root, sa.func.count()).where(models.c.gone == 0).group_by(models.c.root)
        with self.database.reading() as db:
            return {row[0]: row[1] for row in db.execute(query)}

    def misnamed(self, most: int) -> list[tuple[str, str, str]]:
        """Root, path and format of models whose names say another format."""
        query = sa.select(models.c.root, models.c.path, models.c.format).where(models.c.gone == 0)
        query = query.where(models.c.problems.contains("wrong-extension")).limit(most)
        with self.database.reading() as db:
            return sorted((row[0], row[1], row[2]) for row in db.execute(query))

    def used(self, uses: Sequence[tuple[str, float, str]]) -> int:
        """Count uses: path, seconds since 1970, local day; gives how many paths are known."""
        with self.database.writing() as db:
            known = count_uses(db, uses)
        self._tell("model.changed", list(dict.fromkeys(known)))
        return len(known)

    def searches(self) -> list[tuple[str, int, float]]:
        """Searches that were made: text, times, seconds since 1970; the latest first."""
        with self.database.reading() as db:
            return made_searches(db)

    def remember_search(self, text: str) -> None:
        """Remember a search."""
        with self.database.writing() as db:
            keep_search(db, text, self.wall())

    def forget_searches(self) -> None:
        """Forget all searches."""
        with self.database.writing() as db:
            db.execute(searches.delete())

    def changed(self, db: Connection) -> None:
        """Inside a transaction: the counts of everybody who looks at this database are old now."""
        again = counters.update().where(counters.c.name == "catalogue").values(value=counters.c.value + 1)
        if not db.execute(again).rowcount:
            db.execute(counters.insert().values(name="catalogue", value=1))

    def _tell(self, kind: str, numbers: list[int]) -> None:
        for first in range(0, len(numbers), 1000):
            self.events.publish(kind, {"ids": numbers[first : first + 1000]})

    def _counted(self, db: Connection) -> Cube:
        version = db.execute(sa.select(counters.c.value).where(counters.c.name == "catalogue")).scalar() or 0
        with self._lock:
            made = self._cube
            if made is None or (made[0] != version and time.monotonic() > made[1]):
                began = time.monotonic()
                cube = Cube(db)
                took = time.monotonic() - began
                self._cube = made = (version, began + (0.0 if took < _CHEAP else took * _SHARE), cube)
            return made[2]


def _ids(db: Connection, asking: Asking) -> list[int]:
    """The models that fit what the counts by column cannot answer; some of them may be gone, and count nothing."""
    words = asked_words(asking.text)
    if db.dialect.name == "sqlite" and words and is_words_only(asking):
        found = db.execute(hits(words))
    else:
        found = db.execute(sa.select(models.c.id).where(*beyond(asking, db.dialect.name)))
    return [row[0] for row in found.cursor.fetchall()]  # half the time of SQLAlchemy's rows


def _hit_count(db: Connection, words: list[str]) -> int:
    return int(db.execute(sa.select(sa.func.count()).select_from(hits(words).subquery())).scalar_one())


def _gone(db: Connection, asking: Asking) -> tuple[int, int, dict[str, dict[Any, int]]]:
    """Models that are gone are few and nobody filters them: only counted."""
    query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(models.c.size), 0))
    total, size = db.execute(query.where(*beyond(asking, db.dialect.name))).one()
    return total, size, {}


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
