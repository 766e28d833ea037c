"""What is asked of the catalogue: lists, counts, single models, sums. Nothing here writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.catalogue.asking import Asking, beyond, chosen_values, lacks
from modelyard.catalogue.doubles import Double, same_bytes, same_tensors
from modelyard.catalogue.folders import Folders, folders
from modelyard.catalogue.model import Model, find, model_of
from modelyard.catalogue.order import Order
from modelyard.catalogue.pages import Page, page
from modelyard.catalogue.shelf import Shelf
from modelyard.catalogue.sieve import sieved
from modelyard.catalogue.space import Idle, Part, ever_used, idle, sums, unused
from modelyard.catalogue.usage import made_searches, uses_of
from modelyard.catalogue.views import Details, Facets, FileView
from modelyard.errors import NoSuchModel
from modelyard.store.shelves import model_files, model_tags, models
from modelyard.values.about import About
from modelyard.values.categories import CATEGORIES
from modelyard.values.identity import Identity


class Looking(Shelf):
    """Answers what is asked."""

    def page(self, asking: Asking, order: Order = Order()) -> Page:  # noqa: B008  # it is frozen
        """Some models, sorted.

        Raises:
            BadValue: There is no such order, or `after` is no mark of a page.
        """
        with self.database.reading() as db:
            if asking.gone or db.dialect.name != "sqlite":
                return page(db, asking, order)  # PostgreSQL finds its way itself
            cube, same = self.counted(db)
            if not same:
                return page(db, asking, order)
            return page(db, asking, order, sieved(db, asking, cube, same=True)[0], cube.sizes)

    def facets(self, asking: Asking, *, tags: bool = False) -> Facets:
        """The counts beside a list."""
        with self.database.reading() as db:
            if asking.gone:
                return _gone(db, asking)
            cube, same = self.counted(db, tags=tags)
            if same and (known := cube.told.get((asking, tags))) is not None:
                return known
            fit = sieved(db, asking, cube, same=same)
        counts = cube.counts(chosen_values(asking), fit[1])
        told = {name: {_word(value): number for value, number in found.items()} for name, found in counts.items()}
        tagged = cube.tags(fit[0]) if tags else {}
        categories = {tag: number for tag, number in tagged.items() if tag in CATEGORIES}
        facets = Facets(fit[0].bit_count(), cube.sizes.sum(fit[0]), told, tagged, categories)
        if same and asking in cube.remembered:
            cube.told[asking, tags] = facets
        return facets

    def count_ahead(self) -> None:
        """Count and sort now what somebody would have to wait for who asks next."""
        self.facets(Asking(), tags=True)
        self.page(Asking(), Order("size"))

    def folders(self, asking: Asking) -> Folders:
        """The folders that the models which fit lie in, with their counts and bytes."""
        with self.database.reading() as db:
            return folders(db, asking)

    def get(self, number: int) -> Model:
        """One model.

        Raises:
            NoSuchModel: There is none.
        """
        with self.database.reading() as db:
            return model_of(find(db, number))

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
            row = find(db, number)
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

    def counts_by_root(self) -> dict[str, int]:
        """How many models there are in each root."""
        with self.database.reading() as db:
            return self.counted(db)[0].counts({})["root"]

    def misnamed(self, most: int) -> list[tuple[str, str, str]]:
        """Root, path and format of models whose names say another format."""
        query = sa.select(models.c.root, models.c.path, models.c.format).where(models.c.gone == 0)
        query = query.where(~lacks("problems"), models.c.problems.contains("wrong-extension")).limit(most)
        with self.database.reading() as db:
            return sorted((row[0], row[1], row[2]) for row in db.execute(query))

    def uses_of(self, number: int) -> list[tuple[str, int]]:
        """How often a model was used on each day, the latest first, of the last thousand days with a use."""
        with self.database.reading() as db:
            return uses_of(db, number)

    def searches(self) -> list[tuple[str, int, float]]:
        """Searches that were made: text, times, seconds since 1970; the latest first."""
        with self.database.reading() as db:
            return made_searches(db)


def _gone(db: Connection, asking: Asking) -> Facets:
    """Models that are gone are few and nobody filters them: only counted."""
    query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(models.c.size), 0))
    total, size = db.execute(query.where(*beyond(asking, db.dialect.name))).one()
    return Facets(total, size, {}, {}, {})


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
