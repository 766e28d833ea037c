"""Asking ModelScope what a model holds (facts 4.2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from modelyard.errors import BadAnswer, YardError
from modelyard.hubs.answers import body_record, claim, records, some, text, texts
from modelyard.hubs.companions import companions, is_one_of_several
from modelyard.hubs.links import is_plain
from modelyard.hubs.modelscope.addresses import DEFAULT_REVISION, NAME, api_url, file_url, page_url
from modelyard.hubs.selection import is_glob, narrow
from modelyard.net.api import Answer, Api
from modelyard.values.about import Change
from modelyard.values.offers import Access, Address, Listing, Offer, Source
from modelyard.values.untrusted import record, whole
from modelyard.values.untrusted import text as clean

CUT = 3_000
"""A listing of exactly this many entries was cut without a word; the rest is asked folder by folder."""

PAGE = 200
MOST_PAGES = 5_000
MOST_FOLDERS = 20_000
_TRIES = 4
_YEAR_9999 = 253_370_764_800
"""Seconds since 1970; no later time can be written."""

Explain = Callable[[Answer, Address], YardError]
Entry = Mapping[str, Any]


class Lister:
    """Resolves addresses against one endpoint."""

    def __init__(self, api: Api, endpoint: str, explain: Explain) -> None:
        self._api = api
        self._endpoint = endpoint
        self._explain = explain

    def resolve(self, address: Address) -> Listing:
        """See `Hub.resolve`. For one file only its folder is listed."""
        path, whole_model = address.path, replace(address, path=None)
        info = self._info(whole_model)
        revision = address.revision or DEFAULT_REVISION
        if path is None or is_glob(path) or is_one_of_several(path):
            entries = self._all(whole_model, revision)
        else:
            entries = self._folder(whole_model, revision, path.rpartition("/")[0])
        pinned = replace(whole_model, revision=revision)
        offers = tuple(offer for entry in entries if (offer := self._offer(pinned, entry, info)))
        listing = Listing(
            pinned,
            text(info.get("ChineseName")) or address.model,
            offers,
            page=page_url(address, self._endpoint),
            licence=text(info.get("License")),
            access=_access(info),
            facts=_facts(info),
        )
        return narrow(listing, path, companions)

    def changes(self, address: Address, paths: Sequence[str]) -> dict[str, Change]:
        """See `Committing.changes`: each entry of a folder names its commit."""
        revision = address.revision or DEFAULT_REVISION
        folders = dict.fromkeys(path.rpartition("/")[0] for path in paths)
        entries = [entry for folder in folders for entry in self._folder(address, revision, folder)]
        found = {text(entry.get("Path")) or "": change for entry in entries if (change := _change(entry))}
        return {path: found[path] for path in paths if path in found}

    def _info(self, address: Address) -> Mapping[str, Any]:
        answer = self._api.get(api_url(address, self._endpoint))
        if answer.status != 200:
            raise self._explain(answer, address)
        return record(body_record(answer).get("Data"))

    def _all(self, address: Address, revision: str) -> list[Entry]:
        if address.kind == "dataset":
            return list(self._dataset_pages(address, revision, "", recursive=True))
        entries = self._files(address, revision, "", recursive=True)
        return entries if len(entries) < CUT else list(self._walk(address, revision))

    def _folder(self, address: Address, revision: str, folder: str) -> list[Entry]:
        if address.kind == "dataset":
            return list(self._dataset_pages(address, revision, folder, recursive=False))
        return self._files(address, revision, folder, recursive=False)

    def _walk(self, address: Address, revision: str) -> Iterator[Entry]:
        """The whole model folder by folder, whole subtrees where they are below the cut."""
        waiting, seen = [""], 0
        while waiting:
            folder, seen = waiting.pop(), seen + 1
            if seen > MOST_FOLDERS:
                raise BadAnswer(f"{address.model} has more than {MOST_FOLDERS} folders.")
            entries = self._files(address, revision, folder, recursive=True) if folder else []
            if folder and len(entries) < CUT:
                yield from entries
                continue
            entries = self._files(address, revision, folder, recursive=False)
            if len(entries) >= CUT:
                raise BadAnswer(
                    f"The folder {folder or '/'!r} of {address.model} holds {CUT} files or more; some are hidden.",
                    hint="Name its files one by one: ms:owner/repo/folder/file.",
                )
            yield from entries
            known = [text(entry.get("Path")) or "" for entry in entries if entry.get("Type") == "tree"]
            waiting += [
                path for path in reversed(known) if is_plain(path) and path.startswith(folder) and path != folder
            ]

    def _files(self, address: Address, revision: str, folder: str, *, recursive: bool) -> list[Entry]:
        params: dict[str, str | int | list[str]] = {"Revision": revision, "Recursive": str(recursive)}
        if folder:
            params["Root"] = folder
        answer = self._ask(f"{api_url(address, self._endpoint)}/repo/files", params, address, revision)
        return _entries(answer)

    def _dataset_pages(self, address: Address, revision: str, folder: str, *, recursive: bool) -> Iterator[Entry]:
        params: dict[str, str | int | list[str]] = {"Revision": revision, "Recursive": str(recursive)}
        params |= {"Root": folder or "/", "PageSize": PAGE}
        url, count = f"{api_url(address, self._endpoint)}/repo/tree", 0
        for page in range(1, MOST_PAGES):
            answer = self._ask(url, params | {"PageNumber": page}, address, revision)
            entries, total = _entries(answer), _total(answer)
            yield from entries
            count += len(entries)
            if not entries or (count >= total if total is not None else len(entries) < PAGE):
                return

    def _ask(self, url: str, params: Mapping[str, Any], address: Address, revision: str) -> Answer:
        """Tree pages answer 403 now and then for no reason; the hub's own client asks again, too (4.3)."""
        for _ in range(_TRIES):
            answer = self._api.get(url, params=params)
            if answer.status != 403:
                break
        if answer.status != 200:
            raise self._explain(answer, replace(address, revision=revision))
        return answer

    def _offer(self, pinned: Address, entry: Entry, info: Mapping[str, Any]) -> Offer | None:
        path, claimed = text(entry.get("Path")), dict[str, str]()
        if entry.get("Type") == "tree" or not path or not is_plain(path):
            return None
        claim(claimed, "sha256", entry.get("Sha256"))
        return Offer(
            address=replace(pinned, path=path),
            path=path,
            size=whole(entry.get("Size")),
            claimed=claimed,
            sources=(Source(file_url(pinned, self._endpoint, pinned.revision, path), NAME),),
            licence=text(info.get("License")),
            access=_access(info),
            page=page_url(pinned, self._endpoint),
        )


