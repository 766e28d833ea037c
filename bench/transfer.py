"""The transfer bench: the workloads, who takes part, and the bars.

Programs are run in turn, round after round, so that whatever else the machine does hits all of them; the
ratio of the medians is what counts, never the seconds.
"""

from __future__ import annotations

import hashlib
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import measuring
import peers
from chart import Group, chart
from measuring import Cost
from peers import File

from server import Server

GIB = 2**30
_BY_DEFAULT = ("big", "tls", "disk", "eight", "many", "limited", "latency")


@dataclass
class Entry:
    """One program in one workload."""

    name: str
    verifies: str
    command: Callable[[], list[str]]
    env: dict[str, str] = field(default_factory=dict)
    costs: list[Cost] = field(default_factory=list)

    @property
    def wall(self) -> float:
        """Median seconds."""
        return statistics.median(cost.wall for cost in self.costs)

    @property
    def cpu(self) -> float:
        """Median CPU seconds."""
        return statistics.median(cost.cpu for cost in self.costs)

    @property
    def peak(self) -> float:
        """Median peak, in megabytes."""
        return statistics.median(cost.peak for cost in self.costs)


@dataclass
class Bar:
    """What we promise: our figure is at most `most` times a peer's, or `most` itself without a peer."""

    what: str
    peer: str
    most: float


@dataclass
class Workload:
    """Files, programs and bars."""

    name: str
    says: str
    files: Sequence[File]
    out: Path
    entries: list[Entry]
    bars: list[Bar]
    size: int
    memory: Path

    def round(self) -> None:
        """Run every program once."""
        for entry in self.entries:
            clear(self.out)
            measuring.warm(self.memory, self.size)
            cost = measuring.run(entry.command(), cwd=self.out, env=entry.env)
            entry.costs.append(cost)
            if cost.code != 0 or not self.whole():
                told = (self.out.parent / "last-output.txt").read_text(errors="replace")[-2000:]
                raise SystemExit(f"{entry.name} failed at {self.name} (exit {cost.code}):\n{told}")

    def whole(self) -> bool:
        """Whether every file arrived with the right size; one is hashed."""
        found = {path.name: path for path in self.out.rglob("*") if path.is_file() and ".cache" not in path.parts}
        first = self.files[0]
        if any(file.name not in found for file in self.files):
            return False
        if self.size > 2 * GIB:
            return True
        with found[first.name].open("rb") as file:  # in pieces: a child's peak begins at its parent's
            return hashlib.file_digest(file, "sha256").hexdigest() == first.sha256


