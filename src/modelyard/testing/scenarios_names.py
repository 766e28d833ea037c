"""Scenarios whose file name attacks: what Content-Disposition may hold."""

from __future__ import annotations

from collections.abc import Mapping

from modelyard.testing.scenarios import Scenario
from modelyard.testing.wire import Answer, Request

DISPOSITIONS: Mapping[str, str] = {
    "plain": "attachment; filename=model.safetensors",
    "quoted": 'attachment; filename="my model.safetensors"',
    "extended": "attachment; filename*=UTF-8''na%C3%AFve%20%E6%A8%A1%E5%9E%8B.safetensors",
    "both": "attachment; filename=\"plain.safetensors\"; filename*=UTF-8''better.safetensors",
    "escaped": r'attachment; filename="a\"b.safetensors"',
    "parent": 'attachment; filename="../../evil.safetensors"',
    "parent_extended": "attachment; filename*=UTF-8''..%2F..%2Fevil.safetensors",
    "drive": r'attachment; filename="C:\Windows\evil.safetensors"',
    "backslash": r'attachment; filename="..\..\evil.safetensors"',
    "absolute": 'attachment; filename="/tmp/evil.safetensors"',
    "dotfile": 'attachment; filename=".bashrc"',
    "nul": 'attachment; filename="evil\0.safetensors"',
    "nul_extended": "attachment; filename*=UTF-8''evil%00.safetensors",
    "newline_extended": "attachment; filename*=UTF-8''evil%0D%0AX-Injected%3A%201.safetensors",
    "empty": 'attachment; filename=""',
    "none": "attachment",
    "long": f'attachment; filename="{"x" * 288}.safetensors"',
    "device": 'attachment; filename="CON"',
    "device_extension": 'attachment; filename="NUL.safetensors"',
    "script": 'attachment; filename="model.py"',
    "bad_charset": "attachment; filename*=UTF-8''%ff%fe.safetensors",
    "latin1": "attachment; filename=na\u00efve.safetensors",
}
"""Headers by case (conformance case U24)."""


class Named(Scenario):
    """A healthy body under a name that attacks."""

    case = "plain"

    def answer(self, request: Request, healthy: Answer) -> Answer:
        fields = healthy.without("Content-Disposition")
        healthy.headers = [*fields, ("Content-Disposition", DISPOSITIONS[self.case])]
        return healthy


class Traversal(Named):
    """``../../evil.safetensors``."""

    name, row, says, case = "cd_trav", 39, "traversal in Content-Disposition", "parent"


class TraversalExtended(Named):
    """The same percent-encoded in ``filename*``."""

    name, row, says, case = "cd_ext", 39, "traversal in filename*", "parent_extended"


class TraversalBackslash(Named):
    """The same with backslashes."""

    name, row, says, case = "cd_bs", 39, "traversal with backslashes", "backslash"


class AbsoluteName(Named):
    """``/tmp/evil.safetensors``."""

    name, row, says, case = "cd_abs", 40, "absolute name", "absolute"


class DotName(Named):
    """``.bashrc``."""

    name, row, says, case = "cd_dot", 40, "dot-file name", "dotfile"


ALL: tuple[type[Scenario], ...] = (Traversal, TraversalExtended, TraversalBackslash, AbsoluteName, DotName)
