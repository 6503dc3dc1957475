"""Flood: so many new causes at once that one alert for all of them says more than each.

ISA-18.2 calls more than ten alarms in ten minutes a flood: nobody can follow them. Up to a number
of alerts may open in a minute over the whole plant; what comes beyond them goes into one alert per
line. It ends (for new causes) when they come at half that rate.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace

from alerts import life, record
from alerts.alert import Alert, Cause, Happened, Kind, Severity, State
from alerts.anomaly import Anomaly
from alerts.life import Alarm
from alerts.setting import Setting
from alerts.sql import statement
from alerts.tell import Telling, tell, who_was_told
from storage.connect import Connection

#: Causes of a flood at which those who know of it are told how large it has become.
_WORTH_TELLING = (10, 100, 1000, 10_000)
#: What to do first.
_ACTION = (
    "Look for what the first alerts have in common: a supply, a lot, a computer; acknowledge this"
    " one, and go through its history when the cause is known."
)


@dataclass(slots=True)
class _Line:
    """The flood of one line: its causes, whether each is on, and what came in this transaction."""

    is_on: dict[Cause, bool] = field(default_factory=dict)
    before: int = 0
    began: list[tuple[Anomaly, Severity]] = field(default_factory=list)
    news: list[tuple[Anomaly, str]] = field(default_factory=list)


class Flood:
    """What floods swallow in one transaction; `settle` writes it at the end.

    Everything that is read comes from the start of the transaction: nobody else correlates
    meanwhile.
    """

    def __init__(self, connection: Connection, setting: Setting) -> None:
        self._connection = connection
        self._setting = setting
        self._lines: dict[str, _Line] = defaultdict(_Line)
        for *cause, is_on in connection.execute(statement("flood_members")):
            self._lines[cause[0]].is_on[Cause(*cause)] = is_on
        for line in self._lines.values():
            line.before = len(line.is_on)
        self._opened: int | None = None
        self._swallowed = 0

    def swallow(self, anomaly: Anomaly, severity: Severity) -> bool:
        """Take *anomaly*, which begins and has no alert of its own; false: there is no flood.

        Its evidence stands in the history of the flood's alert then.
        """
        line = self._lines.get(anomaly.line)
        if line is None or anomaly.cause not in line.is_on:
            if not self._is_flood():
                assert self._opened is not None
                self._opened += 1
                return False
            line = self._lines[anomaly.line]
            self._swallowed += 1
        line.is_on[anomaly.cause] = True
        line.began.append((anomaly, severity))
        line.news.append((anomaly, "swallowed"))
        return True

    def knows(self, cause: Cause) -> bool:
        """Tell whether *cause* belongs to a flood."""
        return cause.line in self._lines and cause in self._lines[cause.line].is_on

    def subside(self, anomaly: Anomaly) -> None:
        """Note the end *anomaly* of a cause, if it belongs to a flood."""
        if self.knows(anomaly.cause):
            line = self._lines[anomaly.line]
            line.is_on[anomaly.cause] = False
            line.news.append((anomaly, "ended"))

    def settle(self) -> None:
        """Write what came: one alert for each line, all of its evidence, what is on.

        When all causes of a flood have ended, its alert returns.
        """
        for name, line in self._lines.items():
            if not line.news:
                continue
            alert = self._alert(name, line)
            record.add_events(
                self._connection, alert.id, Happened.UPDATED,
                [(why, anomaly.evidence()) for anomaly, why in line.news],
            )  # fmt: skip
            with self._connection.cursor() as cursor:
                members = [
                    {
                        **a.cause._asdict(),
                        "alert": alert.id,
                        "anomaly": a.id,
                        "is_on": why == "swallowed",
                    }
                    for a, why in line.news
                ]
                cursor.executemany(statement("flood_member"), members)
            if not any(line.is_on.values()):
                stay_s = self._setting.config.rules.off_delay_s
                life.back(self._connection, self._setting, alert, stay_s=stay_s)

    def _alert(self, name: str, line: _Line) -> Alert:
        """Return the alert of the flood of line *name*, as what came leaves it."""
        cause = Cause(name, "", "", None, "alarms", "")
        alert = record.find_open(self._connection, cause, Kind.FLOOD)
        if not line.began:
            assert alert is not None
            return alert
        causes = len(line.is_on)
        known = [] if alert is None else [alert.severity]
        worst = max([*known, *(s for _, s in line.began)], key=lambda s: s.rank)
        raised = Alarm(
            kind=Kind.FLOOD,
            cause=cause,
            severity=worst,
            title=f"flood of alarms on {name}: {causes} cause{'s' * (causes != 1)} in one alert",
            since=min([a.since for a, _ in line.began] + ([alert.since] if alert else [])),
            details={"causes": causes, "action": _ACTION},
        )
        if alert is None or alert.state is State.RETURNED or worst is not alert.severity:
            return life.alarm(self._connection, self._setting, raised)
        grown = replace(
            alert, title=raised.title, since=raised.since, details=raised.details,
            return_due_at=None,
        )  # fmt: skip
        record.update(self._connection, grown, grown.details)
        if any(line.before < worth <= causes for worth in _WORTH_TELLING):
            self._tell(grown)
        return grown

    def _tell(self, alert: Alert) -> None:
        event = record.add_event(self._connection, alert.id, Happened.UPDATED, why=alert.title)
        if alert.suppressed is None:
            known = who_was_told(self._connection, self._setting, alert)
            tell(self._connection, self._setting, alert, event, [Telling("alert.updated", known)])

    def _is_flood(self) -> bool:
        """Tell whether new causes come too fast to be alerts of their own."""
        if self._opened is None:
            row = self._connection.execute(statement("flood_pace")).fetchone()
            assert row is not None
            self._opened, swallowed = row
            self._swallowed += swallowed
        limit = self._setting.config.rules.flood_alerts_per_min
        # It takes half the rate to end a flood, so that it does not end and begin all the time.
        enough = limit / 2 if self._swallowed else limit
        return self._opened + self._swallowed >= enough
