"""Previews of the library's models: shown small, given, taken away, put back, and fetched from hubs."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from modelyard.catalogue.model import Model
from modelyard.errors import NoSuchFile, PreviewRefused, UnsafePath
from modelyard.jobs.inquiry import Inquiry
from modelyard.jobs.stock import Stock
from modelyard.library.previews import replacing
from modelyard.library.previews.containers import form_of
from modelyard.library.previews.decoder import Decoder
from modelyard.library.previews.finding import VIDEOS, Preview, find
from modelyard.library.previews.source import read
from modelyard.library.previews.thumbnails import Thumbnails
from modelyard.library.sidecars.belonging import anchor_of
from modelyard.net.client import Request
from modelyard.net.stop import Stop
from modelyard.net.url import parse
from modelyard.values.about import About, Picture

LARGEST = 20 << 20
"""Bytes of a picture that are fetched or shown whole; a video beside a model may have more."""

_LARGEST_SHOWN = 64 << 20
_SAFE = 1 | 2
_NEVER = 32
TYPES = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
    "avif": "image/avif",
    "bmp": "image/bmp",
    "jxl": "image/jxl",
    "mp4": "video/mp4",
    "webm": "video/webm",
}
"""Media types of what is shown, by form."""


class Pictures:
    """The previews of one library."""

    def __init__(self, stock: Stock) -> None:
        self._stock = stock
        self._decoder = Decoder()
        self._small = Thumbnails(stock.folder / "thumbnails", self._decoder)

    def close(self) -> None:
        """End the children that decode."""
        self._decoder.close()

    # --- show ---------------------------------------------------------------------------------------

    def small(self, model: Model, width: int, form: str = "webp") -> bytes:
        """A model's picture: its preview's, else the one in its header, else a drawn one.

        Raises:
            PreviewRefused: Not even that could be drawn.
        """
        try:
            if model.preview:
                return self._small.get(_preview(self._within(model.preview)), width, form)
            if model.format == "safetensors":
                return self._small.cover(self._within(model.path), width, form)
        except (PreviewRefused, UnsafePath):
            pass  # a picture that is broken, or that a link fetches from outside, is as good as none
        return self._small.placeholder(model.title, model.kind, width, form)

    def whole(self, model: Model) -> tuple[bytes, str]:
        """A model's preview as it lies on the disk, and its media type by its first bytes.

        Raises:
            NoSuchFile: It has none.
            PreviewRefused: What lies there is no picture or video, or too large.
            UnsafePath: A link leads out of the roots.
        """
        if not model.preview:
            raise NoSuchFile(f"{model.title} has no preview.")
        path = self._within(model.preview)
        data = read(path, _LARGEST_SHOWN)
        if form_of(data) not in TYPES:
            raise PreviewRefused(f"{path.name} is no picture or video.")
        return data, TYPES[form_of(data)]

    def _within(self, text: str) -> Path:
        """Where a file truly lies.

        Raises:
            UnsafePath: Outside the roots.
        """
        path = Path(os.path.realpath(text))
        self._stock.roots().inside(path)
        return path

    # --- change -------------------------------------------------------------------------------------

    def give(self, model: Model, data: bytes) -> Path:
        """Make these bytes a model's preview; the former one is kept.

        Raises:
            PreviewRefused: They are neither a picture nor a video that we take.
            DiskError, UnsafePath: It cannot be written there.
        """
        path = self._writable(model)
        written = replacing.write(path, data, self._decoder)
        self._shows(model, str(written))
        return written

    def restore(self, model: Model) -> Path:
        """Put the former preview back.

        Raises:
            NoSuchFile: There is no former one.
            DiskError, UnsafePath: It cannot be written there.
        """
        written = replacing.restore(self._writable(model))
        self._shows(model, str(written))
        return written

    def remove(self, model: Model) -> None:
        """Take a model's preview away; `restore` puts it back.

        Raises:
            NoSuchFile: It has none of its own.
            DiskError, UnsafePath: It cannot be written there.
        """
        path = self._writable(model)
        replacing.remove(path)
        left = find(path)
        self._shows(model, str(left.path) if left else "")

    def _shows(self, model: Model, preview: str) -> None:
        """Keep what lies beside it now, under a stamp of no scan: the next one looks, and no old picture stays."""
        self._stock.catalogue.write(model.id, {"preview": preview, "sidecars": f"given {secrets.token_hex(8)}"})

    def regenerate(self, model: Model, about: About, stop: Stop) -> Path:
        """Make a preview anew: from the hub, else from the model's own header.

        Raises:
            PreviewRefused: Neither has a picture that may be shown.
            YardError: The hub or the disk says no.
        """
        self._writable(model)
        chosen = self.fitting(about)
        if chosen is not None:
            return self.give(model, self.fetch(chosen, stop, self._asked_again(model, chosen, stop)))
        if model.format != "safetensors":
            raise PreviewRefused(f"No hub has a picture of {model.title}, and its header holds none.")
        return self.give(model, self._decoder.cover(Path(model.path), 0, "png"))

    def _asked_again(self, model: Model, picture: Picture, stop: Stop) -> Sequence[About]:
        """What hubs say of a model now, when a picture lies where only the hub's own word may lead."""
        if parse(picture.url).origin not in {one for hub in self._stock.yard.hubs for one in hub.realm.chosen}:
            return ()
        subjects = self._stock.catalogue.subjects([model.id])
        return [record for one in Inquiry(self._stock.yard, stop).about(subjects).values() for record in one.records]

    def _writable(self, model: Model) -> Path:
        path = Path(model.path)
        anchor = anchor_of(path, folder=path.is_dir())
        self._stock.roots().writable(anchor)
        return anchor

    # --- fetch --------------------------------------------------------------------------------------

    def fitting(self, about: About) -> Picture | None:
        """The first picture that the setting allows, pictures before videos; None when there is none."""
        wanted = self._stock.yard.settings["previews"]
        fits = [one for one in about.pictures if _fits(one, about, safe_only=wanted == "safe-only")]
        return min(fits, key=lambda one: one.kind == "video", default=None) if wanted != "off" else None

    def fetch(self, picture: Picture, stop: Stop, records: Sequence[About] = ()) -> bytes:
        """The bytes of a picture that a stranger named: without a key, from public servers or the owner's own hubs.

        Args:
            records: What hubs have just answered. A picture at an origin that the owner chose for a hub, maybe in
                the local network, is fetched when that very hub named it: a sidecar or another hub may not.

        Raises:
            PreviewRefused: The server has no picture there, or a too large one.
            NetworkError, AddressForbidden: It cannot be reached, or must not be.
        """
        url = picture.url.replace("/original=true/", "/width=1024/") if picture.kind == "image" else picture.url
        tellers = {one.hub for one in records if any(named.url == picture.url for named in one.pictures)}
        own = {origin for hub in self._stock.yard.hubs if hub.name in tellers for origin in hub.realm.chosen}
        request = Request(url, told_by_public=parse(url).origin not in own)
        reply = self._stock.client.open(request, stop)
        try:
            if reply.status != 200:
                raise PreviewRefused(f"{reply.url.host} answered {reply.status} instead of a picture.")
            with stop.waking(reply.connection.shut):
                return reply.read_all(LARGEST)
        finally:
            reply.close()


def _fits(picture: Picture, about: About, *, safe_only: bool) -> bool:
    """Whether a picture may be shown; one that nobody vouches for counts as explicit when only safe ones may."""
    level = picture.nsfw if picture.nsfw is not None else about.nsfw
    if safe_only:
        return level is not None and not level & ~_SAFE
    return not (level or 0) & _NEVER


def _preview(path: Path) -> Preview:
    return Preview(path, "video" if path.name.lower().endswith(VIDEOS) else "image")
