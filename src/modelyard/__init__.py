"""Modelyard downloads, proves, organises and serves AI model files.

::

    import modelyard

    model = modelyard.download("hf:owner/repo/model.safetensors", to="models/")
"""

from typing import TYPE_CHECKING, Any

from modelyard.values.version import VERSION as __version__  # noqa: N811  # the name that tools look for

__all__ = [
    "Available",
    "Library",
    "Model",
    "Modelyard",
    "Transfer",
    "YardError",
    "__version__",
    "download",
    "download_all",
]

if TYPE_CHECKING:
    from modelyard.errors import YardError
    from modelyard.python import Available, Library, Model, Modelyard, Transfer, download, download_all


def __getattr__(name: str) -> Any:
    # The library is imported at first use: `modelyard --help` needs none of it.
    if name == "YardError":
        from modelyard.errors import YardError

        return YardError
    if name in __all__:
        from modelyard import python

        return getattr(python, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
