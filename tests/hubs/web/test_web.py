from __future__ import annotations

import pytest

from hubs.silent_api import SilentApi
from hubs.told_api import answer
from modelyard.errors import AccessError, LoginNeeded, NotAModel, NotFound, RateLimited, Removed, ServerFailed
from modelyard.hubs.web import Web
from modelyard.values.offers import Address, Source

HUB = Web(SilentApi())
SOURCE = Source("https://example.org/x.bin?Signature=canary")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://example.org/a/model.safetensors?x=1", "model.safetensors"),
        ("https://example.org/a%20b%2520c.bin", "a b%20c.bin"),
        ("https://example.org/%E6%A8%A1.bin", "模.bin"),
        ("https://example.org/", "download"),
        ("https://example.org", "download"),
        ("https://example.org/folder/", "folder"),
        ("https://example.org/..%2f..%2fetc", "download"),
        ("https://example.org/.bashrc", "download"),
        ("https://example.org/CON", "download"),
        ("https://example.org/" + "a" * 300, "download"),
        ("https://example.org/%00", "download"),
    ],
)
def test_a_plain_url_is_one_offer_without_a_request(url: str, name: str) -> None:
    _, address = "web", HUB.read(url)
    assert address is not None
    [offer] = HUB.resolve(address).offers
    assert (offer.path, offer.size, offer.claimed, offer.name_is_guess) == (name, None, {}, True)
    assert offer.sources == (Source(address.model),)


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, LoginNeeded), (403, AccessError), (404, NotFound), (410, Removed), (429, RateLimited), (503, ServerFailed)],
)
def test_a_refusal_is_told_by_its_status_without_the_query(status: int, error: type[Exception]) -> None:
    found = HUB.explain(answer(status, b"<html>Signature=canary</html>"), SOURCE)
    assert type(found) is error
    assert "canary" not in str(found.as_dict())


def test_a_page_instead_of_a_file_is_no_model() -> None:
    assert isinstance(HUB.explain(answer(200, b" <!DOCTYPE html><html>"), SOURCE), NotAModel)
    assert isinstance(HUB.explain(answer(200, b"hello", content_type="text/html; charset=utf-8"), SOURCE), NotAModel)
    assert HUB.explain(answer(200, b"\x08\0\0\0\0\0\0\0{}"), SOURCE) is None


def test_an_address_is_shown_as_its_url() -> None:
    assert HUB.show(Address("web", "https://example.org/x")) == "https://example.org/x"
