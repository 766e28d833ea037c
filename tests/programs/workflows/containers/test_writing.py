"""What a container says about where things stand is right after a text in it became longer or shorter."""

from __future__ import annotations

import contextlib
import json
import struct
import zlib
from collections.abc import Iterator

import pytest

from modelyard.errors import NotSupported, NoWorkflow
from modelyard.programs.workflows.fixing import rewrite
from programs.workflows.containers import boxed
from programs.workflows.made import canvas, node

OLD = "old.safetensors"
TEXTS = {"workflow": json.dumps(canvas(node(1, "VAELoader", OLD)))}
NAMES = ["a.pt", "n" * 40 + ".pt", "n" * 5_000 + ".pt"]
MEDIA = [b"first piece of media", b"the second one"]


def renamed(raw: bytes, new: str) -> bytes:
    after = rewrite(raw, {(OLD, "vae"): new})
    assert OLD.encode() not in after and len(after) > len(raw) - len(OLD)
    return after


# --- PNG ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("new", NAMES)
def test_what_stands_behind_the_end_of_a_picture_stays(new: str) -> None:
    tail = boxed.png_text(TEXTS) + b"PK\3\4" + bytes(100)
    after = rewrite(boxed.png_text(TEXTS) + tail, {(OLD, "vae"): new})
    assert after.endswith(tail) and OLD.encode() not in after.removesuffix(tail) and new.encode() in after


# --- MP4 ----------------------------------------------------------------------------------------------


def fast_start(*between: bytes, wide: bool = False) -> bytes:
    """An MP4 whose tables of places stand before the media."""
    mdat = boxed.box(b"mdat", b"".join(MEDIA))

    def made(first: int) -> bytes:
        places = [first, first + len(MEDIA[0])]
        form, kind = (">QQ", b"co64") if wide else (">II", b"stco")
        table = boxed.box(kind, struct.pack(">II", 0, 2) + struct.pack(form, *places))
        trak = boxed.box(b"trak", boxed.box(b"mdia", boxed.box(b"minf", boxed.box(b"stbl", table))))
        udta = boxed.mp4(TEXTS).partition(b"mvhd" + bytes(20))[2]
        return boxed.box(b"ftyp", b"isom") + boxed.box(b"moov", trak + udta) + b"".join(between)

    return made(len(made(0)) + 8) + mdat


def places(raw: bytes, *, wide: bool = False) -> list[int]:
    at = raw.index(b"co64" if wide else b"stco") + 12
    return list(struct.unpack_from(">QQ" if wide else ">II", raw, at))


@pytest.mark.parametrize("new", NAMES)
@pytest.mark.parametrize("wide", [False, True])
def test_tables_before_the_media_point_to_them_afterwards(new: str, wide: bool) -> None:
    after = renamed(fast_start(wide=wide), new)
    for place, media in zip(places(after, wide=wide), MEDIA, strict=True):
        assert after[place:].startswith(media)


def test_padding_beside_the_tables_gives_the_room_and_nothing_moves() -> None:
    before = fast_start(boxed.box(b"free", bytes(200)))
    after = renamed(before, "n" * 40 + ".pt")
    assert (len(after), places(after)) == (len(before), places(before))
    assert after.endswith(b"".join(MEDIA))


def fragment(place: int, version: int = 1) -> bytes:
    """A fragment whose head tells where its media stand, one whose head does not, and an index of both."""
    head = boxed.box(b"tfhd", struct.pack(">IIQ", 1, 1, place)) + boxed.box(b"tfhd", struct.pack(">II", 0x20000, 2))
    form = ">QQBBB" if version else ">IIBBB"
    index = struct.pack(">B3xIII", version, 1, 0, 2) + struct.pack(form, 5, place, 1, 1, 1) * 2
    return boxed.box(b"moof", boxed.box(b"traf", head)) + boxed.box(b"mfra", boxed.box(b"tfra", index))


@pytest.mark.parametrize("new", NAMES)
@pytest.mark.parametrize("version", [0, 1])
def test_fragments_and_their_index_point_to_their_media_afterwards(new: str, version: int) -> None:
    before = fast_start()
    place = before.index(MEDIA[0])
    after = renamed(before + fragment(place, version), new)
    assert after.endswith(fragment(after.index(MEDIA[0]), version))


