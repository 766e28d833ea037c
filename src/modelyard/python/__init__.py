"""The Python library: downloads and the library in a few typed lines, sync and async."""

from modelyard.python.available import Available
from modelyard.python.library import Library
from modelyard.python.transfers import Model, Modelyard, OnProgress, Transfer, download, download_all
from modelyard.python.written import Synced

__all__ = ["Available", "Library", "Model", "Modelyard", "OnProgress", "Synced", "Transfer", "download", "download_all"]
