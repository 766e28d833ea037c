"""The practice hub: every protocol on one origin, bodies on another, all on loopback."""

from __future__ import annotations

import socket
import ssl
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from modelyard.testing import civarchive
from modelyard.testing.accounts import Accounts
from modelyard.testing.cdn import Cdn
from modelyard.testing.civitai import CivitAI
from modelyard.testing.clock import Clock
from modelyard.testing.content import Content
from modelyard.testing.control import control
from modelyard.testing.faults import Faults
from modelyard.testing.files import conditional
from modelyard.testing.github import GitHub
from modelyard.testing.huggingface import HuggingFace
from modelyard.testing.log import Log
from modelyard.testing.models import model_content
from modelyard.testing.modelscope import ModelScope
from modelyard.testing.ollama import Ollama
from modelyard.testing.plain import DEFAULT_SIZE, Plain, PlainFile
from modelyard.testing.scenarios import Scenario, Setting
from modelyard.testing.server import Listener
from modelyard.testing.signing import Signer
from modelyard.testing.tls import make_authority, server_context
from modelyard.testing.wire import Answer, Origin, Request, text

Act = Callable[[Request], Answer]

_SWITCHES = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    "HF_HUB_DISABLE_XET": "1",
    "DO_NOT_TRACK": "1",
    "NO_UPDATE_NOTIFIER": "1",
    "no_proxy": "*",
    "NO_PROXY": "*",
}


class PracticeHub:
    """A hub to practise on; use it as a context manager.

    Args:
        tls: Speak HTTPS with a certificate of our own; `ca_file` proves it.
        seed: Makes all content; the same seed gives the same bytes.
        port: Port of the hub origin; 0 takes a free one.

    Attributes:
        log: Every request.
        clock: Movable time.
        faults: What goes wrong.
        signer: Lives of signed links.
        cdn: The other origin's bodies.
        accounts: Known keys.
        hf: The Hugging Face side.
        civitai: The CivitAI side.
        civarchive: The archive of what left CivitAI.
        modelscope: The ModelScope side.
        github: The GitHub side.
        ollama: The registry of Ollama.
        plain: The plain files.
        ca_file: The certificate to trust, when it speaks TLS.
    """

    def __init__(self, tls: bool = False, seed: int = 1, *, port: int = 0) -> None:
        self._tls, self._port, self.seed = tls, port, seed
        self.clock, self.log, self.accounts = Clock(), Log(), Accounts()
        self.signer = Signer(self.clock, seed)
        self.cdn = Cdn(self.signer, lambda request: self.cdn_url)
        self.faults = Faults(self.cdn, self.clock)
        self.plain = Plain(self.cdn, self.faults, seed)
        self.hf = HuggingFace(self.cdn, self.accounts, self.clock, seed, tls=tls)
        self.civitai = CivitAI(self.cdn, self.accounts, self.clock, seed)
        self.civarchive = civarchive.CivArchive(self.cdn)
        self.modelscope = ModelScope(self.cdn, self.accounts, seed)
        self.github = GitHub(self.cdn, self.accounts, self.clock, seed)
        self.ollama = Ollama(self.hf, self.cdn, self.accounts, self.clock, seed)
        self.ca_file: str | None = None
        self._control: Listener | None = None
        self._running = ExitStack()

    def __enter__(self) -> Self:
        tls = self._certify() if self._tls else None
        self._hub = self._listen("hub", self._answer_hub, tls, port=self._port)
        self._cdn = self._listen("cdn", self._answer_cdn, tls, host=_other_host())
        return self

    def _listen(self, origin: Origin, act: Act, tls: ssl.SSLContext | None, **where: Any) -> Listener:
        log = Log() if origin == "control" else self.log
        listener = Listener(origin, act, tls=tls, log=log, clock=self.clock, pace=self.faults.pace, **where)
        self._running.callback(listener.close)
        return listener

    def _certify(self) -> ssl.SSLContext:
        folder = Path(self._running.enter_context(tempfile.TemporaryDirectory(prefix="practice-")))
        self.ca_file = str(make_authority(folder))
        return server_context(folder)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End every connection, stalled ones too, and free the ports."""
        self._running.close()

    @property
    def url(self) -> str:
        """Base URL of the hub origin."""
        return self._hub.url

    @property
    def cdn_url(self) -> str:
        """Base URL of the CDN origin."""
        return self._cdn.url

    @property
    def control_url(self) -> str:
        """Base URL of the control port, which opens when this is first asked for."""
        if self._control is None:
            self._control = self._listen("control", lambda request: control(self, request), None)
        return self._control.url

    def env(self) -> dict[str, str]:
        """Environment variables that lead every known client here and nowhere else."""
        names = ("HF_ENDPOINT", "MODELSCOPE_ENDPOINT", "CIVITAI_ENDPOINT", "GITHUB_ENDPOINT")
        told = {**dict.fromkeys(names, self.url), **_SWITCHES}
        told["CIVARCHIVE_ENDPOINT"] = f"{self.url}/{civarchive.PREFIX}"
        if self.ca_file:
            trust = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
            told |= dict.fromkeys(trust, self.ca_file)
        return told

    def reset(self) -> None:
        """As if just started: no faults, no added files, empty log, real time."""
        self.clock.reset()
        self.faults.clear()
        sides = (self.hf, self.civitai, self.civarchive, self.modelscope, self.github, self.ollama)
        for part in (self.plain, self.cdn, self.signer, *sides):
            part.reset()
        self.log.clear()

    def add_file(
        self, name: str, data: bytes | int | Content = DEFAULT_SIZE, *, sparse: bool = False, **how: Any
    ) -> str:
        """Serve a plain file and return its URL.

        Args:
            name: Path below ``/files/``.
            data: Its bytes, or its size for a valid model made from the seed.
            sparse: Zeros instead of noise.
            how: Fields of `PlainFile`, such as ``etag="weak"``.
        """
        content = model_content(name, data, seed=self.seed, sparse=sparse)
        self.plain.files[name] = PlainFile(content, **how)
        return f"{self.url}/files/{quote(name)}"

    def add_fault(
        self, scenario: str, data: bytes | int | Content = DEFAULT_SIZE, *, name: str = "", **settings: Setting
    ) -> tuple[str, Scenario]:
        """Serve a plain file under a scenario; its URL, and the scenario that knows the right bytes."""
        name = name or f"{len(self.plain.files)}/{scenario}/model.safetensors"
        url = self.add_file(name, data)
        pinned = self.faults.pin(f"files/{name}", scenario, settings)
        pinned.bind(self.plain.files[name].content)
        return url, pinned

    def content(self, name: str) -> Content:
        """The content of a plain file."""
        return self.plain.files[name].content

    def _answer_hub(self, request: Request) -> Answer:
        return self.faults.apply(request, self._route(request))

    def _answer_cdn(self, request: Request) -> Answer:
        return self.faults.apply(request, self.cdn.answer(request))

    def _route(self, request: Request) -> Answer:
        if request.segments[0] == "files":
            return self.plain.answer(request)
        for side in (self.ollama, self.civarchive, self.modelscope, self.civitai, self.github, self.hf):
            if answer := side.answer(request):
                return conditional(request, answer) if side in (self.civitai, self.github, self.hf) else answer
        return text(404, "Not Found")


def _other_host() -> str:
    """127.0.0.2 where it can be bound, so that even clients that compare host names alone see another host."""
    try:
        with socket.create_server(("127.0.0.2", 0)):
            return "127.0.0.2"
    except OSError:
        return "127.0.0.1"