def clear(folder: Path) -> None:
    """An empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def workloads(server: Server, scratch: Path, disk: Path, chosen: Sequence[str]) -> Iterator[Workload]:
    """The chosen workloads, one after the other; the files of each are there until the next one is asked for.

    All at once they would take most of the memory of a small machine, and every program the longer for it: 4 GiB took
    Modelyard 1.7 times as long beside 7 GiB of others' files.
    """
    makers = {
        "big": big,
        "tls": tls,
        "disk": on_disk,
        "eight": eight,
        "many": many,
        "limited": limited,
        "latency": latency,
        "tiny": tiny,
    }
    unknown = set(chosen) - set(makers)
    if unknown:
        raise SystemExit(f"No workload {', '.join(unknown)}; there are {', '.join(makers)}.")
    for name, make in makers.items():
        if name in (chosen or _BY_DEFAULT):
            workload = make(server, scratch, disk)
            yield workload
            clear(workload.out)
            server.empty()


def _one(server: Server, name: str, size: int, port: int | None = None) -> File:
    """A file of its own name in a repository of its own."""
    repository = Path(name).stem
    path = f"{repository}/{name}"
    if path not in server.digests:
        server.add(path, size)
        server.as_repository(repository)
    return File(server.url(path, port), name, server.digests[path])


def _many(server: Server, repository: str, count: int, size: int, port: int | None = None) -> list[File]:
    names = [f"{repository}/{index}.bin" for index in range(count)]
    if names[0] not in server.digests:
        for name in names:
            server.add(name, size)
        server.as_repository(repository)
    return [File(server.url(name, port), Path(name).name, server.digests[name]) for name in names]


def _home(scratch: Path, *, fresh: bool) -> dict[str, str]:
    home = scratch / "home"
    if fresh:
        shutil.rmtree(home, ignore_errors=True)
    return {"MODELYARD_HOME": str(home)}


def _single(server: Server, scratch: Path, out: Path, file: File) -> list[Entry]:
    env = {**_home(scratch, fresh=True), "SSL_CERT_FILE": str(server.certificate)}
    return [
        Entry("modelyard", "yes", lambda: peers.ours([file], out, hashes=scratch), env),
        Entry("aria2c -x16", "yes", lambda: peers.aria2([file], out, lists=scratch / "aria2.txt")),
        *_others(scratch, out, [file], str(server.certificate)),
    ]


def _others(scratch: Path, out: Path, files: list[File], certificate: str = "") -> list[Entry]:
    """What a person may have beside aria2c: curl, wget and hf, each in its best way."""
    lists, address = scratch / "others.txt", urlsplit(files[0].url)
    entries = [Entry("curl + sha256sum", "yes", lambda: peers.curl(files, out, lists=lists))]
    if len(files) == 1 and shutil.which("wget"):
        entries.append(Entry("wget + sha256sum", "yes", lambda: peers.wget(files, out, lists=lists)))
    if program := peers.hub_client():
        env = peers.hub_environment(f"{address.scheme}://{address.netloc}", scratch / "hf-home")
        command = [str(program), "download", f"bench/{address.path.split('/')[1]}", "--local-dir", str(out)]
        entries.append(
            Entry(
                "hf download", "no", lambda: command, {**env, **({"SSL_CERT_FILE": certificate} if certificate else {})}
            )
        )
    return entries


def tiny(server: Server, scratch: Path, disk: Path) -> Workload:
    """One 16 MiB file, to see that the bench itself works; its figures mean nothing."""
    out, file = scratch / "out", _one(server, "tiny.bin", 16 * 2**20)
    return Workload(
        "tiny", "one 16 MiB file", [file], out, _single(server, scratch, out, file), [], 16 * 2**20, scratch
    )


def big(server: Server, scratch: Path, disk: Path) -> Workload:
    """One 4 GiB file in memory."""
    out, file = scratch / "out", _one(server, "big.bin", 4 * GIB)
    entries = _single(server, scratch, out, file)
    entries.append(
        Entry(
            "sha256 alone",
            "-",
            lambda: [sys.executable, "-c", _HASH, str(server.files / "big" / file.name), str(out / file.name)],
        )
    )
    bars = [
        Bar("wall", "aria2c -x16", 0.55),
        Bar("wall", "sha256 alone", 1.4),
        Bar("cpu", "aria2c -x16", 0.85),
        Bar("peak", "", 120),
    ]
    return Workload("big", "one 4 GiB file, HTTP, tmpfs", [file], out, entries, bars, 4 * GIB, scratch)


_HASH = (
    "import hashlib,os,sys; f=open(sys.argv[1],'rb',0); h=hashlib.sha256(); b=memoryview(bytearray(1<<20))\n"
    "while n:=f.readinto(b): h.update(b[:n])\n"
    "os.symlink(sys.argv[1],sys.argv[2])"
)


def tls(server: Server, scratch: Path, disk: Path) -> Workload:
    """One 2 GiB file over TLS."""
    out, file = scratch / "out", _one(server, "two.bin", 2 * GIB, server.tls)
    return Workload(
        "tls",
        "one 2 GiB file, HTTPS, tmpfs",
        [file],
        out,
        _single(server, scratch, out, file),
        [Bar("wall", "aria2c -x16", 0.7)],
        2 * GIB,
        scratch,
    )


def on_disk(server: Server, scratch: Path, disk: Path) -> Workload:
    """One 4 GiB file onto a real disk."""
    out, file = disk / "out", _one(server, "big.bin", 4 * GIB)
    bars = [Bar("wall", "aria2c -x16", 0.5), Bar("cpu", "aria2c -x16", 0.5)]
    return Workload(
        "disk",
        "one 4 GiB file, HTTP, real disk",
        [file],
        out,
        _single(server, scratch, out, file),
        bars,
        4 * GIB,
        scratch,
    )


def eight(server: Server, scratch: Path, disk: Path) -> Workload:
    """Eight files of 512 MiB at once."""
    out = scratch / "out"
    files = _many(server, "eight", 8, GIB // 2)
    entries = _several(scratch, out, files)
    bars = [Bar("wall", "aria2c", 0.55), Bar("wall", "hf download", 0.6)]
    return Workload("eight", "8 files of 512 MiB at once, tmpfs", files, out, entries, bars, 4 * GIB, scratch)


def many(server: Server, scratch: Path, disk: Path) -> Workload:
    """A thousand files of 64 KiB."""
    out = scratch / "out"
    files = _many(server, "many", 1000, 65536)
    entries = _several(scratch, out, files)
    entries.append(
        Entry("start-up alone", "-", lambda: [sys.executable, "-c", _START.format(out=out, count=len(files))])
    )
    bars = [Bar("wall", "hf download", 0.35), Bar("engine", "aria2c", 2.0)]
    return Workload("many", "1,000 files of 64 KiB, durable, tmpfs", files, out, entries, bars, 1000 * 65536, scratch)


_START = (
    "import modelyard.app as a, modelyard.cli.get, modelyard.jobs.download, pathlib\n"
    "with a.App() as app: pass\n"
    "for i in range({count}): pathlib.Path(r'{out}', f'{{i}}.bin').symlink_to(r'{out}/../files/many/' + f'{{i}}.bin')"
)


def _several(scratch: Path, out: Path, files: list[File]) -> list[Entry]:
    lists, address = scratch / "list.txt", urlsplit(files[0].url)
    lists.write_text("\n".join(file.url for file in files) + "\n")
    env, repository = _home(scratch, fresh=True), address.path.split("/")[1]
    return [
        Entry(
            "modelyard",
            "yes",
            lambda: [sys.executable, "-m", "modelyard", "get", "-q", f"hf:bench/{repository}", "--to", f"{out}/"],
            {**env, "HF_ENDPOINT": f"http://{address.netloc}"},
        ),
        Entry("modelyard (list of URLs)", "measured", lambda: peers.ours(files, out, hashes=lists), env),
        Entry("aria2c", "yes", lambda: peers.aria2(files, out, lists=scratch / "aria2.txt")),
        *_others(scratch, out, files),
    ]


def limited(server: Server, scratch: Path, disk: Path) -> Workload:
    """A server that gives 20 MB/s to each connection: whoever has only one needs 51 s, and is left out."""
    out, file = scratch / "out", _one(server, "one.bin", GIB, server.limited)

    def forget() -> list[str]:
        _home(scratch, fresh=True)
        return peers.ours([file], out, hashes=scratch)

    env = _home(scratch, fresh=True)
    entries = [
        Entry("modelyard, first visit", "yes", forget, env),
        Entry("modelyard", "yes", lambda: peers.ours([file], out, hashes=scratch), env),
        Entry("aria2c -x16", "yes", lambda: peers.aria2([file], out, lists=scratch / "aria2.txt")),
    ]
    bars = [Bar("wall", "aria2c -x16", 0.85), Bar("first visit", "aria2c -x16", 0.95)]
    return Workload("limited", "1 GiB at 20 MB/s a connection", [file], out, entries, bars, GIB, scratch)


def latency(server: Server, scratch: Path, disk: Path) -> Workload:
    """A thousand small files from a server that is 50 ms away."""
    out = scratch / "out"
    files = _many(server, "many", 1000, 65536, server.far)
    return Workload(
        "latency",
        "the same 1,000 files, 50 ms each way",
        files,
        out,
        _several(scratch, out, files),
        [Bar("wall", "aria2c", 0.5)],
        1000 * 65536,
        scratch,
    )


def report(workload: Workload) -> list[tuple[str, float, float, bool]]:
    """Print one workload; gives its bars as (text, figure, most, held)."""
    print(f"\n{workload.says}, medians of {len(workload.entries[0].costs)}")
    print(f"  {'':26} {'wall s':>8} {'CPU s/GiB':>10} {'peak MB':>8}  verified?")
    for entry in workload.entries:
        per_gib = entry.cpu / (workload.size / GIB)
        print(f"  {entry.name:26} {entry.wall:8.2f} {per_gib:10.2f} {entry.peak:8.0f}  {entry.verifies}")
    return [_judged(workload, bar) for bar in workload.bars]


def _judged(workload: Workload, bar: Bar) -> tuple[str, float, float, bool]:
    entries = {entry.name: entry for entry in workload.entries}
    us = entries["modelyard"]
    if bar.peer and bar.peer not in entries:
        return (f"{workload.name}: {bar.what} against {bar.peer} (not installed)", float("nan"), bar.most, False)
    if bar.what == "peak":
        figure = us.peak
    elif bar.what == "cpu":
        figure = us.cpu / entries[bar.peer].cpu
    elif bar.what == "first visit":
        figure = entries["modelyard, first visit"].wall / entries[bar.peer].wall
    elif bar.what == "engine":
        figure = (us.wall - entries["start-up alone"].wall) / entries[bar.peer].wall
    else:
        figure = us.wall / entries[bar.peer].wall
    against = f" / {bar.peer}" if bar.peer else " (MB)"
    return (f"{workload.name}: {bar.what}{against}", figure, bar.most, figure <= bar.most)


def bench(rounds: int, chosen: Sequence[str], scratch: Path, disk: Path, picture: Path | None = None) -> int:
    """Run everything and print tables and bars; the exit code says whether every bar held.

    Args:
        picture: Where a chart is written.
    """
    print(measuring.machine())
    judged, groups = [], []
    with Server(scratch) as server:
        for workload in workloads(server, scratch, disk, chosen):
            for number in range(rounds):
                begun = time.perf_counter()
                workload.round()
                print(
                    f"  {workload.name}: round {number + 1} of {rounds}, {time.perf_counter() - begun:.0f} s",
                    file=sys.stderr,
                )
            judged += report(workload)
            groups.append(Group(workload.says, [(one.name, one.wall, one.verifies) for one in workload.entries]))
    if picture:
        foot = f"Medians of {rounds} interleaved rounds on {measuring.machine()}, served by nginx on the same machine."
        picture.write_text(chart(groups, foot))
    print("\nBars (ratio of medians in this run)")
    for text, figure, most, held in judged:
        print(f"  {'held  ' if held else 'MISSED'} {text:44} {figure:6.2f} (at most {most})")
    return 0 if all(held for *_, held in judged) else 1
