"""Previews: found under every tool's name, checked, written, shown small. A limited child process decodes them."""

from modelyard.library.previews.decoder import Decoder
from modelyard.library.previews.embedded import cover
from modelyard.library.previews.finding import Preview, find
from modelyard.library.previews.replacing import restore, write
from modelyard.library.previews.thumbnails import Thumbnails

__all__ = ["Decoder", "Preview", "Thumbnails", "cover", "find", "restore", "write"]
