"""Text of strangers, made safe to print."""

from rich.markup import escape


def visible(text: str) -> str:
    """Text whose control characters (terminal escapes among them) are spelled out; line breaks and tabs stay."""
    return "".join(char if char.isprintable() or char in "\n\t" else repr(char)[1:-1] for char in text)


def inert(text: str) -> str:
    """Text for a place that reads rich's markup: neither markup nor control characters of its own."""
    return escape(visible(text))
