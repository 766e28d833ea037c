"""Models: lists, words, counts, one with everything that is known of it, and what its owner writes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from modelyard.catalogue.asking import FACETS, Asking
from modelyard.catalogue.folders import Folders
from modelyard.catalogue.model import Model
from modelyard.catalogue.order import Order
from modelyard.catalogue.pages import Page
from modelyard.catalogue.views import Details, Facets
from modelyard.errors import BadValue, NoSuchModel, ReadOnlyDisk
from modelyard.jobs.owning import Change, change_own, change_tags, report_uses
from modelyard.server.roles import Role
from modelyard.server.routes import Ask, Here, Id, Routes
from modelyard.values.sorts import Sort

routes = Routes(tag="models")

Word = Annotated[str, msgspec.Meta(max_length=200)]
Words = Annotated[list[Word], msgspec.Meta(max_length=100)]
Ids = Annotated[list[Id], msgspec.Meta(min_length=1, max_length=10_000)]
Bytes = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
When = Annotated[float, msgspec.Meta(ge=0, le=1e11)]


_WORDS = tuple(name for name in FACETS if name != "favourite")
_EXCLUDABLE = "|".join((*_WORDS, "tag"))
Exclusion = Annotated[str, msgspec.Meta(max_length=4200, pattern=f"^({_EXCLUDABLE}):")]


class FilterQuery(Ask, frozen=True):
    """Which models. Several values of one name mean any of them; several names mean all of them.

    Attributes:
        text: Words that must all be found; each may be the beginning of one.
        folder: ComfyUI's names of folders.
        tag: Tags, all of them.
        category: CivitAI's categories, any of them: character, style, concept, clothing …
        exclude: Nothing of this: names and values as in the rest, `kind:lora`, `tag:style`.
        place: A folder inside the roots.
        group: The one that their owner put them in; an answer calls it `team`.
        without: What they do not have.
        unused_since: Not used since then, seconds since 1970; never used counts.
        gone: Those that are not on the disk any more.
    """

    text: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    folder: Words = []
    kind: Words = []
    family: Words = []
    format: Words = []
    base: Words = []
    dtype: Words = []
    hub: Words = []
    health: Words = []
    completeness: Words = []
    favourite: bool | None = None
    root: Annotated[list[Annotated[str, msgspec.Meta(max_length=4096)]], msgspec.Meta(max_length=100)] = []
    tag: Words = []
    category: Words = []
    exclude: Annotated[list[Exclusion], msgspec.Meta(max_length=100)] = []
    place: Annotated[str, msgspec.Meta(max_length=4096)] = ""
    group: Word = ""
    rating: Annotated[int, msgspec.Meta(ge=0, le=5)] = 0
    larger: Bytes | None = None
    smaller: Bytes | None = None
    added_since: When | None = None
    unused_since: When | None = None
    without: list[Literal["preview", "hub", "sha256"]] = []
    gone: bool = False

    def asking(self) -> Asking:
        """The question to the catalogue."""
        told: dict[str, Any] = {name: tuple(getattr(self, name)) for name in (*_WORDS, "without")}
        plain = ("text", "place", "group", "rating", "larger", "smaller", "added_since", "unused_since", "gone")
        liked = () if self.favourite is None else (self.favourite,)
        told |= {name: getattr(self, name) for name in plain}
        exclude = tuple(_excluded(text) for text in self.exclude)
        return Asking(**told, favourite=liked, tags=_lower(self.tag), category=_lower(self.category), exclude=exclude)


def _lower(words: list[str]) -> tuple[str, ...]:
    return tuple(word.lower() for word in words)


def _excluded(text: str) -> tuple[str, str]:
    name, _, value = text.partition(":")
    return name, value.lower() if name == "tag" else value


class ModelsQuery(FilterQuery, frozen=True):
    """Which models, in which order, and which page.

    Attributes:
        offset: Models to pass over, from `after` on: a far place without the pages before it.
    """

    sort: Sort = "title"
    descending: bool = False
    after: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    offset: Annotated[int, msgspec.Meta(ge=0, le=100_000_000)] = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100


class FacetsQuery(FilterQuery, frozen=True):
    """Which models are counted.

    Attributes:
        tags: Count tags and categories, too.
    """

    tags: bool = False


class AtQuery(Ask, frozen=True):
    """A file, or the folder of a model."""

    path: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]


class HashQuery(Ask, frozen=True):
    """A digest, or the beginning of one."""

    value: Annotated[str, msgspec.Meta(pattern="^[0-9a-fA-F]{8,64}$")]
    algorithm: Literal["sha256", "autov1", "autov2", "autov3", "blake3", "crc32", "tensor-sha256"] = "sha256"


class Tagging(Ask, frozen=True):
    """Tags to add to models, and to take from them."""

    ids: Ids
    add: Words = []
    remove: Words = []


class Use(Ask, frozen=True):
    """One use of a model: by its path, or by ComfyUI's folder and name."""

    path: Annotated[str, msgspec.Meta(max_length=4096)] = ""
    folder: Word = ""
    name: Annotated[str, msgspec.Meta(max_length=4096)] = ""
    at: When | None = None


class Uses(Ask, frozen=True):
    """What a program used."""

    uses: Annotated[list[Use], msgspec.Meta(min_length=1, max_length=1000)]


