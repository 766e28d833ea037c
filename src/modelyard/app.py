"""The App: builds every room, owns the order of start and stop.

This is the one place where keys, limits, retries, manners, proxies and the cache are put around the
network, and where hubs and engine get it.
"""

from __future__ import annotations

import datetime as dt
import functools
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from modelyard.engine.order import Engine, TransferPolicy
from modelyard.errors import BadValue, UnknownHub
from modelyard.events.log import EventLog
from modelyard.hubs.address_secrets import Found
from modelyard.hubs.base import Hub, accompanied
from modelyard.hubs.registry import Hubs
from modelyard.jobs.addressing import KeepKey, forget, read_address
from modelyard.jobs.limits import follow, limits_of
from modelyard.jobs.targets import usual_folder
from modelyard.jobs.yard import Yard
from modelyard.keys.chain import Keys, default_places
from modelyard.keys.realm import origin
from modelyard.keys.redaction import Redactor
from modelyard.net.cache import AnswerCache
from modelyard.net.client import Client
from modelyard.net.dial import Dialer, Timeouts
from modelyard.net.guard import Guard
from modelyard.net.hub_api import HubApi
from modelyard.net.lan_hubs import LanHubs
from modelyard.net.manners import Manners
from modelyard.net.pool import Pool
from modelyard.net.proxies import Proxies
from modelyard.net.retry import RetryPolicy
from modelyard.net.stop import Clock, Stop
from modelyard.settings import Settings, data_folder
from modelyard.store.proofs import Proofs
from modelyard.values.offers import Listing
from modelyard.values.sizes import parse_rate, parse_size
from modelyard.values.version import VERSION

if TYPE_CHECKING:
    from modelyard.jobs.backup.holdings import Holdings
    from modelyard.jobs.caretaker import Caretaker
    from modelyard.jobs.download import Download
    from modelyard.jobs.ensuring import Ensure
    from modelyard.jobs.hooks.worker import Hooks
    from modelyard.jobs.lan import LanDesk
    from modelyard.jobs.profiles import Profiles
    from modelyard.jobs.queued import DownloadKind
    from modelyard.jobs.stock import Stock
    from modelyard.jobs.wish import Wish
    from modelyard.store.database import Database
    from modelyard.tasks.queue import Queue
    from modelyard.tasks.runner import Rules, Runner

USER_AGENT = f"modelyard/{VERSION}"