def _entries(answer: Answer) -> list[Entry]:
    data = body_record(answer).get("Data")
    files = data if isinstance(data, list) else record(data).get("Files")
    if files is not None and not isinstance(files, list):
        raise BadAnswer("ModelScope's file list is no list.")
    return records(files)


def _change(entry: Entry) -> Change | None:
    commit, at = clean(entry.get("CommitId"), 64), whole(entry.get("CommittedDate"))
    day = dt.datetime.fromtimestamp(at, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at and at < _YEAR_9999 else ""
    return Change(commit, clean(entry.get("CommitMessage")), day) if commit else None


def _total(answer: Answer) -> int | None:
    body = record(answer.json())
    return whole(body.get("TotalCount", record(body.get("Data")).get("TotalCount")))


def _access(info: Mapping[str, Any]) -> Access:
    return {5: Access.OPEN, 3: Access.LOGIN, 1: Access.LOGIN}.get(whole(info.get("Visibility")) or 0, Access.UNKNOWN)


def _facts(info: Mapping[str, Any]) -> dict[str, object]:
    return some(
        author=text(info.get("Owner")) or text(info.get("Path")),
        tags=texts(info.get("Tags")),
        downloads=whole(info.get("Downloads")),
        likes=whole(info.get("Likes")),
        updated=info.get("LastUpdatedTime") or info.get("UpdatedAt"),
    )
