"""Descriptions from hubs and sidecars, made harmless before a page or another program sees them."""

from modelyard.library.describing.cleaning import clean, words

__all__ = ["clean", "words"]
