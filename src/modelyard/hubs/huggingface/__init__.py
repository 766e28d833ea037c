"""Hugging Face, its mirrors, and everything that speaks its protocol."""

from modelyard.hubs.huggingface.hub import HuggingFace, make

__all__ = ["HuggingFace", "make"]
