"""Endpoints from the environment: ``HF_ENDPOINT`` and its kin, checked and normalised."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from modelyard.errors import BadAddress, BadValue
from modelyard.keys.realm import Realm, origin
from modelyard.net.url import parse


def endpoint(env: Mapping[str, str], *names: str) -> str | None:
    """The endpoint that the first of these variables names, without a trailing slash; None when none is set.

    Raises:
        BadValue: It is no http(s) URL.
    """
    name = next((name for name in names if env.get(name, "").strip()), None)
    if name is None:
        return None
    given = env[name].strip()
    if "://" not in given:
        given = f"https://{given}"
    try:
        url = parse(given)
    except BadAddress as error:
        raise BadValue(f"{name} is no endpoint: {error.message}", hint="Write it like https://hub.example.") from error
    if "?" in url.target:
        raise BadValue(f"{name} must not have a query.", hint="Write it like https://hub.example.")
    return url.text.rstrip("/")


def with_endpoint(realm: Realm, *given: str | None) -> Realm:
    """The realm with the origins of endpoints that a person chose: the hub's key goes there too."""
    chosen = {origin(each) for each in given if each} - realm.origins
    return replace(realm, chosen=realm.chosen | chosen) if chosen else realm
