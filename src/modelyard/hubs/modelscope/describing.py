"""What ModelScope says about models: the model info and the README (facts 4.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelyard.hubs.answers import body_record
from modelyard.hubs.carded import CARD, Carded
from modelyard.hubs.cards import LONGEST, pictures_of
from modelyard.hubs.modelscope.addresses import DEFAULT_REVISION, NAME, api_url, file_url, page_url
from modelyard.values.about import About, Version
from modelyard.values.offers import Address
from modelyard.values.untrusted import record, text, texts


class Describer(Carded):
    """Asks one endpoint."""

    def of(self, address: Address) -> About:
        """See `Describing.about`. The README counts where it says more than the hub's short description."""
        info = self._info(address)
        revision = address.revision or text(info.get("Revision")) or DEFAULT_REVISION
        told = self._card(file_url(address, self._endpoint, revision, CARD)) or text(info.get("Description"), LONGEST)
        owner = text(info.get("Owner")) or text(info.get("Path")) or address.model.partition("/")[0]
        files = f"{page_url(address, self._endpoint)}/resolve/{revision}/"
        return About(
            hub=NAME,
            model_id=address.model,
            version_id=revision,
            name=text(info.get("ChineseName")) or text(info.get("Name")) or address.model.rpartition("/")[2],
            base_model=next(iter(texts(info.get("BaseModel"))), ""),
            author=owner,
            licence=text(info.get("License")),
            page=page_url(address, self._endpoint),
            description=told,
            description_form="markdown",
            tags=texts(info.get("Tags")),
            pictures=pictures_of((), told, files),
        )

    def versions(self, address: Address) -> list[Version]:
        """See `Describing.versions`: a repository has one, its branch."""
        revision = text(self._info(address).get("Revision")) or DEFAULT_REVISION
        return [Version(revision, page=page_url(address, self._endpoint))]

    def _info(self, address: Address) -> Mapping[str, Any]:
        return record(body_record(self._asked(api_url(address, self._endpoint), address)).get("Data"))
