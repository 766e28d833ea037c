"""Settings: one table of name, default and a sentence each; read from file < environment < flag.

The file is ``settings.json`` in the data folder and holds only what a person changed. A variable is
``MODELYARD_`` and the name in capitals with underscores: ``MODELYARD_RETRY_RETRIES=5``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from modelyard.settings.kept import Row, Settings
from modelyard.settings.table import TABLE, Setting, Value, setting, variable

__all__ = ["TABLE", "Row", "Setting", "Settings", "Value", "data_folder", "setting", "variable"]


def data_folder(environ: Mapping[str, str]) -> Path:
    """Where our own data lives: MODELYARD_HOME, else the platform's folder for user data."""
    if home := environ.get("MODELYARD_HOME"):
        return Path(home).expanduser()
    from platformdirs import user_data_path

    return user_data_path("modelyard", appauthor=False)
