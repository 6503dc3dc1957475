"""Every colour of the dashboards, and what it means. A plant that wants others changes this file.

A normal plant looks boring: greys on a light ground. A saturated colour means that something is
not normal, and stands beside a word that says the same, for those who do not see it.
"""

from __future__ import annotations

# Series and limits
LINE = "#6e6e6e"
LINE_FAINT = "#bdbdbd"
LIMIT = "#9a9a9a"
BAND = "#d0d0d0"

# Grounds of tiles; None of them is green: normal is not news
NORMAL = "#e6e6e6"

# Alarm colours, one per priority, used for nothing else
HIGH = "#d9541e"
MEDIUM = "#e0b400"
LOW = "#00a0b0"

# A model's opinion, not an alarm; it turns into an alarm colour with an open alert
SUSPECTED = "#8f5fbf"

#: Greys for series that stand side by side, dark to light.
SERIES = (LINE, LIMIT, LINE_FAINT)

COLOURS = frozenset({LINE, LINE_FAINT, LIMIT, BAND, NORMAL, HIGH, MEDIUM, LOW, SUSPECTED})
