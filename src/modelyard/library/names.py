"""Names from outside become names on this disk, or are refused. Pure code.

A hub's path is data: each component is normalised (NFC), freed of characters that some system forbids,
kept below 200 bytes. What could leave the folder or hide in it is refused, not repaired.
"""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path

from modelyard.errors import UnsafePath

LONGEST = 200
"""Bytes of one component; file systems stop at 255, and parts need a longer name than their target."""

_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\/]')
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\..*)?", re.IGNORECASE)
_PROGRAMS = frozenset(
    (".py", ".pyc", ".sh", ".bash", ".zsh", ".fish", ".bat", ".cmd", ".ps1", ".vbs", ".js", ".exe", ".com", ".scr")
    + (".msi", ".dll", ".so", ".dylib", ".desktop", ".lnk", ".jar", ".pyd", ".pyw", ".hta", ".wsf", ".jse", ".vbe")
    + (".appimage", ".command", ".url", ".webloc", ".service", ".reg", ".html", ".htm", ".xhtml", ".xht")
    + (".shtml", ".mht", ".mhtml", ".svg", ".svgz")
)
"""What a system runs, or opens with whatever it says: pages and drawings hold scripts."""
_HARMLESS = frozenset((".cache",))
"""Hidden folders that hold models by custom."""

_SYSTEM = frozenset(
    f"/{name}" for name in ("bin", "boot", "etc", "lib", "lib32", "lib64", "proc", "sbin", "sys", "usr")
)
"""Folders of the system's own."""

_DRIVE = re.compile(r"^[a-zA-Z]:")


def safe_component(name: str) -> str:
    """One file or folder name that is safe on every system.

    Raises:
        UnsafePath: Nothing is left of it, or it is ``.``, ``..`` or a hidden name.
    """
    clean = _INVISIBLE.sub("", unicodedata.normalize("NFC", name))
    clean = _FORBIDDEN.sub("_", clean).rstrip(". ").lstrip(" ")
    if not clean or clean.startswith("."):
        raise UnsafePath(f"{name[:80]!r} is no name for a file here.", hint="Give another name with --to.")
    if _RESERVED.fullmatch(clean):
        clean = "_" + clean
    return _shortened(clean)


def _shortened(name: str) -> str:
    if len(name.encode()) <= LONGEST:
        return name
    stem, dot, suffix = name.rpartition(".")
    if not dot or len(suffix.encode()) > 20:
        stem, suffix = name, ""
    end = f".{suffix}" if suffix else ""
    return stem.encode()[: LONGEST - len(end.encode())].decode(errors="ignore") + end


def safe_relative(path: str) -> Path:
    """A hub's relative path as a path below a folder of ours.

    Raises:
        UnsafePath: It is absolute, has a drive, or one component is refused.
    """
    if path.startswith("/") or _DRIVE.match(path) or "\0" in path:
        raise UnsafePath(f"{path[:80]!r} leads out of the folder.")
    return Path(*(safe_component(part) for part in path.split("/")))


def is_hidden(path: str) -> bool:
    """Whether a path has a component that begins with a dot (``.gitattributes``); ``..`` is worse than hidden."""
    parts = path.split("/")
    return any(part.startswith(".") for part in parts) and not {".", ".."} & set(parts)


def is_program(name: str) -> bool:
    """Whether a system would run a file of this name, or open it as a page with scripts; models are never named so."""
    return "." + name.rsplit(".", 1)[-1].lower() in _PROGRAMS


def check_inside(root: Path, target: Path) -> None:
    """Refuse a target that links lead out of its root, and places that programs run code from.

    Args:
        root: The folder that the person named.
        target: The final path; its folder need not exist yet.

    Raises:
        UnsafePath: A link leads elsewhere, or the target is under ``custom_nodes``.
    """
    real_root = os.path.realpath(root)
    real = os.path.realpath(target.parent)
    if real != real_root and not real.startswith(real_root.rstrip(os.sep) + os.sep):
        raise UnsafePath(f"{target} leads out of {root} through a link.")
    check_no_code(real)


def check_no_code(target: str) -> None:
    """Refuse a place that programs run code from.

    Raises:
        UnsafePath: The target is under ``custom_nodes``.
    """
    if "custom_nodes" in Path(target).parts:
        raise UnsafePath(f"{target} is where ComfyUI runs code from; models do not belong there.")


def check_harmless(target: str, home: str) -> None:
    """Refuse a place that a system or a program acts upon by itself: settings, start-up files, keys, programs.

    Args:
        target: A folder when it ends with a slash or is one; else a file. Links are followed.
        home: The folder of ours that holds it, whose own path may be as hidden as it likes; empty: none does.

    Raises:
        UnsafePath: It is such a place.
    """
    check_no_code(target)
    real = os.path.realpath(target)
    if home:
        check_below(home, target)
        return
    parts = [part for part in Path(real).parts if part not in _HARMLESS]
    program = is_program(real) and not target.endswith(("/", os.sep)) and not Path(real).is_dir()
    if program or is_hidden("/".join(parts)) or Path("/", *Path(real).parts[1:2]).as_posix() in _SYSTEM:
        raise UnsafePath(
            f"{target} is no place for a model: systems and programs read such files by themselves.",
            hint="Register the folder first, if models do belong there: `modelyard roots add FOLDER`.",
        )


def check_below(root: str, target: str) -> None:
    """Refuse what somebody who is not the owner may not name: other folders, hidden names, names of programs.

    Args:
        root: A folder of ours; links in it are followed.
        target: A folder when it ends with a slash or is one; else a file.

    Raises:
        UnsafePath: It is no place below the root.
    """
    real_root, real = os.path.realpath(root), os.path.realpath(target)
    try:
        inside = os.path.commonpath([real_root, real]) == real_root
    except ValueError:  # another drive
        inside = False
    if not inside:
        raise UnsafePath(f"{target} lies outside the folder for downloads.", hint="Name a folder below it.")
    below = Path(os.path.relpath(real, real_root)).as_posix()
    if is_hidden(below) or (is_program(below) and not target.endswith(("/", os.sep))):
        raise UnsafePath(f"{target} has a hidden name or one of a program.")
    check_no_code(real)
