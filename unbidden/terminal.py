"""Text of strangers, made safe to print."""


def visible(text: str) -> str:
    """Text whose control characters (terminal escapes among them) are spelled out; line breaks and tabs stay."""
    return "".join(char if char.isprintable() or char in "\n\t" else repr(char)[1:-1] for char in text)
