"""A GGUF file in Ollama: its bytes as a blob, then the manifest that names them, never a blob alone.

Where Ollama runs, it makes the manifest itself, with its templates; the blob is linked for it, so that no byte is
copied. Where it does not run, the manifest is written as it writes its own (its server/manifest.go, facts 4).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from modelyard.errors import CannotLend, TargetExists, YardError
from modelyard.jobs.lending.loans import Asked, Loan, Made
from modelyard.jobs.lending.making import Making, take_back
from modelyard.jobs.lending.ollama_api import Ollama
from modelyard.jobs.lending.planning import Plan
from modelyard.jobs.lending.targets import ollama_name
from modelyard.library.shifting.copying import Count
from modelyard.library.shifting.failpoint import failpoint
from modelyard.library.shifting.naming import Way
from modelyard.programs.installed.found import Means
from modelyard.programs.installed.metadata import manifests_naming
from modelyard.values.identity import Identity

_HOME = "manifests/registry.ollama.ai/library"
_DOCKER = "application/vnd.docker"


def lend(making: Making, one: Plan, digest: str, identity: Identity, running: Ollama | None, count: Count) -> Means:
    """Make the blob and its manifest; gives by which means.

    Raises:
        TargetExists: Ollama has another model of that name.
        CannotLend: It did not work; `take_back` removes what was made.
    """
    name = ollama_name(one.model.title)
    if running is not None and "api" in one.means:
        return _by_api(making, one, name, digest, running, count)
    if "manifest" not in one.means:
        raise CannotLend("Ollama does not run.", hint="Start it, or leave --by out: a manifest is written then.")
    place = Path(_HOME, name, "latest")
    if (one.base / place).exists():
        raise TargetExists(f"Ollama has a model {name} already.", hint="Give the model another title: `modelyard tag`.")
    _blob(making, one, digest, copying="copy" in one.means)
    config = _config(digest, identity)
    known = hashlib.sha256(config).hexdigest()
    if not (one.base / "blobs" / f"sha256-{known}").exists():
        making.write(one.base, Path("blobs", f"sha256-{known}"), config)
    making.write(one.base, place, _manifest(digest, one.model.size, known, len(config)))
    return "manifest"


def _by_api(making: Making, one: Plan, name: str, digest: str, running: Ollama, count: Count) -> Means:
    source = one.files[0][0]
    if running.digest(f"{name}:latest"):
        raise TargetExists(f"Ollama has a model {name} already.", hint="Give the model another title: `modelyard tag`.")
    making.change(asked=Asked(name=f"{name}:latest", blob=digest))
    if not running.has(digest):
        try:
            _blob(making, one, digest, copying=False)
        except YardError as error:
            if "copy" not in one.means:
                raise CannotLend(
                    f"Ollama's store cannot have a link to {source}: {error.message}",
                    hint="Say --copy to give it a copy.",
                ) from error
        if not running.has(digest):
            if "copy" not in one.means:
                raise CannotLend(f"The Ollama that runs does not use {one.base}.", hint="Say --copy to give it a copy.")
            running.upload(source, digest, count)
    failpoint("asking")
    made = running.create(f"{name}:latest", source.name if source.suffix else f"{name}.gguf", digest)
    failpoint("asked")
    making.change(asked=Asked(name=f"{name}:latest", digest=made, blob=digest))
    return "api"


def _blob(making: Making, one: Plan, digest: str, *, copying: bool) -> None:
    source, place = one.files[0][0], Path("blobs", f"sha256-{digest}")
    if (one.base / place).exists():
        return  # it has these bytes already
    ways: tuple[Way, ...] = ("reflink", "hardlink", "symlink")
    making.link(source, one.base, place, (*ways, "copy") if copying else ways)


def _config(digest: str, identity: Identity) -> bytes:
    family = identity.family if identity.family != "unknown" else ""
    told = {
        "model_format": "gguf",
        "model_family": family,
        "model_families": [family] if family else None,
        "model_type": f"{identity.parameters / 1e9:.1f}B" if identity.parameters else "",
        "file_type": identity.quantisation,
        "architecture": "amd64",
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
    }
    return msgspec.json.encode(told)


def _manifest(digest: str, size: int, config: str, config_size: int) -> bytes:
    told = {
        "schemaVersion": 2,
        "mediaType": f"{_DOCKER}.distribution.manifest.v2+json",
        "config": {
            "mediaType": f"{_DOCKER}.container.image.v1+json",
            "digest": f"sha256:{config}",
            "size": config_size,
        },
        "layers": [
            {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{digest}", "size": size},
        ],
    }
    return msgspec.json.encode(told)


def give_back(loan: Loan, running: Ollama | None) -> list[tuple[str, str]]:
    """Remove the name that was made, and the blob when no other manifest names it; gives what stays, with reasons.

    Raises:
        CannotLend: Ollama made it, and does not run.
    """
    asked = loan.asked
    if asked is not None and (asked.digest or _is_made(loan, asked)):
        if running is None:
            raise CannotLend("Ollama made this name, and does not run.", hint=f"Start it, or: ollama rm {asked.name}")
        now = running.digest(asked.name)
        if now and now != (asked.digest or now):
            return [(asked.name, "Another model has this name in Ollama now.")]
        if now:
            running.delete(asked.name)

    def keep(one: Made) -> str:
        return "Another model of Ollama has the same bytes." if _others_naming(loan, one) else ""

    return take_back(loan, keep)


def _is_made(loan: Loan, asked: Asked) -> bool:
    """Whether Ollama made a name before we could write down its digest: it was free, and names our very bytes now."""
    if not asked.blob:
        return False
    own = Path(loan.path, _HOME, *asked.name.split(":"))
    # what may not be looked at is no file
    return os.path.isfile(own) and own in manifests_naming(Path(loan.path), f"sha256-{asked.blob}")  # noqa: PTH113


def _others_naming(loan: Loan, one: Made) -> list[str]:
    """Manifests besides its own that name a blob of a loan."""
    target, own = Path(one.target), {made.target for made in loan.files}
    if target.parent.name != "blobs" or one.mark is None:
        return []
    return [str(path) for path in manifests_naming(Path(loan.path), target.name) if str(path) not in own]


def heirs(loan: Loan, others: Iterable[Loan]) -> Iterator[Loan]:
    """Loans whose manifests name blobs of one that ends: the blobs are theirs from then on."""
    by_manifest = {made.target: other for other in others if other.kind == "ollama" for made in other.files}
    for one in loan.files:
        heir = next((by_manifest[path] for path in _others_naming(loan, one) if path in by_manifest), None)
        if heir is not None:
            by_manifest |= {made.target: msgspec.structs.replace(heir, files=(one, *heir.files)) for made in heir.files}
            yield by_manifest[heir.files[-1].target]
