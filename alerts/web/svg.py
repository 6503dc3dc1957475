"""SVG: the elements that the page's charts are made of.

Colours are classes, whose meaning is in static/style.css, so that a chart follows light and dark.
"""

from __future__ import annotations

from html import escape

WIDTH = 760
LEFT, RIGHT, TOP, BOTTOM = 70, 750, 28, 30
INNER_WIDTH = RIGHT - LEFT


def element(tag: str, kind: str, content: str = "", **attributes: float | str) -> str:
    """Return an element of class *kind*; *content* is markup, attributes are escaped."""
    written = "".join(
        f' {name.replace("_", "-")}="{escape(_value(value))}"' for name, value in attributes.items()
    )
    return f'<{tag} class="{kind}"{written}>{content}</{tag}>'


def picture(title: str, description: str, height: int, parts: list[str]) -> str:
    """Return the whole picture; title and description are for who does not see it."""
    return element(
        "svg", "chart", "".join(parts),
        viewBox=f"0 0 {WIDTH} {height}", role="img", aria_label=f"{title}. {description}",
    )  # fmt: skip


def text(x: float, y: float, words: str, anchor: str, kind: str = "label") -> str:
    """Return *words* at a place; *anchor* is start, middle or end."""
    return element("text", kind, escape(words), x=x, y=y, text_anchor=anchor)


def level(kind: str, y: float, label: str = "") -> list[str]:
    """Return a line across the picture, and its label above the right end."""
    line = element("line", kind, x1=LEFT, x2=RIGHT, y1=y, y2=y)
    return [line, text(RIGHT - 4, y - 4, label, "end")] if label else [line]


def _value(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")
