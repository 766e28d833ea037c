"""A whole hub in a page: what another package needs to bring its own place of models."""

from __future__ import annotations

from modelyard.errors import BadAddress
from modelyard.keys.realm import Realm
from modelyard.values.offers import Address, Example, KeyReport, Listing, Offer, Source


class ToyHub:
    name = "toy"
    title = "Toy shelf"
    prefixes = ("toy",)
    examples = (Example("toy:bear", Address("toy", "bear")),)
    realm = Realm("toy", title, frozenset({"https://toys.example"}), ("TOY_TOKEN",))

    def __init__(self, api, env):
        self.api, self.endpoint = api, env.get("TOY_ENDPOINT", "https://toys.example")

    def read(self, text):
        if not text.startswith("toy:"):
            return None
        if not text[4:].isalpha():
            raise BadAddress(f"{text!r} is no toy.", hint="Write toy:NAME.")
        return Address("toy", text[4:])

    def show(self, address):
        return f"toy:{address.model}"

    def link(self, address):
        return f"https://toys.example/{address.model}"

    def resolve(self, address):
        offer = Offer(address, f"{address.model}.bin", None, {}, (Source(f"{self.endpoint}/{address.model}", "toy"),))
        return Listing(address, address.model, (offer,))

    def search(self, text, *, limit, kind=None):
        return []

    def by_hash(self, digests):
        return {}

    def check_key(self, gated=None):
        return KeyReport("toy", False)

    def explain(self, answer, source):
        return None


class Thief(ToyHub):
    """Wants the key of another hub."""

    name = "thief"
    prefixes = ("thief",)
    realm = Realm("thief", "Thief", frozenset({"https://huggingface.co"}), ())


class Twin(ToyHub):
    """Takes a prefix that is taken."""

    name = "twin"
    prefixes = ("hf",)


class Half:
    """Lacks most of the port."""

    name = "half"

    def __init__(self, api, env):
        pass


def breaks(api, env):
    raise RuntimeError("this plugin is broken")
