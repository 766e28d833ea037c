"""Zips that torch writes since 1.6, TorchScript, and the other zips that come under a model's name."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator

from modelyard.library.formats import arrays
from modelyard.library.formats.header import Code, Header, Problem
from modelyard.library.formats.nested import archives_in
from modelyard.library.formats.pickle_stack import tensors_of
from modelyard.library.formats.pickled import MOST_BYTES, disassembled, judged
from modelyard.library.formats.zip_directory import BadZip, Member, content, members
from modelyard.store.positioned import pread

_MOST_PICKLES = 8


def read(fd: int, start: bytes, size: int) -> Header:
    """What the zip is and whether its pickles name only known globals; its tensors' bytes are not read."""
    try:
        found, problems = members(fd, size)
    except BadZip as bad:
        return Header("zip", size, findings=(Problem(Code.BAD_ARCHIVE, str(bad)),))
    if not start.startswith(b"PK") and not any(problem.code is Code.JUNK_PREFIX for problem in problems):
        problems.append(Problem(Code.JUNK_PREFIX, "Bytes that do not belong to it come before its start."))
    if any(member.flags & 1 for member in found):
        problems.append(Problem(Code.ENCRYPTED, "It is encrypted; nobody can tell what it holds."))
    pickles = [member for member in found if member.name.lower().endswith((".pkl", ".pickle"))]
    if pickles:
        problems += archives_in(fd, found)  # a zip that is no model may hold what it likes
        return _torch(fd, size, found, pickles, problems)
    if found and all(member.name.endswith(".npy") for member in found):
        return Header("numpy", size, findings=(*problems, *_objects(fd, found)))
    if any(member.name == "config.json" for member in found) and any(member.name.endswith(".h5") for member in found):
        return Header("keras", size, findings=(*problems, *_keras(fd, found)))
    problems.append(Problem(Code.NOT_A_MODEL, "It is a zip archive, not a model; it may hold one."))
    return Header("zip", size, findings=tuple(problems))


def _torch(fd: int, size: int, found: list[Member], pickles: list[Member], problems: list[Problem]) -> Header:
    names: list[tuple[str, str]] = []
    main: object = None
    if len(pickles) > _MOST_PICKLES:
        problems.append(Problem(Code.BAD_PICKLE, f"It holds {len(pickles)} pickles; a checkpoint has one."))
    for member in pickles[:_MOST_PICKLES]:
        try:
            data = content(fd, member, MOST_BYTES)
        except BadZip as bad:
            problems.append(Problem(Code.BAD_PICKLE, str(bad)))
            continue
        if zlib.crc32(data) != member.crc:
            problems.append(Problem(Code.BAD_CHECKSUM, f"The checksum of {member.name[-80:]!r} is wrong."))
        stream = io.BytesIO(data)
        stack, problem = disassembled(stream)
        names += stack.globals
        problems += [problem] if problem else []
        if not problem and stream.tell() != len(data):
            problems.append(Problem(Code.BAD_PICKLE, f"Something follows the pickle in {member.name[-80:]!r}."))
        if member.name.rpartition("/")[2] == "data.pkl":
            main = stack.top
    script = any("/code/" in f"/{member.name}" for member in found) and any(
        m.name.endswith("constants.pkl") for m in found
    )
    if script:
        problems.append(Problem(Code.HOLDS_CODE, "It is TorchScript: it holds code that runs when it is used."))
    else:
        problems = [*judged(names), *problems]
    globals_ = tuple(dict.fromkeys(".".join(name) for name in names))
    return Header("torchscript" if script else "torch", size, tensors_of(main), {"globals": globals_}, tuple(problems))


def _objects(fd: int, found: list[Member]) -> Iterator[Problem]:
    for member in found[:1000]:
        try:
            start = content(fd, member, 1 << 40) if member.size < 1 << 16 else _first(fd, member)
        except BadZip as bad:
            yield Problem(Code.BAD_ARCHIVE, str(bad))
            return
        if arrays.holds_objects(start):
            yield Problem(Code.UNSAFE_PICKLE, f"{member.name[-80:]!r} holds pickled objects; loading it may run code.")
            return


def _first(fd: int, member: Member) -> bytes:
    data = pread(fd, 4096, member.data)
    try:
        return data if member.method == 0 else zlib.decompressobj(-15).decompress(data, 4096)
    except zlib.error as error:
        raise BadZip(f"{member.name[-80:]!r} is damaged.") from error


def _keras(fd: int, found: list[Member]) -> Iterator[Problem]:
    for member in found:
        if member.name == "config.json":
            try:
                text = content(fd, member, 4 << 20)
            except BadZip as bad:
                yield Problem(Code.BAD_ARCHIVE, str(bad))
                continue
            if b'"Lambda"' in text or b"__lambda__" in text:
                yield Problem(Code.HOLDS_CODE, "It has a Lambda layer, which runs code when it is loaded.")
