"""The table: every setting with name, default and a sentence."""

from __future__ import annotations

import difflib
from collections.abc import Callable

import msgspec

from modelyard.errors import BadValue
from modelyard.settings.reading import (
    database,
    number,
    one_of,
    proxy,
    quiet,
    rate,
    schedule,
    sidecars,
    size,
    statuses,
    switch,
    whole,
)

Value = str | int | float | bool


class Setting(msgspec.Struct, frozen=True):
    """One row of the table.

    Attributes:
        read: From a person's text to the value; raises `BadValue`.
        says: One sentence, with its unit.
        restart: A service that runs takes a change up when it starts again.
        secret: It may hold a password and is never shown as it is.
    """

    name: str
    default: Value
    read: Callable[[str], Value]
    says: str
    restart: bool = False
    secret: bool = False


TABLE: tuple[Setting, ...] = (
    Setting("folder", "", str, "Where files go when no --to is given; empty means the current folder."),
    Setting("files.at-once", 4, whole(1, 64), "Large files fetched at the same time."),
    Setting("tasks.at-once", 4, whole(1, 64), "Tasks of the queue that run at the same time."),
    Setting("tasks.per-hub", 3, whole(1, 64), "Tasks of one hub that run at the same time."),
    Setting("tasks.stalled", 300.0, number(1, 86400), "Seconds without a sign of life before a task is put off."),
    Setting("tasks.retries", 5, whole(0, 100), "Further tries of a failed task before it stays failed."),
    Setting("tasks.quiet", "", quiet, "Hours in which no task runs, like mon-fri 22:00-07:00."),
    Setting("history.keep", 3650, whole(1, 36500), "Days that ended tasks stay in the history."),
    Setting(
        "database",
        "",
        database,
        "PostgreSQL, like postgresql://user@host/name; empty is SQLite in the data folder.",
        restart=True,
        secret=True,
    ),
    Setting(
        "server.port", 7980, whole(0, 65535), "Port of the service on this machine; 0 takes a free one.", restart=True
    ),
    Setting("connections.per-file", 16, whole(1, 64), "Most connections for one file.", restart=True),
    Setting("connections.per-host", 64, whole(1, 256), "Most connections to one host."),
    Setting("connections.total", 64, whole(1, 256), "Most connections in all."),
    Setting("retry.retries", 3, whole(0, 100), "Further tries without new ground before giving up.", restart=True),
    Setting("retry.first", 1.0, number(0, 3600), "Seconds before the first of them.", restart=True),
    Setting("retry.cap", 60.0, number(0, 86400), "Longest wait between two tries, in seconds.", restart=True),
    Setting("retry.factor", 2.0, number(1, 10), "Each wait is this much longer than the last.", restart=True),
    Setting("retry.jitter", True, switch, "Wait a random time below the computed one.", restart=True),
    Setting(
        "retry.statuses", "408,425,429,500,502,503,504", statuses, "HTTP statuses worth another try.", restart=True
    ),
    Setting(
        "retry.patience",
        300.0,
        number(0, 86400),
        "Seconds a hub may ask us to wait before we put it off.",
        restart=True,
    ),
    Setting("timeout.connect", 10.0, number(0.1, 600), "Seconds to wait for a connection.", restart=True),
    Setting(
        "timeout.silence",
        10.0,
        number(0.1, 600),
        "Seconds without a byte before a connection counts as dead.",
        restart=True,
    ),
    Setting("limit.total", "off", rate, "Speed limit over everything, like 50MB/s."),
    Setting("limit.schedule", "", schedule, "Limits by the hour: mon-fri 08:00-18:00 2MB/s; sat,sun 00:00-24:00 off."),
    Setting("limit.huggingface", "off", rate, "Speed limit for Hugging Face."),
    Setting("limit.civitai", "off", rate, "Speed limit for CivitAI."),
    Setting("limit.modelscope", "off", rate, "Speed limit for ModelScope."),
    Setting("limit.github", "off", rate, "Speed limit for GitHub."),
    Setting("limit.web", "off", rate, "Speed limit for all other addresses."),
    Setting(
        "proxy",
        "",
        proxy,
        "http://, https:// or socks5:// proxy; empty reads the usual variables, direct uses none.",
        restart=True,
        secret=True,
    ),
    Setting(
        "ca-file",
        "",
        str,
        "PEM file of certificates to trust; empty uses the system's and SSL_CERT_FILE.",
        restart=True,
    ),
    Setting(
        "sidecars",
        "info",
        sidecars,
        "Small files written beside models, like info,md,civitai.info,swarm.json; or none.",
    ),
    Setting(
        "previews", "on", one_of("on", "off", "safe-only"), "Fetch pictures of models from hubs: on, off, safe-only."
    ),
    Setting("library.upkeep", 24, whole(0, 8760), "Hours between two rounds that complete what is known; 0 never."),
    Setting("quarantine", True, switch, "Keep a pickle that would run code under a name that no program loads."),
    Setting(
        "library.adopt", True, switch, "Make the folder for downloads one of the library's once a model arrives in it."
    ),
    Setting("library.watch", True, switch, "See changes below the roots at once.", restart=True),
    Setting("library.measure", True, switch, "Measure hashes of new models, slower while downloads run."),
    Setting("library.verify", 90, whole(0, 3650), "Days after which a model's bytes are read again; 0 never does."),
    Setting("library.trash", 30, whole(0, 3650), "Days that removed models stay in the trash; 0 keeps them for ever."),
    Setting("disk.reserve", "100MB", size, "Room that always stays free, at most 1 % of the disk."),
    Setting("xet", True, switch, "Use Hugging Face's chunk transport where the extra modelyard[xet] is installed."),
    Setting("cache", True, switch, "Keep hub answers for revalidation and for working offline.", restart=True),
)

BY_NAME = {setting.name: setting for setting in TABLE}


def setting(name: str) -> Setting:
    """The row of a setting.

    Raises:
        BadValue: There is none; the hint has the nearest name.
    """
    if name not in BY_NAME:
        near = difflib.get_close_matches(name, BY_NAME, 1)
        raise BadValue(
            f"There is no setting {name!r}.",
            hint=f"Did you mean {near[0]}?" if near else "See `modelyard config show`.",
        )
    return BY_NAME[name]


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return "MODELYARD_" + name.upper().replace(".", "_").replace("-", "_")
