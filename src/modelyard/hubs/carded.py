"""A hub whose models are repositories with a README: what is asked alike at all of them."""

from __future__ import annotations

from collections.abc import Callable

from modelyard.errors import YardError
from modelyard.hubs.cards import card_text
from modelyard.net.api import Answer, Api
from modelyard.values.offers import Address

CARD = "README.md"


class Carded:
    """Asks one endpoint.

    Args:
        explain: The error that a refusal means.
    """

    def __init__(self, api: Api, endpoint: str, explain: Callable[[Answer, Address], YardError]) -> None:
        self._api = api
        self._endpoint = endpoint
        self._explain = explain

    def _asked(self, url: str, address: Address) -> Answer:
        """The hub's answer about a model.

        Raises:
            YardError: It refuses.
        """
        answer = self._api.get(url)
        if answer.status != 200:
            raise self._explain(answer, address)
        return answer

    def _card(self, url: str) -> str:
        """The text of a README; empty where there is none."""
        answer = self._api.get(url)
        return card_text(answer.body) if answer.status == 200 else ""
