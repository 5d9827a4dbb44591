"""Text of strangers, made safe to print."""

from rich.console import Console
from rich.markup import escape

WIDTH = 110
"""Columns of what goes to a file or a pipe, which have no width to fit."""


def console(width: int = WIDTH) -> Console:
    """Standard output for tables: as wide as the terminal, or `width` columns where there is none."""
    out = Console()
    if not out.is_terminal:
        out.width = width
    return out


def visible(text: str) -> str:
    """Text whose control characters (terminal escapes among them) are spelled out; line breaks and tabs stay."""
    return "".join(char if char.isprintable() or char in "\n\t" else repr(char)[1:-1] for char in text)


def one_line(text: str) -> str:
    """Text as `visible` shows it, line breaks and tabs spelled out too: for a place where a second line would look like another entry."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def inert(text: str) -> str:
    """Text for a place that reads rich's markup: neither markup nor control characters of its own."""
    return escape(visible(text))


_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the beginning of a formula, full-width forms included."""


def spreadsheet_safe(text: str) -> str:
    """Text for a cell of a table that a spreadsheet may open: a formula becomes text by an apostrophe before it."""
    shown = visible(text)
    return f"'{shown}" if shown.lstrip(" ").startswith(_FORMULA) else shown