class Counted(msgspec.Struct, frozen=True):
    """How many were known."""

    known: int


class Search(msgspec.Struct, frozen=True):
    """A search that was made before."""

    text: str
    times: int
    at: float


class Day(msgspec.Struct, frozen=True):
    """How often a model was used on one day.

    Attributes:
        day: Where the service runs, as in 2026-01-31.
    """

    day: str
    times: int


class UsesOf(msgspec.Struct, frozen=True):
    """How often and when a model was used, as programs reported it.

    Attributes:
        uses: In all, of the days beyond the last thousand as well.
        used: The last time, seconds since 1970; 0 for never.
        days: With a use, the latest first.
    """

    id: int
    title: str
    uses: int
    used: float
    days: list[Day]


@routes.get("/models", role=Role.VIEWER, raises=(BadValue,))
def list_models(here: Here, query: ModelsQuery) -> Page:
    """Models, sorted; take `next` of a page as `after` of the one behind it."""
    order = Order(query.sort, query.descending, query.after, query.limit, query.offset)
    return here.app.stock.catalogue.page(query.asking(), order)


@routes.get("/models/facets", role=Role.VIEWER)
def count_models(here: Here, query: FacetsQuery) -> Facets:
    """How many models there are, and for each column how many would fit with each of its values."""
    return here.app.stock.catalogue.facets(query.asking(), tags=query.tags)


@routes.get("/models/folders", role=Role.VIEWER)
def model_folders(here: Here, query: FilterQuery) -> Folders:
    """The folders that the models which fit lie in, with how many and how many bytes, of at most 5,000 folders."""
    return here.app.stock.catalogue.folders(query.asking())


@routes.get("/models/at", role=Role.VIEWER, raises=(NoSuchModel,))
def model_at(here: Here, query: AtQuery) -> Details:
    """The model that a file belongs to."""
    catalogue = here.app.stock.catalogue
    return catalogue.details(catalogue.at(query.path).id)


@routes.get("/models/with-hash", role=Role.VIEWER)
def models_with_hash(here: Here, query: HashQuery) -> list[Model]:
    """Models with this measured digest; ten characters are an AutoV2, twelve an AutoV3."""
    return here.app.stock.catalogue.with_digest(query.algorithm, query.value)


@routes.get("/models/{id}", role=Role.VIEWER, raises=(NoSuchModel,))
def one_model(here: Here, id: Id) -> Details:
    """One model with everything that is known of it."""
    return here.app.stock.catalogue.details(id)


class Changed(Details, frozen=True, kw_only=True):
    """A model after its owner's change.

    Attributes:
        unwritten: Why something of it is in the catalogue only and not beside the model, in words.
    """

    unwritten: tuple[str, ...] = ()


class Tagged(msgspec.Struct, frozen=True):
    """What became of tags.

    Attributes:
        unwritten: As of `Changed`.
    """

    unwritten: tuple[str, ...]


@routes.patch(
    "/models/{id}",
    role=Role.OPERATOR,
    raises=(NoSuchModel, ReadOnlyDisk),
    example={"favourite": True, "notes": "Best with 0.7"},
)
def change_model(here: Here, id: Id, body: Change) -> Changed:
    """Write a title, notes, a rating, tags, a group; it is kept in a sidecar, too, and wins over every hub."""
    left = change_own(here.app.stock, id, body)
    return Changed(**msgspec.structs.asdict(here.app.stock.catalogue.details(id)), unwritten=left)


@routes.post(
    "/models/tags", role=Role.OPERATOR, raises=(NoSuchModel,), slow=True, example={"ids": [1], "add": ["style"]}
)
def tag_models(here: Here, body: Tagging) -> Tagged:
    """Add tags to models, and take some away."""
    return Tagged(change_tags(here.app.stock, body.ids, body.add, body.remove))


@routes.post("/models/used", role=Role.OPERATOR, example={"uses": [{"folder": "loras", "name": "style/a.safetensors"}]})
def models_used(here: Here, body: Uses) -> Counted:
    """A program tells which models it used; names that are not known are passed over."""
    told: list[dict[str, Any]] = [msgspec.to_builtins(use) for use in body.uses]
    return Counted(report_uses(here.app.stock, told))


@routes.get("/models/{id}/uses", role=Role.VIEWER, raises=(NoSuchModel,))
def model_uses(here: Here, id: Id) -> UsesOf:
    """How often and when a model was used."""
    model = here.app.stock.catalogue.get(id)
    days = [Day(*row) for row in here.app.stock.catalogue.uses_of(id)]
    return UsesOf(model.id, model.title, model.uses, model.used, days)


@routes.get("/searches", role=Role.VIEWER)
def list_searches(here: Here) -> list[Search]:
    """What was searched for, the latest first."""
    return [Search(*row) for row in here.app.stock.catalogue.searches()]


@routes.put("/searches/{text}", role=Role.OPERATOR)
def keep_search(here: Here, text: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]) -> None:
    """Remember a search."""
    here.app.stock.catalogue.remember_search(text)


@routes.delete("/searches", role=Role.OPERATOR)
def forget_searches(here: Here) -> None:
    """Forget all searches."""
    here.app.stock.catalogue.forget_searches()
