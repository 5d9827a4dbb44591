"""Keys and passwords: which there are, and text without them."""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from unbidden.errors import BadInputError

HIDDEN = "[a key]"
"""What stands where a key stood."""

SHORTEST = 8
"""Characters of a value that is taken for a key: shorter ones stand in ordinary text by chance."""

DIGITS = 10
"""A number of so many digits may be a password; shorter ones are limits, ports and times to wait."""


def names_a_key(name: str) -> bool:
    """Whether a variable or option of this name holds a key: `HF_TOKEN`, `x-api-key`, `apiKey`, `PGPASSWORD`."""
    return not _OF_NO_KEY.search(_spread(name)) and _OF_A_KEY.search(_spread(name)) is not None


def keys_held() -> Sequence[str]:
    """The keys in this process's environment in every spelling in which they are looked for, the longest first.

    Paths of files that exist, words such as `true` and short numbers are none, whatever the variable is called.
    """
    return _held(tuple(os.environ.items()))


def without_keys(text: str) -> str:
    """Text in which every key of the environment is hidden."""
    return _without(text, keys_held())


def hidden(value: Any) -> Any:
    """Plain data in which every key of the environment is hidden, wherever it stands."""
    return _hidden(value, keys_held())


def must_hold_no_key(options: Mapping[str, Any]) -> None:
    """Raises `BadInputError` if an option holds a key: options stand in the manifest and in logs. The message does not repeat it."""
    for name, value in options.items():
        for place, text in _texts(name, value):
            named = any(names_a_key(part) for part in place.split(".")) and not _is_plain(text)
            if named or _holds_a_key(text):
                raise BadInputError(
                    f"--inspect {place} holds a key, and options stand in the run's files",
                    fix="Set it in the environment, for example OPENAI_API_KEY or OPENAI_BASE_URL",
                )


_OF_A_KEY = re.compile(
    r"(?<!MON)(?<!TUR)(?<!DON)(?<!HOT)(?<!HOC)KEYS?(?![A-Z])|(?:API|ACCESS|PRIVATE|SIGNING)KEY"
    r"|TOKEN(?!I[ZS])|SECRET(?!AR)|PASSW(?:OR)?D|PASSPHRASE|(?<!COM)(?<!BY)PASS(?![A-Z])|PWD|CREDENTIAL|CREDS?(?![A-Z])"
    r"|COOKIE|AUTH(?!OR|EN)|AUTHORI[ZS]|AUTHENTICATION"
)
"""Parts of names, upper case, that say a key; a keyboard, a tokenizer and an author say none."""

_OF_NO_KEY = re.compile(
    r"^(?:OLD|INIT_)?PWD$|ASKPASS$"
    r"|[-_](?:SOCK|FILE|PATH|DIR|URL|URI|ENDPOINT|HOST|PORT|DOMAIN|USER|USERNAME|TYPE|METHOD|MODE|PROVIDER|BACKEND|TTL|TIMEOUT)$"
)
"""Names of what belongs to a key. A password in an address is found whatever the address is called."""

_PLAIN_WORDS = {"true", "false", "yes", "no", "on", "off", "none", "null", "enabled", "disabled", "required", "optional", "default"}  # fmt: skip


def _spread(name: str) -> str:
    """`apiKey` as `API_KEY`."""
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).upper()


def _is_plain(value: str) -> bool:
    """A value that is no key, whatever its name says."""
    return value.lower() in _PLAIN_WORDS or (value.isdigit() and len(value) < DIGITS) or _is_number(value)


def _is_number(value: str) -> bool:
    return re.fullmatch(r"[+-]?\d*\.\d+", value) is not None


def _is_path(value: str) -> bool:
    """Of a file, a socket, or an absolute one of a folder. What may not be looked at counts as a key."""
    with suppress(OSError, ValueError):
        path = Path(value)
        return path.is_file() or path.is_socket() or (path.is_absolute() and path.exists())
    return False


@lru_cache(maxsize=4)
def _held(environment: Sequence[tuple[str, str]]) -> Sequence[str]:
    """Looked up once for an environment: it is asked for with every message."""
    found: set[str] = set()
    for name, value in environment:
        found.update(_keys_of(name, value.strip().strip("\"'")))
    spelled = {spelling for key in found if len(key) >= SHORTEST for spelling in _spellings(key)}
    return tuple(sorted((key for key in spelled if len(key) >= SHORTEST), key=lambda key: (-len(key), key)))


