"""What a Python program can ask the library; nothing is changed, and a service may run meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from modelyard.python.access import Access, Which

if TYPE_CHECKING:
    from modelyard.catalogue.asking import Asking
    from modelyard.catalogue.model import Model as Known
    from modelyard.catalogue.versions import Newer
    from modelyard.catalogue.views import Details
    from modelyard.jobs.comparing import Comparison
    from modelyard.jobs.dedupe import Duplicates
    from modelyard.jobs.manifests import InTrash
    from modelyard.jobs.space import Proposal, Space
    from modelyard.jobs.versions_here import VersionView

_PAGE = 500
_UNUSED = 180


class Questions(Access):
    """Looks at the catalogue."""

    def models(
        self, text: str = "", *, sort: str = "title", descending: bool = False, **chosen: Any
    ) -> Iterator[Known]:
        """Models with these words.

        Args:
            chosen: As in `catalogue.asking.Asking`: `kind=["lora"]`, `tags=["style"]` …
        """
        from modelyard.catalogue.order import Order

        asking, after = asked(text, chosen), ""
        while True:
            page = self._app.stock.catalogue.page(asking, Order(sort, descending, after, _PAGE))
            yield from page.models
            if page.next is None:
                return
            after = page.next

    def show(self, model: Which) -> Details:
        """One model, by its number or a path of it, with everything that is known of it.

        Raises:
            NoSuchModel: It is not in the catalogue.
        """
        return self._app.stock.catalogue.details(self._number(model))

    def compare(self, first: Which, second: Which) -> Comparison:
        """Two models side by side: what is said of them, their tensors, their sizes.

        Raises:
            NoSuchModel: One of them is not in the catalogue.
            DiskFailed: A file cannot be read.
        """
        from modelyard.jobs.comparing import compare

        return compare(self._app.stock, self._number(first), self._number(second))

    def duplicates(self) -> Duplicates:
        """Files with the same measured bytes, and what sharing their place on the disk would give back."""
        from modelyard.jobs.dedupe import duplicates

        return duplicates(self._app.stock)

    def space(self, *, unused_days: int = _UNUSED) -> Space:
        """What takes the room, in bytes: by kind, folder, root, program, hub and family."""
        from modelyard.jobs.space import space

        return space(self._app.stock, unused_days)

    def unused(self, *, days: int = _UNUSED) -> Iterator[Proposal]:
        """Models that nobody used for so long, the largest first, each with what could be done and why."""
        from modelyard.jobs.space import proposals

        after = ""
        while True:
            page = proposals(self._app.stock, days, _PAGE, after)
            yield from page.proposals
            if not page.next:
                return
            after = page.next

    def uses(self, model: Which) -> list[tuple[str, int]]:
        """On which days a model was used, and how often, as in ("2026-01-31", 4); the latest first."""
        return self._app.stock.catalogue.uses_of(self._number(model))

    def versions(self, model: Which) -> list[VersionView]:
        """Every version of a model at its hub, the newest first, with those that are here.

        Raises:
            NoSuchModel: It is not in the catalogue.
            NotFound: The hub has it no longer.
        """
        from modelyard.jobs.versions_here import versions_here

        return versions_here(self._app.stock, self._number(model))

    def newer(self, *, ignored: bool = False) -> list[Newer]:
        """Newer versions of what is here, as `look_for_versions` found them; those that are ignored when asked for."""
        return self._app.stock.catalogue.newer(ignored=ignored)

    def trashed(self) -> list[InTrash]:
        """What lies in the trash, the latest first."""
        from modelyard.jobs.trash import listed

        return listed(self._app.stock)


def asked(text: str, chosen: dict[str, Any]) -> Asking:
    """The question to the catalogue."""
    from modelyard.catalogue.asking import Asking

    told: dict[str, Any] = {name: tuple(said) if isinstance(said, list) else said for name, said in chosen.items()}
    return Asking(text=text, **told)
