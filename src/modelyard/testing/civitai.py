"""CivitAI: its API and who may download; facts of the live server's own source (hubs.md 3)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from modelyard.testing import civitai_lists, pictures
from modelyard.testing.accounts import Account, Accounts
from modelyard.testing.cdn import Cdn
from modelyard.testing.civitai_data import (
    FIRST_OTHER,
    FIRST_OTHER_VERSION,
    OTHERS,
    Model,
    ModelFile,
    Version,
    fixtures,
    other,
)
from modelyard.testing.civitai_download import download
from modelyard.testing.civitai_json import mini_body, model_body, version_body
from modelyard.testing.clock import Clock
from modelyard.testing.wire import Answer, Request, as_json, text

_MAX_ID = 2**31 - 1
_SHY_REGIONS = {"GB", "AU"}
_NEED_HASHES = "Request must include an array of SHA256 Hashes. "
_PUBLIC = ("Cache-Control", "public, s-maxage=300, stale-while-revalidate=150")
_HASHED = ("Cache-Control", "public, s-maxage=3600, stale-while-revalidate=1800")

Place = tuple[Model, Version]


class CivitAI:
    """The CivitAI side of the hub.

    Attributes:
        models: The special models by id; `OTHERS` more are made when asked for.
        overloaded: So many more searches get 503.
        lost: So many more downloads get a passing 404.
        quota_spent: Whether downloads answer 429.
        login_for_all: Whether every download needs a key.
        cdn: Where the bodies are.
    """

    def __init__(self, cdn: Cdn, accounts: Accounts, clock: Clock, seed: int) -> None:
        self.cdn, self.clock = cdn, clock
        self._accounts, self._seed = accounts, seed
        self.reset()

    def reset(self) -> None:
        """Back to the fixtures."""
        self.models = {model.id: model for model in fixtures(self._seed, self.clock.now())}
        self.overloaded = self.lost = 0
        self.quota_spent = self.login_for_all = False
        self._hashes: dict[str, list[tuple[Place, ModelFile]]] | None = None

    def add_model(self, model: Model) -> Model:
        """Add a model, or replace the one with its id."""
        self.models[model.id] = model
        self._hashes = None
        return model

    def delete(self, number: int) -> Model:
        """Take a model away as if its author or the site had; gives it, for an archive that kept it."""
        self._hashes = None
        return self.models.pop(number)

    def every(self) -> list[Model]:
        """All models in order of their ids."""
        numbers = range(FIRST_OTHER, FIRST_OTHER + OTHERS)
        self.models |= {number: other(number - FIRST_OTHER) for number in numbers if number not in self.models}
        return [self.models[number] for number in sorted(self.models)]

    def answer(self, request: Request) -> Answer | None:
        """The answer when the path is one of CivitAI's."""
        act = self._route(request)
        if act is None:
            return None
        if request.method == "OPTIONS":
            return Answer(200)
        answer = act()
        answer.headers.append(("Access-Control-Allow-Origin", "*"))
        return answer

    def account(self, request: Request) -> Account | None:
        """Who asks: the Bearer key first, else ``?token=``; a wrong key is nobody."""
        return self._accounts.who("civitai", request.bearer or request.query.get("token"))

    def shy(self, request: Request) -> bool:
        """Whether only harmless things may be shown: by region or by host."""
        return request.headers.get("cf-ipcountry") in _SHY_REGIONS or request.host.endswith(".green")

    def _route(self, request: Request) -> Callable[[], Answer] | None:
        parts = request.segments
        if parts[0] == "login":
            return lambda: text(200, _LOGIN, kind="text/html; charset=utf-8")
        if parts[:3] == ["api", "download", "models"]:
            return lambda: download(self, request, parts[3:])
        if parts[0] == "image" and len(parts) == 4:
            return lambda: _picture(parts[3])
        if parts[:2] != ["api", "v1"] or len(parts) < 3:
            return None
        what, rest = parts[2], parts[3:]
        if what == "models" and len(rest) == 1:
            return lambda: self._model(request, rest[0])
        if what == "model-versions" and rest:
            return lambda: self._version_routes(request, rest)
        if rest or what not in civitai_lists.LISTS:
            return None
        return lambda: self._list(request, civitai_lists.LISTS[what])

    def _list(self, request: Request, act: Callable[[CivitAI, Request], Answer]) -> Answer:
        if request.method not in {"GET", "HEAD"}:
            return as_json(405, {"error": "Method not allowed"})
        answer = act(self, request)
        if self.account(request) is None and answer.status == 200:
            answer.headers.append(_PUBLIC)
        return answer

    def _model(self, request: Request, text: str) -> Answer:
        number = read_id(text)
        if number is None:
            return as_json(400, {"error": f"Invalid model id: {text}"})
        model = self._find(number)
        if model is None or (model.level > 1 and self.shy(request)):
            return as_json(404, {"error": f"No model with id {number}"})
        return as_json(200, model_body(model, request.base), _PUBLIC)

    def _find(self, number: int) -> Model | None:
        index = number - FIRST_OTHER
        if number not in self.models and 0 <= index < OTHERS:
            self.models[number] = other(index)
        return self.models.get(number)

    def place(self, number: int | None) -> Place | None:
        """The version of this number and its model."""
        if number is None:
            return None
        self._find(number - FIRST_OTHER_VERSION + FIRST_OTHER)
        places = ((model, version) for model in self.models.values() for version in model.versions)
        return next((place for place in places if place[1].id == number), None)

    def _version_routes(self, request: Request, rest: list[str]) -> Answer:
        if rest == ["by-hash"]:
            return self._by_hashes(request)
        if rest == ["by-hash", "ids"]:
            return self._hash_ids(request)
        if rest[0] == "by-hash":
            return self._by_hash(request, rest[1])
        if rest[0] == "mini" and len(rest) == 2:
            return self._mini(request, rest[1])
        return self._version(request, self.place(read_id(rest[0])), read_id(rest[0]) is None)

    def _version(self, request: Request, place: Place | None, malformed: bool = False) -> Answer:
        if malformed:
            return as_json(400, {"error": "Invalid model version id"})
        if place is None or not place[1].published:
            return as_json(404, {"error": "Model not found"})
        if place[1].primary is None:
            return as_json(404, {"error": "Missing model file"})
        return as_json(200, version_body(*place, request.base, alone=True), _PUBLIC)

    def _mini(self, request: Request, text: str) -> Answer:
        place = self.place(read_id(text))
        if place is None or not place[1].published:
            return as_json(404, {"error": "Model not found"})
        wanted = request.query.get("modelFileId")
        file = place[1].primary if wanted is None else next((f for f in place[1].files if str(f.id) == wanted), None)
        if file is None:
            return as_json(404, {"error": "Missing model file"})
        return as_json(200, mini_body(*place, file, request.base))

    def _by_hash(self, request: Request, value: str) -> Answer:
        held = self.hashes().get(value.upper())
        answer = self._version(request, held[0][0] if held else None)
        answer.headers = [*answer.without("Cache-Control"), _HASHED]
        return answer

    def _by_hashes(self, request: Request) -> Answer:
        wanted = read_hashes(request, 100)
        if wanted is None:
            return as_json(400, {"error": _NEED_HASHES + "Max 100."})
        places = {held[0][0][1].id: held[0][0] for value in wanted if (held := self.hashes().get(value))}
        # The live server reads a misspelled header here, so that its links name no host.
        return as_json(
            200,
            [
                version_body(*places[number], request.base, alone=True, links="https://undefined")
                for number in sorted(places)
            ],
        )

    def _hash_ids(self, request: Request) -> Answer:
        wanted = read_hashes(request, 10_000)
        if wanted is None:
            return as_json(400, {"error": _NEED_HASHES + "Max 10000."})
        known = self.hashes()
        rows = [
            {"modelVersionId": version.id, "modelId": model.id, "hash": value}
            for value in wanted
            for (model, version), _ in known.get(value, [])
        ]
        return as_json(200, rows)

    def hashes(self) -> dict[str, list[tuple[Place, ModelFile]]]:
        """Every published file by every hash; of equal ones the first published, then the lowest id."""
        if self._hashes is None:
            self._hashes = {}
            for model in self.every():
                for version in model.listed():
                    self._index((model, version))
            for held in self._hashes.values():
                held.sort(key=lambda one: (one[0][1].published or 0, one[0][1].id))
        return self._hashes

    def _index(self, place: Place) -> None:
        assert self._hashes is not None
        for file in place[1].files:
            for value in file.hashes.values():
                self._hashes.setdefault(value, []).append((place, file))


def _picture(name: str) -> Answer:
    """A picture or film of the image server, whatever size is asked for."""
    number, _, ending = name.partition(".")
    if not number.isdigit():
        return text(404, "Not Found")
    if ending == "mp4":
        return text(200, pictures.mp4(), kind="video/mp4")
    return text(200, pictures.png(int(number)), kind="image/png")


def read_id(text: str) -> int | None:
    """A number that fits int4; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and int(text) <= _MAX_ID else None


def read_hashes(request: Request, most: int) -> list[str] | None:
    """The SHA256 hashes of a bare JSON array; None when it is anything else."""
    try:
        body: Any = json.loads(request.body or b"null")
    except ValueError:
        return None
    if not isinstance(body, list) or len(body) > most:
        return None
    if not all(isinstance(value, str) and len(value) == 64 for value in body):
        return None
    return [value.upper() for value in body]


_LOGIN = "<!DOCTYPE html><html><head><title>Civitai | Sign in</title></head>" + "<p>Sign in</p>" * 200 + "</html>"
