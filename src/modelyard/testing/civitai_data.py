"""CivitAI's things: models, versions, files and pictures, and the fixtures of the conformance cases."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from modelyard.testing.content import Bytes, Content
from modelyard.testing.files import BIRTHDAY
from modelyard.testing.models import safetensors, safetensors_of_size

OTHERS = 2345
FIRST_OTHER, FIRST_OTHER_VERSION = 1001, 10000
MATURE = 16
_AUTOV1_AT, _AUTOV1_SIZE = 0x100000, 0x10000


@dataclass
class ModelFile:
    """One file of a version.

    Attributes:
        scanned: Whether the scanners have been here; before that there are no hashes.
        store: Which storage holds it, R2 or B2.
    """

    id: int
    name: str
    content: Content
    type: str = "Model"
    format: str = "SafeTensor"
    size: str | None = "full"
    fp: str | None = "fp16"
    primary: bool = True
    scanned: bool = True
    store: Literal["r2", "b2"] = "r2"

    @cached_property
    def hashes(self) -> dict[str, str]:
        """Every hash that CivitAI knows of a scanned file, upper case."""
        return hashes_of(self.content) if self.scanned else {}

    def facts(self) -> dict[str, str | None]:
        """What download parameters are compared with."""
        return {"type": self.type, "format": self.format, "size": self.size, "fp": self.fp}


@dataclass
class Picture:
    """An example picture or film of a version."""

    id: int
    level: int = 1
    kind: str = "image"
    meta: dict[str, object] | None = None


@dataclass
class Version:
    """One version of a model.

    Attributes:
        published: Seconds since 1970; None is a draft.
        early_until: End of its early access, in seconds since 1970.
    """

    id: int
    name: str
    files: list[ModelFile]
    published: float | None = BIRTHDAY
    base_model: str = "SDXL 1.0"
    trained_words: list[str] = field(default_factory=list)
    early_until: float | None = None
    login: bool = False
    disabled: bool = False
    pictures: list[Picture] = field(default_factory=list)

    @property
    def primary(self) -> ModelFile | None:
        """The file that a bare download link gives."""
        return next((file for file in self.files if file.primary), None)


@dataclass
class Model:
    """A model; the newest version first."""

    id: int
    name: str
    type: str
    versions: list[Version]
    mode: str | None = None
    level: int = 1
    tags: list[str] = field(default_factory=lambda: ["practice"])
    creator: str | None = "ada"
    description: str | None = "<p>To practise on.</p>"
    downloads: int = 10

    def listed(self) -> list[Version]:
        """The versions that anybody may see."""
        return [version for version in self.versions if version.published and version.primary]


def hashes_of(content: Content) -> dict[str, str]:
    """CivitAI's hashes, by the rules of A1111 and Forge (hubs.md 3.7)."""
    told = {"SHA256": content.sha256, "AutoV2": content.sha256[:10], "CRC32": content.crc32, "BLAKE3": content.blake3}
    if content.size >= _AUTOV1_AT + _AUTOV1_SIZE:
        middle = content.read(_AUTOV1_AT, _AUTOV1_AT + _AUTOV1_SIZE)
        told["AutoV1"] = hashlib.sha256(middle).hexdigest()[:8]
    if content.head:
        rest = hashlib.sha256()
        for block in content.blocks(content.head):
            rest.update(block)
        told["AutoV3"] = rest.hexdigest()[:12]
    return {kind: value.upper() for kind, value in told.items()}


def fixtures(seed: int, now: float) -> Iterator[Model]:
    """Models 100 to 110; the others come from `other`."""
    films = [Picture(1, meta={"prompt": "a yard", "steps": 20}), Picture(2, kind="video"), Picture(3, level=4)]
    lora = safetensors({"lora_up.weight": ("F16", (64, 16000))}, metadata={"ss_output_name": "practice"}, seed=seed)
    first = ModelFile(301, "practice_lora.safetensors", lora)
    draft = Version(202, "v2", [_file(302, 2000, seed)], published=None)
    told = Version(201, "v1", [first], trained_words=["prctc style"], pictures=films)
    yield Model(100, "Practice LoRA", "LORA", [draft, told], tags=["style", "practice"], downloads=900)
    yield _checkpoint(seed)
    yield _one(102, 204, seed, mode="Archived")
    yield _one(103, 205, seed, mode="TakenDown")
    early = _one(104, 206, seed)
    early.versions[0].early_until = now + 86400
    yield early
    login = _one(105, 207, seed)
    login.versions[0].login = True
    yield login
    disabled = _one(106, 208, seed)
    disabled.versions[0].disabled = True
    yield disabled
    unscanned = _one(107, 209, seed)
    unscanned.versions[0].files[0].scanned = False
    yield unscanned
    yield _one(108, 210, seed, level=MATURE)
    yield Model(109, "No file", "LORA", [Version(211, "v1", [])])
    again = Version(212, "v1", [ModelFile(312, "again.safetensors", lora)], BIRTHDAY + 9)
    yield Model(110, "Uploaded again", "LORA", [again])


def other(number: int) -> Model:
    """One of the 2,345 further models; they differ in their header alone."""
    content = safetensors({"w": ("U8", (1024,))}, metadata={"number": str(number)})
    file = ModelFile(20000 + number, f"other-{number}.safetensors", Bytes(content.bytes(), content.head))
    types = ("LORA", "Checkpoint", "TextualInversion", "VAE")
    base = ("SDXL 1.0", "SD 1.5", "Flux.1 D")[number % 3]
    version = Version(FIRST_OTHER_VERSION + number, "v1", [file], BIRTHDAY + number * 60, base_model=base)
    version.pictures.append(Picture(FIRST_OTHER + number))
    return Model(FIRST_OTHER + number, f"Other {number}", types[number % 4], [version], downloads=number * 7 % 1000)


def _checkpoint(seed: int) -> Model:
    pruned, full, vae = (safetensors_of_size(size, seed=seed + size) for size in (2_000_000, 4_000_000, 300_000))
    files = [
        ModelFile(303, "big_pruned.safetensors", pruned, size="pruned", store="b2"),
        ModelFile(304, "big_full.safetensors", full, fp="fp32", primary=False),
        ModelFile(305, "big.vae.safetensors", vae, type="VAE", size=None, primary=False),
    ]
    return Model(101, "Practice Checkpoint", "Checkpoint", [Version(203, "v1", files)], downloads=1200)


def _one(number: int, version: int, seed: int, *, mode: str | None = None, level: int = 1) -> Model:
    released = Version(version, "v1", [_file(version + 100, 1_200_000 + version, seed)], pictures=[Picture(number)])
    return Model(number, f"Practice {number}", "LORA", [released], mode=mode, level=level)


def _file(number: int, size: int, seed: int) -> ModelFile:
    return ModelFile(number, f"file-{number}.safetensors", safetensors_of_size(size, seed=seed))
