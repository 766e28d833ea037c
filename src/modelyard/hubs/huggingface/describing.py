"""What Hugging Face says about models: the model info and the README (facts 2.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from modelyard.hubs.answers import body_record
from modelyard.hubs.carded import CARD, Carded
from modelyard.hubs.cards import pictures_of
from modelyard.hubs.huggingface.addresses import NAME, file_url, page_url
from modelyard.values.about import About, Version
from modelyard.values.offers import Address
from modelyard.values.untrusted import record, records, text, texts

_EXPLICIT = 16
_MARKED = "not-for-all-audiences"


class Describer(Carded):
    """Asks one endpoint."""

    def of(self, address: Address) -> About:
        """See `Describing.about`. A model without a README has no description."""
        info = self._info(address)
        revision = text(info.get("sha")) or address.revision or "main"
        told = self._card(file_url(address, self._endpoint, revision, CARD))
        card = record(info.get("cardData"))
        model = text(info.get("id")) or address.model
        tags = texts(info.get("tags"))
        return About(
            hub=NAME,
            model_id=model,
            version_id=revision,
            name=model.rpartition("/")[2],
            kind=text(info.get("pipeline_tag")),
            base_model=next(iter(texts(card.get("base_model"))), ""),
            author=text(info.get("author")) or model.rpartition("/")[0],
            licence=", ".join(texts(card.get("license_name")) or texts(card.get("license"))),
            page=page_url(address, self._endpoint),
            description=told,
            description_form="markdown",
            trained_words=texts(card.get("instance_prompt")),
            tags=tuple(tag for tag in tags if ":" not in tag),
            pictures=pictures_of(_named(card), told, file_url(address, self._endpoint, revision, "")),
            published=text(info.get("createdAt")) or text(info.get("lastModified")),
            nsfw=_EXPLICIT if _MARKED in tags else None,
        )

    def versions(self, address: Address) -> list[Version]:
        """See `Describing.versions`: a repository has one, its newest commit."""
        info = self._info(address)
        commit = text(info.get("sha"))
        page = page_url(address, self._endpoint)
        return [Version(commit, published=text(info.get("lastModified")), page=page)] if commit else []

    def _info(self, address: Address) -> Mapping[str, Any]:
        below = f"/revision/{quote(address.revision, safe='')}" if address.revision else ""
        return body_record(self._asked(f"{self._endpoint}/api/{address.kind}s/{address.model}{below}", address))


def _named(card: Mapping[str, Any]) -> list[str]:
    """Pictures that the front matter lists: what the model made, then its thumbnail."""
    made = [text(record(one.get("output")).get("url")) for one in records(card.get("widget"))]
    return [one for one in (*made, text(card.get("thumbnail"))) if one]