@pytest.mark.parametrize("odd", [b"saio", b"iloc"])
def test_a_video_that_tells_places_in_ways_that_we_do_not_know_is_refused(odd: bytes) -> None:
    whole = fast_start()
    at = whole.index(b"trak") + 4
    before = whole[:at] + boxed.box(odd, b"") + whole[at:]
    for name, added in ((b"moov", 8), (b"trak", 8)):
        size = before.index(name) - 4
        before = before[:size] + struct.pack(">I", int.from_bytes(before[size : size + 4]) + added) + before[size + 4 :]
    with pytest.raises(NoWorkflow, match="other ways"):
        rewrite(before, {(OLD, "vae"): NAMES[1]})
    with pytest.raises(NoWorkflow, match="other ways"):
        rewrite(boxed.box(b"ftyp", b"isom") + boxed.box(b"sidx", b"") + fast_start()[12:], {(OLD, "vae"): NAMES[1]})


# --- Matroska -----------------------------------------------------------------------------------------

SEEK_HEAD, SEEK, SEEK_ID, SEEK_PLACE = 0x114D9B74, 0x4DBB, 0x53AB, 0x53AC
CUES, CUE, CUE_TRACK, CUE_PLACE = 0x1C53BB6B, 0xBB, 0xB7, 0xF1
CLUSTER, POSITION, BLOCK, VOID, CRC, TAGS = 0x1F43B675, 0xA7, 0xA3, 0xEC, 0xBF, 0x1254C367