class App:
    """Everything, built and connected. Use as a context manager, or call `close`.

    Args:
        environ: Environment variables; the process's own by default.
        flags: Settings by name that win over file and environment.
        offline: Answer from the cache only.
        clock: Time; tests bring their own.
        trusted: A person at this machine types the addresses: loopback and the LAN may be reached.
    """

    def __init__(
        self,
        environ: Mapping[str, str] | None = None,
        *,
        flags: Mapping[str, str] | None = None,
        offline: bool = False,
        clock: Clock | None = None,
        trusted: bool = True,
    ) -> None:
        self.environ = os.environ if environ is None else environ
        self.clock = clock or Clock()
        self.stop = Stop()
        self.events = EventLog()
        self.folder: Path = data_folder(self.environ)
        self.settings = Settings(self.folder, self.environ, flags)
        self.settings.check()
        self.lan_hubs = LanHubs(self.folder)
        self.keys = Keys([], default_places(self.folder, self.environ), self.lan_hubs.realms)
        self.redactor = Redactor(self.keys.secrets)
        self.pool = self._pool(trusted)
        client = Client(self.pool, self.keys.headers_for, USER_AGENT)
        retry = self._retry()
        manners = Manners(self.clock, retry.patience)
        cache = AnswerCache(self.folder / "cache") if self.settings["cache"] else None
        self.api = HubApi(
            client,
            self.keys.headers_for,
            policy=retry,
            manners=manners,
            clock=self.clock,
            stop=self.stop,
            cache=cache,
            offline=offline,
        )
        self.hubs = Hubs(self.api, self.environ, keyed=self.keys.has)
        for hub in self.hubs:
            self.keys.learn(hub.realm)
        self.proofs = Proofs(self.folder)
        policy = TransferPolicy(connections=self.settings["connections.per-file"], retry=retry)
        engine = Engine(client, manners, self.clock, policy, self.proofs)
        self.limits = limits_of(self.settings, [hub.name for hub in self.hubs], self.clock)
        self._unfollow = follow(self.settings, self.limits, self.pool, _handles())
        rooms = (self.settings, engine, self.hubs, self.api, self.proofs, self.limits)
        self.yard = Yard(*rooms, self.stop, _handles(), self.lan_hubs, self._check_writable)

    def _check_writable(self, folders: Iterable[Path]) -> None:
        from modelyard.library.roots.entries import Entries

        entries = Entries(self.folder).all()
        if any(entry.read_only for entry in entries):  # else plain fetching needs no library
            from modelyard.library.roots.roots import roots_of

            for folder in folders:
                roots_of(entries).check_writable(Path(os.path.realpath(folder)))

    def take_in(self) -> int:
        """Put what commands fetched by themselves into history; gives how many. Only for who holds the folder."""
        from modelyard.jobs.recollecting import take_in

        return take_in(self.folder, self.yard, lambda: self.queue, self.keep_key)

    def download(self, wish: Wish) -> Download:
        """A download, ready to be planned and run. A key in a stranger's address is dropped."""
        from modelyard.jobs.download import Download

        return Download(self.yard, wish, forget if wish.told else self.keep_key)

    @functools.cached_property
    def database(self) -> Database:
        """The database of this data folder. Opened when it is first used: plain commands need none.

        Raises:
            DiskError, NotSupported: It cannot be opened.
        """
        from modelyard.store.database import Database

        return Database(self.folder, self.settings["database"])

    @functools.cached_property
    def queue(self) -> Queue:
        """The queue of this data folder.

        Raises:
            DiskError, NotSupported: The database cannot be opened.
        """
        from modelyard.tasks.queue import Queue

        return Queue(self.database, self.events, self.clock.wall)

    @functools.cached_property
    def stock(self) -> Stock:
        """The library of this data folder: roots and catalogue.

        Raises:
            DiskError, NotSupported: The database cannot be opened.
        """
        from modelyard.jobs.stock import stock_of

        client = Client(self.pool, lambda _origin: {}, USER_AGENT)
        return stock_of(self.yard, self.database, self.events, self.folder, self.clock.wall, client)

    @functools.cached_property
    def caretaker(self) -> Caretaker:
        """What watches and measures the library; a service starts it."""
        from modelyard.jobs.caretaker import Caretaker

        self.stock.busy = lambda: any(one.get("connections") for one in self.live())
        return Caretaker(self.stock, lambda draft: self.queue.add([draft]), self.take_in, self.stop)

    @functools.cached_property
    def ensure(self) -> Ensure:
        """Answers whether models are ready, and fetches them."""
        from modelyard.jobs.ensuring import Ensure

        def live() -> dict[int, Mapping[str, object]]:
            return {int(str(one["id"])): one for one in self.live()}

        return Ensure(self.stock, self.queue, live, self.target, self.keep_key)

    @functools.cached_property
    def downloads(self) -> DownloadKind:
        """The kind of task that downloads."""
        from modelyard.jobs.queued import DownloadKind

        return DownloadKind(self.yard, self.keep_key)

    @functools.cached_property
    def hooks(self) -> Hooks:
        """What a person wants to happen on events; a service starts it. Webhooks carry no hub's key."""
        from modelyard.jobs.hooks.hook_file import HookFile
        from modelyard.jobs.hooks.worker import Hooks

        client = Client(self.pool, lambda _origin: {}, USER_AGENT)
        file = HookFile(self.folder)
        return Hooks(file, self.events, client, self.clock, self.redactor, self.environ, self.stop)

    @functools.cached_property
    def runner(self) -> Runner:
        """What runs the queue; the owner of the data folder's lock starts it, nobody else."""
        from modelyard.jobs.chores import ChoreKind
        from modelyard.jobs.household import CHORES
        from modelyard.tasks.runner import Runner

        chores = [ChoreKind(chore, lambda: self.stock) for chore in CHORES.values()]
        runner = Runner(self.queue, [self.downloads, *chores], self._rules, self.clock)
        self.settings.on_change(lambda _name: runner.wake())
        return runner

    def live(self) -> list[dict[str, object]]:
        """What runs now, see `Runner.live`; nothing where no runner was made: plain commands need none."""
        return self.runner.live() if "runner" in vars(self) else []

    @functools.cached_property
    def lan(self) -> LanDesk:
        """Registers hubs of the local network."""
        from modelyard.jobs.lan import LanDesk

        client = Client(self.pool, self.keys.headers_for, USER_AGENT)
        bare = Client(self.pool, lambda _origin: {}, USER_AGENT)
        return LanDesk(self.lan_hubs, self.keys, client, bare, self.stop)

    @functools.cached_property
    def profiles(self) -> Profiles:
        """Named sets of options."""
        from modelyard.jobs.profiles import Profiles

        return Profiles(self.folder)

    def holdings(self) -> Holdings:
        """What a backup is taken of, and goes back to."""
        from modelyard.jobs.backup.holdings import Holdings

        return Holdings(self.stock, self.queue, self.profiles, self.hooks.file, self.lan_hubs, self.redactor)

    def _rules(self) -> Rules:
        from modelyard.tasks.picking import Slots
        from modelyard.tasks.runner import Rules
        from modelyard.tasks.timetable import Timetable

        settings = self.settings
        slots = Slots(settings["tasks.at-once"], settings["tasks.per-hub"])
        now = dt.datetime.fromtimestamp(self.clock.wall(), dt.UTC)
        quiet = Timetable.read(settings["tasks.quiet"]).quiet_until(now) if settings["tasks.quiet"] else None
        return Rules(
            slots,
            settings["tasks.stalled"],
            settings["tasks.retries"],
            parse_size(settings["disk.reserve"]),
            None if quiet is None else quiet.timestamp(),
        )

    def target(self, to: str) -> str:
        """Where a queued download goes, absolute: a service has no current folder. A slash at its end stays.

        Raises:
            BadValue: The text can be no path.
        """
        if "\0" in to:
            raise BadValue("A path cannot hold a zero byte.")
        try:
            base = usual_folder(self.settings)
            joined = os.path.normpath(base / Path(to).expanduser()) if to else str(base)
        except RuntimeError as error:  # what expanduser raises where nobody has the name behind ~
            raise BadValue(f"{to[:80]!r} begins at the home of nobody here.", hint="Write the whole path.") from error
        return joined + os.sep if not to or to.endswith(("/", "\\")) else joined

    def limit_task(self, number: int, limit: str) -> None:
        """Change the speed limit of one download, at once where it runs; empty takes it away.

        Raises:
            NoSuchTask, BadValue: There is none, or the limit cannot be read.
        """
        rate = parse_rate(limit) if limit else None
        task = self.queue.get(number)
        payload = {name: value for name, value in task.payload.items() if name != "limit"}
        if limit:
            payload["limit"] = limit
        self.queue.change(number, payload=payload)
        self.downloads.limit(number, rate)

    def remove_task(self, number: int) -> None:
        """Cancel a task where it is open, remove what had arrived of it, and take it off the list.

        Raises:
            NoSuchTask: There is none.
        """
        if self.queue.get(number).ended is None:
            self.queue.cancel([number])
        self.runner.discard([number])
        self.queue.change(number, listed=False)

    def resolve(self, text: str, keep_key: KeepKey | None = None) -> tuple[Hub, Listing]:
        """Ask the hub that knows an address what it offers and what belongs with that; a key in a link is kept first.

        Args:
            keep_key: What becomes of such a key instead.

        Raises:
            YardError: The address cannot be read or resolved.
        """
        hub, address = read_address(self.hubs, text, keep_key or self.keep_key)
        return hub, accompanied(hub, address)

    def find_hash(self, value: str) -> list[tuple[str, str, str]]:
        """Hub, canonical address and path of every file that a hub knows by this hash."""
        found = []
        for hub in self.hubs:
            for offers in hub.by_hash([value]).values():
                found += [(hub.name, hub.show(offer.address), offer.path) for offer in offers]
        return found

    def hub_name(self, text: str) -> str:
        """The name of a hub from its name, title or prefix.

        Raises:
            UnknownHub: There is none.
        """
        low = text.lower().rstrip(":")
        for hub in self.hubs:
            if low in (hub.name, hub.title.lower(), *hub.prefixes):
                return hub.name
        raise UnknownHub(f"There is no hub {text!r}.", hint="Hubs: " + ", ".join(hub.name for hub in self.hubs) + ".")

    def key_owner(self, text: str) -> str:
        """By which name a key is kept: that of a hub, or the origin of a registered one of the local network.

        Raises:
            UnknownHub: There is none.
        """
        if "://" not in text:
            return self.hub_name(text)
        given = origin(text)
        if given not in self.lan_hubs:
            raise UnknownHub(f"{given} is not registered.", hint="Register it first: `modelyard lan add`.")
        return given

    def keep_key(self, found: Found) -> None:
        """A key came inside a pasted link: keep it for its hub, where none is kept; a link replaces no key."""
        if found.hub:
            self.keys.fill(found.hub, found.value)

    def close(self) -> None:
        """Stop what runs and close what is open, in reverse order of building."""
        opened = vars(self)
        if "runner" in opened:
            self.runner.close()
        self.stop.set("Closed.")
        self._unfollow()
        if "hooks" in opened:
            self.hooks.close()
        if "caretaker" in opened:
            self.caretaker.close()
        if "stock" in opened:
            self.stock.close()
        if "database" in opened:
            self.database.close()
        self.proofs.close()
        self.pool.close()

    def __enter__(self) -> App:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _pool(self, trusted: bool) -> Pool:
        settings = self.settings
        timeouts = Timeouts(settings["timeout.connect"], settings["timeout.silence"])
        proxies = Proxies(settings["proxy"] or None, self.environ)
        ca_file = settings["ca-file"] or self.environ.get("SSL_CERT_FILE") or None
        guard = Guard(allow_private=trusted, registered=self.lan_hubs)
        dialer = Dialer(guard, proxies, timeouts, ca_file, self.lan_hubs)
        most = min(settings["connections.total"], _handles())
        return Pool(dialer, most=most, most_per_host=settings["connections.per-host"])

    def _retry(self) -> RetryPolicy:
        settings = self.settings
        return RetryPolicy(
            settings["retry.retries"],
            settings["retry.first"],
            settings["retry.cap"],
            settings["retry.factor"],
            settings["retry.jitter"],
            frozenset(int(status) for status in settings["retry.statuses"].split(",")),
            settings["retry.patience"],
        )


def _handles() -> int:
    """A sixth of the files that this process may open, at most 200: sockets, parts, their folders share them."""
    try:
        import resource
    except ImportError:
        return 200  # Windows has no such limit in reach
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 200 if soft == resource.RLIM_INFINITY else max(4, min(200, soft // 6))
