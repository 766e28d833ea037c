"""What a backup gives to a model: gaps only, nothing that is here lost, and nothing more the second time."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict

from modelyard.catalogue.keepsakes import Keepsake, Regained
from modelyard.catalogue.model import VERDICTS
from modelyard.catalogue.views import FileView
from modelyard.jobs.backup.deciding import decide
from modelyard.jobs.backup.form import FileRecord, ModelRecord, Words
from modelyard.values.about import About, Own

A, B = "a" * 64, "b" * 64
text = st.sampled_from(("", "one", "two"))
times = st.sampled_from((0.0, 5.0, 7.0))
days = st.dictionaries(st.sampled_from(("2026-01-01", "2026-01-02")), st.integers(0, 5))
hashes = st.sampled_from(("", A, B))
stamps = st.tuples(st.sampled_from((10, 11)), st.sampled_from((1, 2)))
words = {
    "title": text,
    "notes": text,
    "favourite": st.booleans(),
    "rating": st.sampled_from((None, 1, 5)),
    "tags": st.sampled_from(((), ("x",), ("y", "z"))),
    "group": text,
    "strength": st.sampled_from((None, 0.0, 0.7)),
    "negative": text,
}


@st.composite
def heres(draw: Any) -> Keepsake:
    mtime, inode = draw(stamps)
    file = FileView("/r/a", True, 5, mtime, inode, draw(hashes), "", "", "", "")
    hub = draw(st.sampled_from(("", "civitai")))
    told = draw(days)
    return Keepsake(
        id=1, path="/r/a", root="/r", folder="loras", place="a", size=5, sha256=file.sha256, added=draw(times) + 1,
        checked=draw(times), asked=draw(times), health=draw(st.sampled_from(("good", "unverified"))), problems=(),
        gone=0.0,
        uses=sum(told.values()) + draw(st.integers(0, 2)), used=draw(times),
        about=About(hub=hub, own=Own(**draw(st.fixed_dictionaries(words)))), files=(file,), days=told,
        ignored=draw(st.sampled_from(((), ("9",)))),
    )  # fmt: skip


@st.composite
def records(draw: Any) -> ModelRecord:
    mtime, inode = draw(stamps)
    sha = draw(hashes)
    file = FileRecord(place="a", size=5, mtime_ns=mtime, inode=inode, sha256=sha)
    told = draw(days)
    return ModelRecord(
        root="/r", folder="loras", place="a", size=5, files=(file,), sha256=sha, added=draw(times), checked=draw(times),
        good=draw(st.booleans()), verdicts=draw(st.sampled_from(((), ("zero-filled",)))), masked=draw(st.booleans()),
        own=Words(**draw(st.fixed_dictionaries(words))), hub=draw(st.sampled_from(("", "civitai"))), hub_model="7",
        deleted=draw(st.sampled_from((None, About(hub="civitai", name="gone", gone=True)))), asked=draw(times),
        unknown_at=draw(st.sampled_from(((), ("civitai",)))), uses=sum(told.values()), used=draw(times), days=told,
        ignored=draw(st.sampled_from(((), ("8", "9")))),
    )  # fmt: skip


def after(here: Keepsake, found: Regained) -> Keepsake:
    """The model once that is written."""
    columns = dict(found.columns)
    if "problems" in columns:
        columns["problems"] = tuple(columns["problems"].split())
    files = tuple(msgspec.structs.replace(file, **found.digests.get(file.path, {})) for file in here.files)
    return msgspec.structs.replace(
        here,
        about=found.about or here.about,
        files=files,
        days=here.days | dict(found.days),
        ignored=here.ignored + found.ignored,
        **columns,
    )


@given(heres(), records(), st.booleans())
def test_twice_is_the_same_as_once(here: Keepsake, told: ModelRecord, instead: bool) -> None:
    once = after(here, decide(here, told, instead=instead))
    assert not decide(once, told, instead=instead)


@given(heres(), records())
def test_no_word_no_count_and_no_measurement_of_today_is_lost(here: Keepsake, told: ModelRecord) -> None:
    now = after(here, decide(here, told))
    for name, value in asdict(here.about.own).items():
        assert value in (None, "", (), False) or getattr(now.about.own, name) == value
        assert value == getattr(now.about.own, name) or getattr(told.own, name) == getattr(now.about.own, name)
    assert now.uses >= here.uses and now.used >= here.used and now.asked >= here.asked
    assert now.uses >= sum(now.days.values())
    assert all(now.days[day] >= count for day, count in here.days.items())
    assert set(here.ignored) <= set(now.ignored)
    assert now.added <= here.added and now.checked >= here.checked
    assert not here.about.hub or now.about.hub == here.about.hub
    assert not here.sha256 or (now.sha256, now.files[0].sha256) == (here.sha256, here.files[0].sha256)


@given(heres(), records())
def test_what_was_measured_counts_only_while_the_stamp_is_the_same(here: Keepsake, told: ModelRecord) -> None:
    found = decide(here, told)
    file, record = here.files[0], told.files[0]
    same = (file.size, file.mtime_ns, file.inode) == (record.size, record.mtime_ns, record.inode)
    assert same or not (found.digests or {"checked", "health", "problems", "sha256"} & set(found.columns))
    if same and not here.sha256 and record.sha256:
        assert (found.digests["/r/a"]["sha256"], found.columns["sha256"]) == (record.sha256, record.sha256)
    if "checked" in found.columns:
        assert set(told.verdicts) <= set(found.columns["problems"].split()) <= VERDICTS


@given(heres(), records())
def test_the_backups_words_stand_when_told_so_but_no_masked_ones(here: Keepsake, told: ModelRecord) -> None:
    now = after(here, decide(here, told, instead=True)).about.own
    for name in words:
        mine, theirs = getattr(here.about.own, name), getattr(told.own, name)
        first, second = (mine, theirs) if told.masked else (theirs, mine)
        assert getattr(now, name) == (second if first in (None, "", ()) or first is False else first)
