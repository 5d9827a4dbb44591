"""Keys and passwords: which there are, and text without them."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

from unbidden.errors import BadInputError

HIDDEN = "[a key]"
"""What stands where a key stood."""

SHORTEST = 8
"""Characters of a value that is taken for a key: shorter ones stand in ordinary text by chance."""

_WORDS = {
    "key", "apikey", "token", "secret", "password", "passwd", "pwd", "passphrase", "credential", "credentials", "authorization",
    "cookie",
}  # fmt: skip
_PASSWORD_IN_URL = re.compile(r"\w://[^/\s:@]*:([^/\s@]+)@")


def names_a_key(name: str) -> bool:
    """Whether a variable or option of this name holds a key: `HF_TOKEN`, `x-api-key`, `apiKey`."""
    words = re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
    return not _WORDS.isdisjoint(re.split(r"[^a-z]+", words))


def keys_held() -> list[str]:
    """The keys in this process's environment, the longest first.

    Paths of files that exist and numbers are none, whatever the variable is called.
    """
    found: set[str] = set()
    for name, value in os.environ.items():
        found.update(_PASSWORD_IN_URL.findall(value))
        if names_a_key(name) and not value.isdigit() and not Path(value[:200]).is_file():
            found.add(value)
    return sorted((key for key in found if len(key) >= SHORTEST), key=lambda key: (-len(key), key))


def without_keys(text: str) -> str:
    """Text in which every key of the environment is hidden."""
    for key in keys_held():
        text = text.replace(key, HIDDEN)
    return text


def hidden(value: Any) -> Any:
    """Plain data in which every key of the environment is hidden, wherever it stands."""
    if isinstance(value, str):
        return without_keys(value)
    if isinstance(value, list):
        return [hidden(item) for item in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {key: hidden(item) for key, item in cast("dict[Any, Any]", value).items()}
    return value


def must_hold_no_key(options: Mapping[str, Any]) -> None:
    """Raises `BadInputError` if an option holds a key: options stand in the manifest and in logs. The message does not repeat it."""
    for name, value in options.items():
        for place, text in _texts(name, value):
            if any(names_a_key(part) for part in place.split(".")) or _holds_a_key(text):
                raise BadInputError(
                    f"--inspect {place} holds a key, and options stand in the run's files",
                    fix="Set it in the environment, for example OPENAI_API_KEY or OPENAI_BASE_URL",
                )


def _texts(place: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for name, item in cast("dict[Any, Any]", value).items():
            yield from _texts(f"{place}.{name}", item)
    elif isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from _texts(place, item)


def _holds_a_key(text: str) -> bool:
    if any(key in text for key in keys_held()) or _PASSWORD_IN_URL.search(text):
        return True
    try:
        asked = parse_qsl(urlsplit(text).query) if "://" in text else []
    except ValueError:
        return False
    return any(names_a_key(name) for name, _ in asked)
