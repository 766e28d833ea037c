"""Modelyard downloads, proves, organises and serves AI model files."""

__version__ = "0.1.0"
