"""Plain files under ``/files``: validators, digests, mirrors, Metalink, odd names, and faults by URL."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import quote
from xml.sax.saxutils import escape

from modelyard.testing.cdn import Cdn
from modelyard.testing.content import Content, Flipped
from modelyard.testing.faults import Faults
from modelyard.testing.files import answer_file, served
from modelyard.testing.models import model_content
from modelyard.testing.scenarios import Setting
from modelyard.testing.scenarios_names import DISPOSITIONS
from modelyard.testing.wire import Answer, Fields, Request, Served, text

Truth = Literal["right", "wrong"]
DEFAULT_SIZE = 4 << 20


@dataclass(slots=True)
class PlainFile:
    """How one plain file is served.

    Attributes:
        etag: strong, weak or none.
        last_modified: Whether Last-Modified is sent.
        digest: Send ``Digest`` (RFC 3230), right or wrong.
        repr_digest: Send ``Repr-Digest`` (RFC 9530), right or wrong.
        checksum: Whether the ``.sha256`` beside it is right or wrong.
        described: Name the ``.meta4`` beside it by ``Link: rel=describedby``; the hash in it is right or wrong.
        mirror: Offer the same bytes on the CDN by ``Link: rel=duplicate``; ``wrong`` offers flipped ones.
        disposition: Content-Disposition as it is to be sent.
        ranges: Whether Range is honoured.
        chunked: Send without a length.
    """

    content: Content
    etag: Literal["strong", "weak", "none"] = "strong"
    last_modified: bool = True
    digest: Truth | None = None
    repr_digest: Truth | None = None
    checksum: Truth = "right"
    described: Truth | None = None
    mirror: Truth | None = None
    disposition: str | None = None
    content_type: str = "application/octet-stream"
    ranges: bool = True
    chunked: bool = False


class Plain:
    """A web server with model files on it."""

    def __init__(self, cdn: Cdn, faults: Faults, seed: int) -> None:
        self._cdn, self._faults, self._seed = cdn, faults, seed
        self.files: dict[str, PlainFile] = {}

    def reset(self) -> None:
        """Forget every file."""
        self.files = {}

    def answer(self, request: Request) -> Answer:
        """The file, its ``.sha256``, its ``.meta4``, or 404."""
        parts = request.segments[1:]
        name = "/".join(parts)
        if parts[:1] == ["fault"] and len(parts) > 2:
            return self._faulty(request, parts)
        if parts[:1] == ["named"] and len(parts) > 2 and parts[1] in DISPOSITIONS:
            content = model_content(name, 65536, seed=self._seed)
            return self._file(request, name, PlainFile(content, disposition=DISPOSITIONS[parts[1]]))
        if name in self.files:
            return self._file(request, name, self.files[name])
        return self._beside(request, name) or text(404, "no such file")

    def _faulty(self, request: Request, parts: list[str]) -> Answer:
        if parts[1] not in self._faults.scenarios:
            return text(404, f"no scenario {parts[1]}")
        name = "/".join(parts)
        numbers: dict[str, Setting] = {key: int(value) for key, value in request.pairs if value.isdigit()}
        if name not in self.files:
            size = int(numbers.get("size", DEFAULT_SIZE))
            self.files[name] = PlainFile(model_content(name, size, seed=self._seed))
        answer = self._file(request, name, self.files[name])
        if answer.file:
            self._faults.pin(answer.file.label, parts[1], numbers).bind(self.files[name].content)
        return answer

    def _file(self, request: Request, name: str, file: PlainFile) -> Answer:
        shown = served(file.content, f"files/{name}", content_type=file.content_type, ranges=file.ranges)
        if file.etag != "strong":
            shown.etag = f"W/{shown.etag}" if file.etag == "weak" else None
        if not file.last_modified:
            shown.modified = None
        answer = answer_file(request, replace(shown, fields=self._fields(request, name, file, shown)))
        answer.wire.chunked = file.chunked and answer.status in (200, 206)
        return answer

    def _fields(self, request: Request, name: str, file: PlainFile, shown: Served) -> Fields:
        fields = [("Content-Disposition", file.disposition)] if file.disposition is not None else []
        if file.digest:
            fields.append(("Digest", f"SHA-256={_base64(file.content, file.digest)}"))
        if file.repr_digest:
            fields.append(("Repr-Digest", f"sha-256=:{_base64(file.content, file.repr_digest)}:"))
        links = []
        if file.mirror:
            links.append(f"<{self._mirror(request, name, file, shown)}>; rel=duplicate; pri=1")
        if file.described:
            links.append(f'</files/{quote(name)}.meta4>; rel=describedby; type="application/metalink4+xml"')
        return [*fields, ("Link", ", ".join(links))] if links else fields

    def _mirror(self, request: Request, name: str, file: PlainFile, shown: Served) -> str:
        content = file.content
        lying = Flipped(content, content.size * 3 // 4) if file.mirror == "wrong" else content
        return self._cdn.open(request, f"/mirror/{name}", replace(shown, content=lying, label=f"mirror/{name}"))

    def _beside(self, request: Request, name: str) -> Answer | None:
        base, _, kind = name.rpartition(".")
        file = self.files.get(base)
        if file is None:
            return None
        if kind == "sha256":
            lying = Flipped(file.content, file.content.size // 2) if file.checksum == "wrong" else file.content
            return text(200, f"{lying.sha256}  {base.rpartition('/')[2]}\n")
        return self._metalink(request, base, file) if kind == "meta4" else None

    def _metalink(self, request: Request, name: str, file: PlainFile) -> Answer:
        """RFC 5854 with size, hash, 1 MiB pieces and two URLs; a wrong ``digest`` makes its hash wrong too."""
        content = file.content
        lying = "wrong" in (file.digest, file.described)
        claimed = Flipped(content, content.size // 2) if lying else content
        # aria2 checks the pieces and then skips the whole file's hash, so that a lie is told without pieces.
        pieces = "" if lying else _pieces(content)
        mirror = self._mirror(request, name, file, served(content, f"mirror/{name}"))
        urls = [f"{request.base}/files/{quote(name)}", mirror]
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>\n<metalink xmlns="urn:ietf:params:xml:ns:metalink">'
            f'<file name="{escape(name.rpartition("/")[2])}"><size>{content.size}</size>'
            f'<hash type="sha-256">{claimed.sha256}</hash>{pieces}'
            + "".join(f'<url priority="{i}">{escape(url)}</url>' for i, url in enumerate(urls, 1))
            + "</file></metalink>\n"
        )
        return text(200, body, kind="application/metalink4+xml")


def _pieces(content: Content) -> str:
    hashes = "".join(f"<hash>{hashlib.sha256(block).hexdigest()}</hash>" for block in content.blocks())
    return f'<pieces length="1048576" type="sha-256">{hashes}</pieces>'


def _base64(content: Content, truth: Truth) -> str:
    value = content if truth == "right" else Flipped(content, content.size // 2)
    return base64.b64encode(bytes.fromhex(value.sha256)).decode()
