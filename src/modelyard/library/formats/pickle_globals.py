"""Which globals a pickle may name: what torch and numpy need to rebuild tensors, and nothing that can act."""

from __future__ import annotations

_STORAGES = (
    "Float",
    "Half",
    "Double",
    "Long",
    "Int",
    "Short",
    "Char",
    "Byte",
    "Bool",
    "BFloat16",
    "ComplexFloat",
    "ComplexDouble",
)
STORAGES = {
    "FloatStorage": "F32",
    "HalfStorage": "F16",
    "DoubleStorage": "F64",
    "LongStorage": "I64",
    "IntStorage": "I32",
    "ShortStorage": "I16",
    "CharStorage": "I8",
    "ByteStorage": "U8",
    "BoolStorage": "BOOL",
    "BFloat16Storage": "BF16",
    "UntypedStorage": "U8",
    "ComplexFloatStorage": "C64",
    "ComplexDoubleStorage": "C128",
}
"""Torch's storage classes to the type of their numbers."""

_BUILTINS = (
    "set",
    "frozenset",
    "dict",
    "list",
    "tuple",
    "int",
    "float",
    "bool",
    "str",
    "bytes",
    "bytearray",
    "complex",
    "slice",
    "range",
    "object",
)
_DTYPES = (
    "float32",
    "float16",
    "float64",
    "bfloat16",
    "int64",
    "int32",
    "int16",
    "int8",
    "uint8",
    "bool",
    "complex64",
    "complex128",
    "float8_e4m3fn",
    "float8_e5m2",
)

KNOWN = frozenset(
    {(module, name) for module in ("builtins", "__builtin__") for name in _BUILTINS}
    | {("torch", f"{kind}{what}") for kind in _STORAGES for what in ("Storage", "Tensor")}
    | {("torch", name) for name in (*_DTYPES, "Size", "device", "Tensor", "float", "half", "long", "strided")}
    | {("torch.storage", "UntypedStorage"), ("torch.storage", "TypedStorage"), ("torch.nn.parameter", "Parameter")}
    | {
        ("torch._utils", name)
        for name in (
            "_rebuild_tensor",
            "_rebuild_tensor_v2",
            "_rebuild_tensor_v3",
            "_rebuild_parameter",
            "_rebuild_parameter_with_state",
            "_rebuild_sparse_tensor",
            "_rebuild_qtensor",
        )
    }
    | {(f"numpy.{core}.multiarray", name) for core in ("core", "_core") for name in ("_reconstruct", "scalar")}
    | {("numpy", "ndarray"), ("numpy", "dtype"), ("_codecs", "encode")}
    | {("collections", name) for name in ("OrderedDict", "defaultdict", "Counter", "deque")}
    | {("copyreg", "_reconstructor"), ("copy_reg", "_reconstructor"), ("argparse", "Namespace")}
    # written into every checkpoint of Stable Diffusion 1 and 2 by the trainer that made them
    | {("pytorch_lightning.callbacks.model_checkpoint", "ModelCheckpoint")}
)
"""Exactly these; a name with a dot, another module or a computed name is refused."""