def _keys_of(name: str, value: str) -> Iterator[str]:
    yield from _in_addresses(value)
    yield from (
        part for named, part in _ASSIGNED.findall(value) if names_a_key(named) and not _is_plain(part)
    )
    if names_a_key(name) and not _is_plain(value) and not _is_path(value):
        if _says_only_access(name) and re.fullmatch(r"[a-z_ -]+", value):
            return  # AUTH=kerberos: how one is let in, not with what
        yield value
        yield from _in_json(value) if value.startswith(("{", "[")) else _parts(value)


_ASSIGNED = re.compile(r"(\w+)=([^;&\s]{8,})")
"""Within an address or a connection string: `?token=...`, `AccountKey=...;`."""


def _says_only_access(name: str) -> bool:
    return "AUTH" in name.upper() and not names_a_key(re.sub("AUTH", "", _spread(name)))


def _parts(value: str) -> Iterator[str]:
    """Of several keys in one variable, each; and each line. Words alone are none: they stand in ordinary text."""
    yield from (line.strip() for line in value.splitlines() if not line.startswith("-----"))
    for part in re.split(r"[\s,;]+", value):
        if not (part.isalpha() and len(part) < _WORD) and "-----" not in part and not _is_plain(part):
            yield part


_WORD = 20
"""Letters of a word that is longer than ordinary ones."""


def _in_json(value: str) -> Iterator[str]:
    """What is a key within a variable that holds JSON, such as a service account: by its name there, or because it looks made up."""
    try:
        data = json.loads(value)
    except (ValueError, RecursionError):
        return
    for place, text in _texts("", data):
        if names_a_key(place.rpartition(".")[2]) or not place or _MADE_UP.fullmatch(text):
            yield text
            yield from _parts(text)


_MADE_UP = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[\w+/=-]{16,}")

_BY_USER = re.compile(r"\w://[^/\s:@]*:([^/\s@]+)@"), re.compile(r"\w://[^/\s:@]*:([^/\s]+)@")
_WITH_SLASH = re.compile(r"\w://[^/\s:@]*:(?!\d{1,5}/)([^\s@]+)@")
_USER_ALONE = re.compile(r"\w://(?=[^/\s:@]*\d)([^/\s:@]{16,})(?::[^/\s@]*)?@")


def _in_addresses(value: str) -> Iterator[str]:
    """Passwords inside addresses, one that holds `/` or `@` included, and a long user with digits: a token stands there alone."""
    for pattern in (*_BY_USER, _WITH_SLASH, _USER_ALONE):
        for key in pattern.findall(value):
            yield key
            yield unquote(key)


def _spellings(key: str) -> set[str]:
    """A key as it stands, and as JSON, Python and addresses write it; JSON in JSON, too."""
    written = {key, repr(key)[1:-1], repr(key.encode(errors="surrogateescape"))[2:-1], quote(key, safe="", errors="replace")}  # fmt: skip
    for _ in range(2):
        written |= {
            json.dumps(text, ensure_ascii=ascii_only)[1:-1]
            for text in written
            for ascii_only in (True, False)
        }
    return written


def _without(text: str, keys: Sequence[str]) -> str:
    for key in keys:
        text = text.replace(key, HIDDEN)
    return text


def _hidden(value: Any, keys: Sequence[str]) -> Any:
    if isinstance(value, str):
        return _without(value, keys)
    if isinstance(value, list | tuple):
        items = [_hidden(item, keys) for item in cast("Sequence[Any]", value)]
        return items if isinstance(value, list) else tuple(items)
    if isinstance(value, dict):
        return {
            _hidden(key, keys): _hidden(item, keys) for key, item in cast("dict[Any, Any]", value).items()
        }
    return value


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
    if any(key in text for key in keys_held()) or any(True for _ in _in_addresses(text)):
        return True
    try:
        asked = parse_qsl(urlsplit(text).query) if "://" in text else []
    except ValueError:
        return False
    return any(names_a_key(name) for name, _ in asked)