def small(value: int) -> bytes:
    """A number in as few bytes as it takes."""
    return value.to_bytes(max(1, (value.bit_length() + 7) // 8))


def checked(kind: int, body: bytes) -> bytes:
    """An element that begins with a checksum."""
    return boxed.ebml(kind, boxed.ebml(CRC, zlib.crc32(body).to_bytes(4, "little")) + body)


def webm(*between: bytes) -> bytes:
    """Tags before the clusters, all of which are told by a head and by cues; everything that can be checked is."""
    tags = boxed.webm(TEXTS).partition(TAGS.to_bytes(4))[2][8:]

    def made(at: dict[int, list[int]]) -> list[tuple[int, bytes]]:
        seeks = b"".join(
            boxed.ebml(SEEK, boxed.ebml(SEEK_ID, kind.to_bytes(4)) + boxed.ebml(SEEK_PLACE, small(at[kind][0])))
            for kind in (TAGS, CUES)
        )
        cues = b"".join(
            boxed.ebml(CUE, boxed.ebml(CUE_TRACK, boxed.ebml(CUE_PLACE, small(place)))) for place in at[CLUSTER]
        )
        clusters = [
            checked(CLUSTER, boxed.ebml(POSITION, small(place)) + boxed.ebml(BLOCK, media))
            for place, media in zip(at[CLUSTER], MEDIA, strict=True)
        ]
        parts = [(SEEK_HEAD, checked(SEEK_HEAD, seeks)), (TAGS, checked(TAGS, tags)), *((VOID, one) for one in between)]
        return [*parts, *((CLUSTER, one) for one in clusters), (CUES, checked(CUES, cues))]

    at: dict[int, list[int]] = {TAGS: [0], CUES: [0], CLUSTER: [0, 0]}
    for _ in range(5):
        parts, place = made(at), 0
        at = {TAGS: [], CUES: [], CLUSTER: []}
        for kind, part in parts:
            at.get(kind, []).append(place)
            place += len(part)
    return boxed.ebml(0x1A45DFA3, b"") + boxed.ebml(0x18538067, b"".join(part for _, part in made(at)))


def elements(raw: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Kind, place and content of each element."""
    at = 0
    while at < len(raw):
        length, start = 9 - raw[at].bit_length(), at
        kind = int.from_bytes(raw[at : at + length])
        at += length
        wide = 9 - raw[at].bit_length()
        size = int.from_bytes(raw[at : at + wide]) & ((1 << 7 * wide) - 1)
        at += wide + size
        yield kind, start, raw[at - size : at]


def told(body: bytes, *way: int) -> list[int]:
    """Numbers of elements at the end of a way."""
    found = [inner for kind, _, inner in elements(body) if kind == way[0]]
    return (
        [int.from_bytes(one) for one in found] if len(way) == 1 else [n for one in found for n in told(one, *way[1:])]
    )


def assert_whole(raw: bytes) -> None:
    """Every place that is told is that of the element, and every checksum is right."""
    segment = next(body for kind, _, body in elements(raw) if kind == 0x18538067)
    parts = list(elements(segment))
    where = [(kind, place) for kind, place, _ in parts]
    clusters = [place for kind, place in where if kind == CLUSTER]
    for kind, place, body in parts:
        if kind == SEEK_HEAD:
            kinds, at = told(body, SEEK, SEEK_ID), told(body, SEEK, SEEK_PLACE)
            assert all(pair in where for pair in zip(kinds, at, strict=True))
        if kind == CUES:
            assert told(body, CUE, CUE_TRACK, CUE_PLACE) == clusters
        if kind == CLUSTER:
            assert told(body, POSITION) == [place]
        if kind != VOID:
            (_, _, sum_), *_ = elements(body)
            assert int.from_bytes(sum_, "little") == zlib.crc32(body[13 - 4 + 4 :]), hex(kind)
    blocks = [inner for kind, _, body in parts if kind == CLUSTER for at, _, inner in elements(body) if at == BLOCK]
    assert blocks == MEDIA


@pytest.mark.parametrize("new", [*NAMES, "n" * 70_000 + ".pt"])
def test_what_tells_where_clusters_stand_is_right_afterwards(new: str) -> None:
    assert_whole(webm())
    after = renamed(webm(), new)
    assert_whole(after)
    assert renamed_back(after, new) == webm() or len(new) > 1_000  # numbers keep the bytes that they once took


def renamed_back(raw: bytes, new: str) -> bytes:
    return rewrite(raw, {(new, "vae"): OLD})


def test_padding_behind_the_tags_gives_the_room_and_nothing_moves() -> None:
    before = webm(boxed.ebml(VOID, bytes(200)))
    after = renamed(before, "n" * 40 + ".pt")
    assert_whole(after)
    assert len(after) == len(before)
    cut = before.index(CLUSTER.to_bytes(4))
    assert after[cut:] == before[cut:]


def test_clusters_without_a_size_stay_as_they_are() -> None:
    live = CLUSTER.to_bytes(4) + b"\x01" + b"\xff" * 7 + boxed.ebml(BLOCK, MEDIA[0])
    tags = TAGS.to_bytes(4) + boxed.webm(TEXTS).partition(TAGS.to_bytes(4))[2]
    before = boxed.ebml(0x1A45DFA3, b"") + b"\x18\x53\x80\x67\x01" + b"\xff" * 7 + tags + live * 2
    after = renamed(before, NAMES[1])
    assert after.endswith(live * 2)
    assert len(after) == len(before) + len(NAMES[1]) - len(OLD)


# --- Ogg ----------------------------------------------------------------------------------------------


def checksum(page: bytes) -> int:
    """By the book, a bit at a time."""
    found = 0
    for byte in page:
        found ^= byte << 24
        for _ in range(8):
            found = (found << 1 ^ 0x04C11DB7 if found & 0x80000000 else found << 1) & 0xFFFFFFFF
    return found


def pages(raw: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(raw):
        lacing = raw[at + 27 : at + 27 + raw[at + 26]]
        end = at + 27 + len(lacing) + sum(lacing)
        yield raw[at:end]
        at = end


@pytest.mark.parametrize("mark", [b"OpusTags", b"\x03vorbis"])
@pytest.mark.parametrize("new", [*NAMES, "n" * 90_000 + ".pt"])
def test_pages_are_numbered_and_checked_and_the_sound_stays(mark: bytes, new: str) -> None:
    before = boxed.ogg(TEXTS, mark)
    after = list(pages(renamed(before, new)))
    assert [int.from_bytes(page[18:22], "little") for page in after] == list(range(len(after)))
    assert [page[5] & 1 for page in after] == [0, 0, *[1] * (len(after) - 3), 0]
    assert after[0] == next(pages(before))
    assert after[-1].endswith(b"sound")
    for page in after:
        if page not in before:
            assert int.from_bytes(page[22:26], "little") == checksum(page[:22] + bytes(4) + page[26:])
    assert len(after) == (4 if len(new) > 65_025 else 3)


# --- all of them -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "whole",
    [fast_start() + fragment(30), webm(), boxed.ogg(TEXTS), boxed.flac(TEXTS), boxed.mp3(TEXTS), boxed.latent(TEXTS)],
    ids=["mp4", "webm", "ogg", "flac", "mp3", "latent"],
)
def test_whatever_is_wrong_in_it_it_is_changed_or_refused_and_read_again(whole: bytes) -> None:
    for at in range(len(whole)):
        for byte in (0, 0xFF, whole[at] ^ 1):
            damaged = whole[:at] + bytes([byte]) + whole[at + 1 :]
            with contextlib.suppress(NoWorkflow, NotSupported):
                rewrite(damaged, {(OLD, "vae"): NAMES[1]})
