"""ONNX models: a walk over the protobuf that reads names and shapes and passes over the weights (onnx.proto3)."""

from __future__ import annotations

from collections.abc import Iterator

from modelyard.library.formats.bytewise import Ended, Window
from modelyard.library.formats.header import Code, Header, Problem, Tensor

_MOST_FIELDS, _MOST_TENSORS, _LONGEST_TEXT = 300_000, 50_000, 4096
_TYPES = {
    1: "F32",
    2: "U8",
    3: "I8",
    4: "U16",
    5: "I16",
    6: "I32",
    7: "I64",
    9: "BOOL",
    10: "F16",
    11: "F64",
    12: "U32",
    13: "U64",
    16: "BF16",
    17: "F8_E4M3",
    19: "F8_E5M2",
    22: "I4",
}
_TEXTS = {2: "producer_name", 3: "producer_version", 4: "domain"}
_IR_VERSION, _MODEL_VERSION, _GRAPH, _OPSET, _PROPERTIES = 1, 5, 7, 8, 14
_NODE, _NAME, _INITIALIZER = 1, 2, 5


class _Budget:
    """How many more fields may be looked at."""

    def __init__(self) -> None:
        self.left = _MOST_FIELDS

    def one(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise ValueError("it has too many fields")


def plausible(start: bytes) -> bool:
    """Whether a file begins as ONNX models do: field 1 (ir_version) and then a known field."""
    return (
        len(start) > 4
        and start[0] == 0x08
        and 1 <= start[1] <= 20
        and start[2] in (0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42)
    )


def read(fd: int, _start: bytes, size: int) -> Header:
    """Names and shapes of a model's weights, who made it, and what is wrong; bounded by counts."""
    window, metadata, findings = Window(fd, size), dict[str, object](), list[Problem]()
    tensors: dict[str, Tensor] = {}
    try:
        for number, kind, length in _fields(window, size, budget := _Budget()):
            if number == _IR_VERSION and kind == 0:
                metadata["ir_version"] = length
            elif number in _TEXTS and kind == 2 and length <= _LONGEST_TEXT:
                metadata[_TEXTS[number]] = window.take(length).decode("utf-8", "replace")
            elif number == _GRAPH and kind == 2:
                _graph(window, window.at + length, metadata, tensors, budget)
            elif kind == 2:
                window.skip(length)
    except Ended:
        findings.append(Problem(Code.TRUNCATED, "It ends in the middle of a field."))
    except ValueError as error:
        findings.append(Problem(Code.BAD_HEADER, f"It is no sound ONNX model: {error}."))
    if any(tensor.dtype == "external" for tensor in tensors.values()):
        findings.append(Problem(Code.EXTERNAL_DATA, "Its weights lie in another file beside it."))
    if "graph" not in metadata and not findings:
        findings.append(Problem(Code.NOT_A_MODEL, "It holds no graph."))
    return Header("onnx", size, tensors, metadata, tuple(findings))


def _fields(window: Window, end: int, budget: _Budget) -> Iterator[tuple[int, int, int]]:
    """Field number, wire type, and value (type 0) or length (type 2); the caller takes or skips the bytes."""
    while window.at < end:
        budget.one()
        tag = _varint(window)
        number, kind = tag >> 3, tag & 7
        if kind == 0:
            yield number, kind, _varint(window)
        elif kind == 2:
            length = _varint(window)
            if length > end - window.at:
                raise Ended
            yield number, kind, length
        elif kind in (1, 5):
            window.skip(8 if kind == 1 else 4)
        else:
            raise ValueError(f"a field has the wire type {kind}")
        if window.at > end:
            raise ValueError("a field reaches beyond its message")


def _graph(window: Window, end: int, metadata: dict[str, object], tensors: dict[str, Tensor], budget: _Budget) -> None:
    metadata["graph"] = ""
    nodes = 0
    for number, kind, length in _fields(window, end, budget):
        if kind != 2:
            continue
        if number == _NAME and length <= _LONGEST_TEXT:
            metadata["graph"] = window.take(length).decode("utf-8", "replace")
        elif number == _INITIALIZER and len(tensors) < _MOST_TENSORS:
            name, tensor = _tensor(window, window.at + length, budget)
            tensors[name] = tensor
        else:
            nodes += number == _NODE
            window.skip(length)
    metadata["nodes"] = nodes


def _tensor(window: Window, end: int, budget: _Budget) -> tuple[str, Tensor]:
    """TensorProto: dims 1, data_type 2, name 8, external_data 13; the numbers themselves are passed over."""
    shape: list[int] = []
    name, dtype, external = "", "", False
    for number, kind, length in _fields(window, end, budget):
        if number == 1 and kind == 0 and len(shape) < 32:
            shape.append(length)
        elif number == 1 and kind == 2 and length <= 320:
            stop = window.at + length
            while window.at < stop:
                shape.append(_varint(window))
        elif number == 2 and kind == 0:
            dtype = _TYPES.get(length, str(length))
        elif number == 8 and kind == 2 and length <= _LONGEST_TEXT:
            name = window.take(length).decode("utf-8", "replace")
        elif kind == 2:
            external = external or number == 13
            window.skip(length)
    return name, Tensor("external" if external else dtype, tuple(shape[:32]))


def _varint(window: Window) -> int:
    value = 0
    for shift in range(0, 70, 7):
        byte = window.take(1)[0]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF
    raise ValueError("a number has no end")
