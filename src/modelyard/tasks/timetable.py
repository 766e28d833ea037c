"""When tasks rest and when periodic ones are due. Pure: the time is given.

All reckoning is in instants; what the clock on the wall shows then, summer time included, decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import msgspec
from cronsim import CronSim, CronSimError

from modelyard.errors import BadValue
from modelyard.values.week import Hours, parse_quiet

_MINUTE = timedelta(minutes=1)
_LONGEST_REST = timedelta(days=8)
_WRONG_CLOCK = timedelta(hours=1)


class Timetable(msgspec.Struct, frozen=True):
    """Quiet hours.

    Attributes:
        zone: Whose clock they are read on; None is this machine's.
    """

    quiet: tuple[Hours, ...] = ()
    zone: tzinfo | None = None

    @classmethod
    def read(cls, text: str, zone: tzinfo | None = None) -> Timetable:
        """Read ``quiet: mon-fri 22:00-07:00; 12:00-13:00``.

        Raises:
            BadValue: A day or time that cannot be read.
        """
        return cls(parse_quiet(text), zone)

    def quiet_until(self, now: datetime) -> datetime | None:
        """When the quiet that holds at `now` ends, in UTC; None while there is none. `now` carries its zone.

        A week without a break counts as one of eight days; ask again then.
        """
        end = now.astimezone(UTC)
        latest = end + _LONGEST_REST
        while (left := self._left(end)) and end < latest:
            end = end.replace(second=0, microsecond=0)
            shifted = self._offset(end) != self._offset(end + left * _MINUTE)
            end += _MINUTE if shifted else left * _MINUTE  # minute by minute where the clock is put forward or back
        return None if end == now.astimezone(UTC) else end

    def _left(self, moment: datetime) -> int:
        shown = moment.astimezone(self.zone)
        return max((hours.left(shown) for hours in self.quiet), default=0)

    def _offset(self, moment: datetime) -> timedelta | None:
        return moment.astimezone(self.zone).utcoffset()


class Periodic(msgspec.Struct, frozen=True):
    """A job that comes again and again.

    Attributes:
        cron: Five fields, such as ``30 4 * * sun``.
        since: When the entry was made; nothing before it counts as missed.
        zone: Whose clock it is read on; None is this machine's.
    """

    name: str
    cron: str
    kind: str
    payload: Mapping[str, Any] = msgspec.field(default_factory=dict)
    since: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    zone: tzinfo | None = None


def check_cron(text: str) -> str:
    """A cron line of five fields, blanks made plain.

    Raises:
        BadValue: It cannot be read, or names no day that ever comes.
    """
    line = " ".join(text.split())
    try:
        if len(line) > 120 or len(line.split()) != 5:
            raise CronSimError("it needs five fields")
        next(CronSim(line, datetime(2024, 1, 1, tzinfo=UTC)))
    except (CronSimError, StopIteration) as error:
        told = str(error) or "it names no time that ever comes"
        raise BadValue(f"{line[:80]!r} is no cron line: {told}.", hint="Write it like: 30 4 * * sun") from error
    return line


def next_run(entry: Periodic, after: datetime) -> datetime | None:
    """The next time after `after`, in UTC; None when there is none.

    Raises:
        BadValue: The cron line cannot be read.
    """
    zone = _LOCAL if entry.zone is None else entry.zone
    begin = after.astimezone(UTC)
    times = (coming.astimezone(UTC) for coming in CronSim(check_cron(entry.cron), after.astimezone(zone)))
    # In the hour that the clock shows twice, the next time on the wall may be this very instant.
    return next((coming for coming in times if coming > begin), None)


def due(entry: Periodic, last_run: datetime | None, now: datetime) -> bool:
    """Whether the job should run at `now`: one of its times has come since it last ran.

    However many were missed, it runs once. A last run in the future comes from a clock that was wrong.

    Raises:
        BadValue: The cron line cannot be read.
    """
    now, since = now.astimezone(UTC), entry.since.astimezone(UTC)
    last = since if last_run is None else last_run.astimezone(UTC)
    if last_run is not None and last - now > _WRONG_CLOCK:
        return True
    coming = next_run(entry, max(last, since))
    return coming is not None and coming <= now


class _Local(tzinfo):
    """This machine's clock, summer time included: `astimezone()` alone would freeze one offset."""

    def utcoffset(self, at: datetime | None) -> timedelta | None:
        return None if at is None else at.replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, at: datetime | None) -> timedelta | None:
        return None if at is None else timedelta(0)

    def tzname(self, at: datetime | None) -> str | None:
        return None if at is None else at.replace(tzinfo=None).astimezone().tzname()

    def fromutc(self, at: datetime) -> datetime:
        local = at.replace(tzinfo=UTC).astimezone()
        return local.replace(tzinfo=self)


_LOCAL = _Local()
