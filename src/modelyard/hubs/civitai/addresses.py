"""Texts that mean something on CivitAI, read and written. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, quote, urlencode

from modelyard.errors import BadAddress
from modelyard.hubs.air import Air, read_air
from modelyard.hubs.links import Home, Link, Place, both_schemes, link, typed_path
from modelyard.values.offers import Address, Example

ENDPOINT = "https://civitai.com"
NAME = "civitai"
ORIGINS = both_schemes(
    "civitai.com", "www.civitai.com", "civitai.green", "www.civitai.green", "civitaiarchive.com", "civarchive.com"
)
"""Their links are asked at the endpoint: the green site shows less of the same, the archive keeps its numbers."""
ELSEWHERE = dict.fromkeys(both_schemes("civitai.red", "www.civitai.red"), "https://civitai.red")
"""The site with all content: what it shows may be hidden on the other one."""

CHOICES = ("fileId", "format", "fp", "quantType", "size", "type")
"""Query fields of a download link that choose among the files of a version (facts 3.6)."""

EXAMPLES = (
    Example("https://civitai.com/models/100/some-lora", Address(NAME, "100")),
    Example("https://civitai.com/models/100?modelVersionId=201", Address(NAME, "100", "201")),
    Example("https://civitai.com/models/100/some-lora?modelVersionId=201#files", Address(NAME, "100", "201")),
    Example("civitai.com/models/100", Address(NAME, "100")),
    Example("https://civitai.green/models/100", Address(NAME, "100")),
    Example("https://civitai.red/models/100", Address(NAME, "100", endpoint="https://civitai.red")),
    Example("https://civarchive.com/models/100?modelVersionId=201", Address(NAME, "100", "201")),
    Example("https://civitai.com/model-versions/201", Address(NAME, "", "201")),
    Example("https://civitai.com/api/v1/models/100", Address(NAME, "100")),
    Example("https://civitai.com/api/v1/model-versions/201", Address(NAME, "", "201")),
    Example("https://civitai.com/api/download/models/201", Address(NAME, "", "201")),
    Example(
        "https://civitai.com/api/download/models/201?type=Model&format=SafeTensor&size=full&fp=fp16",
        Address(
            NAME, "", "201", options=(("format", "SafeTensor"), ("fp", "fp16"), ("size", "full"), ("type", "Model"))
        ),
    ),
    Example(
        "https://civitai.com/api/download/models/201?fileId=7", Address(NAME, "", "201", options=(("fileId", "7"),))
    ),
    Example("civitai:100", Address(NAME, "100")),
    Example("civitai:100@201", Address(NAME, "100", "201")),
    Example("civitai:@201", Address(NAME, "", "201")),
    Example("civitai:100@201?fileId=7", Address(NAME, "100", "201", options=(("fileId", "7"),))),
    Example("civitai:100@201/*.safetensors", Address(NAME, "100", "201", "*.safetensors")),
    Example("urn:air:sdxl:lora:civitai:100@201", Address(NAME, "100", "201")),
    Example("air:sdxl:lora:civitai:100@201", Address(NAME, "100", "201")),
    Example("sdxl:lora:civitai:100@201", Address(NAME, "100", "201")),
    Example("lora:civitai:100@201", Address(NAME, "100", "201")),
    Example("urn:air:civitai:100", Address(NAME, "100")),
    Example(
        "urn:air:flux1:checkpoint:civitai:100@201+7.safetensors",
        Address(NAME, "100", "201", options=(("fileId", "7"), ("format", "SafeTensor"))),
    ),
)

FORMATS = {
    "safetensor": "SafeTensor",
    "safetensors": "SafeTensor",
    "pickletensor": "PickleTensor",
    "ckpt": "PickleTensor",
    "pt": "PickleTensor",
    "gguf": "GGUF",
    "diffusers": "Diffusers",
    "coreml": "Core ML",
    "onnx": "ONNX",
}
"""AIR's word for a format, and the site's."""

_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_TYPED = re.compile(r"civitai:([0-9]*)(?:@([0-9]+))?(?:\?([^/]*))?(?:/(.*))?", re.IGNORECASE | re.DOTALL)


def read(text: str, home: Home) -> Address | None:
    """Read a link, an AIR or a typed address; see `Hub.read`."""
    if text[:8].lower() == "civitai:" and (typed := _TYPED.fullmatch(text)):
        fields = parse_qsl(typed[3] or "")
        return _address(typed[1], typed[2], typed_path(typed[4]), _choices(fields), None)
    air = read_air(text)
    if air:
        return _from_air(air) if air.source == NAME else None
    if text[:8].lower() == "civitai:":
        raise BadAddress(f"{text[:80]!r} names no model.", hint="Write it like civitai:MODEL or civitai:MODEL@VERSION.")
    given = link(text)
    place = home.inside(given) if given else None
    return _read_page(given, place) if given and place else None


def _read_page(given: Link, place: Place) -> Address | None:
    endpoint, parts = place.endpoint, tuple(part for part in place.parts if part != "v1")
    if parts[:1] == ("api",):
        parts = parts[1:]
    if parts[:2] == ("download", "models") and len(parts) == 3:
        return _address("", parts[2], None, _choices(given.query), endpoint)
    if parts[:1] == ("model-versions",) and len(parts) == 2:
        return _address("", parts[1], typed_path(given.asked("path")), _choices(given.query), endpoint)
    if parts[:1] == ("models",) and len(parts) >= 2 and (place.own or _NUMBER.fullmatch(parts[1])):
        version, path = given.asked("modelVersionId"), typed_path(given.asked("path"))
        return _address(parts[1], version, path, _choices(given.query), endpoint)
    if not place.own:
        return None
    raise BadAddress("That is a page of CivitAI, but not of a model.", hint="Paste a model's page or a download link.")


def _from_air(air: Air) -> Address:
    chosen = [("fileId", air.file)] if air.file else []
    if air.format:
        chosen.append(("format", FORMATS.get(air.format.lower(), air.format)))
    return _address(air.id, air.version, None, tuple(chosen), None)


def _choices(fields: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted({name: value for name, value in fields if name in CHOICES and value}.items()))


def _address(
    model: str, version: str | None, path: str | None, options: tuple[tuple[str, str], ...], endpoint: str | None
) -> Address:
    version = version or None
    for given in (model, version, dict(options).get("fileId")):
        if given and not _NUMBER.fullmatch(given):
            raise BadAddress(f"{given[:40]!r} is no number of a model, version or file of CivitAI.")
    if not model and not version:
        raise BadAddress(
            "That names neither a model nor a version.", hint="Write civitai:MODEL or civitai:MODEL@VERSION."
        )
    for name, value in options:
        if len(value) > 64 or not value.isprintable():
            raise BadAddress(f"The {name} of that link is odd.", hint="Paste the model's page instead.")
    return Address(NAME, model, version, path, options=options, endpoint=endpoint)


def show(address: Address) -> str:
    """See `Hub.show`."""
    path = address.path
    if address.endpoint or (path and path != path.strip()):
        return page_url(address, address.endpoint or ENDPOINT)
    version = f"@{address.revision}" if address.revision else ""
    return f"civitai:{address.model}{version}{_query(address.options)}" + (f"/{path}" if path else "")


def page_url(address: Address, endpoint: str) -> str:
    """The model's page, at its version when one is given; what else the address says stands in the query."""
    fields = [*address.options, *([("path", address.path)] if address.path else [])]
    if not address.model:
        return f"{endpoint}/model-versions/{address.revision}{_query(fields)}"
    version = [("modelVersionId", address.revision)] if address.revision else []
    return f"{endpoint}/models/{address.model}{_query([*version, *fields])}"


def _query(fields: Iterable[tuple[str, str]]) -> str:
    query = urlencode(tuple(fields), quote_via=quote, safe="")
    return f"?{query}" if query else ""


def file_url(endpoint: str, version: str, file_id: str | None) -> str:
    """The stable link of a file.

    Always with ``fileId``: without it the site picks by the preferences of the key's owner (facts 3.6).
    """
    return f"{endpoint}/api/download/models/{version}" + (f"?fileId={file_id}" if file_id else "")
