"""The Python library: downloads and the library in a few typed lines, sync and async."""

from modelyard.python.library import Available, Library
from modelyard.python.transfers import Model, Modelyard, OnProgress, Transfer, download, download_all

__all__ = ["Available", "Library", "Model", "Modelyard", "OnProgress", "Transfer", "download", "download_all"]
