"""Runs hooks: one worker thread behind a bounded queue, so that no hook can slow a transfer."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from modelyard.errors import YardError, unforeseen
from modelyard.events.log import Event, EventLog
from modelyard.jobs.hooks.command import run
from modelyard.jobs.hooks.entries import Hook, check_event
from modelyard.jobs.hooks.hook_file import HookFile
from modelyard.jobs.hooks.names import NAMES, Namer
from modelyard.jobs.hooks.telling import Plugins, notify, post
from modelyard.keys.redaction import Redactor
from modelyard.net.client import Client
from modelyard.net.stop import Clock, Stop

WAITING = 1000
"""Calls of hooks that may wait; further ones are dropped and told as ``hooks.dropped``."""

_Call = tuple[Hook, str, Mapping[str, Any]]


class Hooks:
    """The hooks of one process. `start` it once, `close` it in the end.

    Args:
        client: For webhooks; it must carry no keys.
        environ: Where commands get their harmless variables.
    """

    def __init__(
        self,
        file: HookFile,
        events: EventLog,
        client: Client,
        clock: Clock,
        redactor: Redactor,
        environ: Mapping[str, str],
        stop: Stop,
    ) -> None:
        self.file = file
        self._events, self._client, self._clock = events, client, clock
        self._redactor, self._environ = redactor, environ
        self._stop = Stop(stop)
        self._namer = Namer()
        self._lock = threading.Lock()
        self._hooks: tuple[Hook, ...] = ()
        self._stamp = 0
        self._waiting: queue.Queue[_Call | None] = queue.Queue(WAITING)
        self._dropped = 0
        self._plugins = Plugins(self._stop)
        self._thread = threading.Thread(target=self._work, name="hooks", daemon=True)
        self._closed = False
        self._leave: Callable[[], None] = lambda: None

    def start(self, still_open: int = 0) -> None:
        """Listen from now on. A damaged file is told as ``hook.failed``; it keeps nothing else from starting.

        Args:
            still_open: Tasks of the queue that are open now.
        """
        self._namer = Namer(still_open)
        self.reload()
        self.file.on_change = self.reload
        self._leave = self._events.listen(self._hear)
        self._thread.start()

    def reload(self) -> None:
        """Read the file again."""
        self._stamp = self.file.stamp()
        try:
            self._hooks = self.file.list()
        except YardError as error:
            self._hooks = ()
            self._events.publish("hook.failed", {"hook": "", "event": "", "error": self._redactor.error(error)})

    def close(self, seconds: float = 5.0) -> None:
        """Listen no more, end what runs, and wait for the worker that long. Only the first call does something.

        A call that does not hear that it shall stop (foreign code) is left behind; the process ends without it.
        """
        if self._closed:
            return
        self._closed = True
        self._leave()
        self._stop.set("The service ends.")
        with contextlib.suppress(queue.Full):  # the worker looks at the flag
            self._waiting.put_nowait(None)
        if self._thread.is_alive():
            self._thread.join(seconds)

    def test(self, name: str, event: str = "") -> dict[str, Any]:
        """Run one hook now with a made-up task, in this thread; gives what ``hook.ran`` would tell.

        Raises:
            BadValue: No such hook or event.
            YardError: It failed.
        """
        hook = self.file.get(name)
        named = check_event(event) if event else hook.on[0]
        data = {"id": 0, "kind": "download", "title": "test.safetensors", "from": "running", "to": "done", "test": True}
        return self._do(hook, named, self._told(named, 0, self._clock.wall(), data))

    # --- hear, in the thread that publishes -------------------------------------------------------

    def _hear(self, event: Event) -> None:
        with self._lock:
            names = self._namer.names(event)
        if names and self.file.stamp() != self._stamp:
            self.reload()
        for name in names:
            for hook in self._hooks:
                if hook.hears(name, event.data):
                    self._put((hook, name, self._told(name, event.number, event.at, event.data)))

    def _put(self, call: _Call) -> None:
        try:
            self._waiting.put_nowait(call)
        except queue.Full:
            with self._lock:
                self._dropped += 1

    def _told(self, name: str, number: int, at: float, data: Mapping[str, Any]) -> dict[str, Any]:
        return {"event": name, "says": NAMES[name], "number": number, "at": at, "data": data}

    # --- do, in the worker ------------------------------------------------------------------------

    def _work(self) -> None:
        while (call := self._waiting.get()) is not None and not self._stop.is_set():
            hook, name, told = call
            try:
                self._events.publish("hook.ran", self._do(hook, name, told))
            except YardError as error:
                self._failed(hook, name, error)
            except Exception as error:  # noqa: BLE001  # foreign code: the next hook must run all the same
                self._failed(hook, name, unforeseen(error))
            self._tell_dropped()

    def _failed(self, hook: Hook, name: str, error: YardError) -> None:
        if not self._stop.is_set():
            told = {"hook": hook.name, "event": name, "error": self._redactor.error(error)}
            self._events.publish("hook.failed", told)

    def _tell_dropped(self) -> None:
        with self._lock:
            count, self._dropped = self._dropped, 0
        if count:
            self._events.publish("hooks.dropped", {"count": count})

    def _do(self, hook: Hook, name: str, told: Mapping[str, Any]) -> dict[str, Any]:
        begun = self._clock.now()
        output = self._call(hook, name, self._redactor.data(told))
        seconds = round(self._clock.now() - begun, 3)
        return {"hook": hook.name, "event": name, "seconds": seconds, "output": self._redactor.text(output)[:2000]}

    def _call(self, hook: Hook, name: str, told: dict[str, Any]) -> str:
        body = msgspec.json.encode(told)
        if hook.run:
            return run(hook.run, body, name, hook.timeout, self._environ, self._stop)
        if hook.webhook:
            return self._post(hook, body)
        if hook.plugin:
            self._plugins.call(hook.plugin, told, hook.timeout)
            return ""
        words = [str(told["data"].get(part) or "") for part in ("title", "reason")]
        self._plugins.limited(
            hook.name, hook.timeout, lambda: notify(hook.notify, NAMES[name], " ".join(filter(None, words)) or name)
        )
        return ""

    def _post(self, hook: Hook, body: bytes) -> str:
        stop = Stop(self._stop)
        timer = threading.Timer(hook.timeout, stop.set, [f"It took longer than {hook.timeout:g} s."])
        timer.daemon = True
        timer.start()
        try:
            return post(self._client, self._clock, hook.webhook, body, hook.secret, stop)
        finally:
            timer.cancel()
