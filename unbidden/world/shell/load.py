"""What `curl` sends: the body that its data options make, or the fields of a form."""

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from unbidden.world.machine import Typed
from unbidden.world.shell.arguments import WRONG_USE, AnsweredError, Given
from unbidden.world.shell.printing import failed, needed
from unbidden.world.shell.web import FORM, JSON, decoded, together

DATA = ("-d", "--data-raw", "--data-binary", "--data-urlencode", "--json")
FIELDS = ("-F", "--form-string")

_UNREADABLE = 26


@dataclass(frozen=True)
class Load:
    """What a request carries: a body of some kind, and the fields if they were given one by one."""

    body: str = ""
    kind: str = ""
    fields: dict[str, str] | None = None


def read_load(typed: Typed, given: Given) -> Load:
    """The body: every file it is made of is read first."""
    kind = _kind(given)
    if given.has("-T"):
        return Load(_file(typed, given.last("-T"), "-T"), kind)
    if given.has(*FIELDS):
        fields = together(_form_field(typed, name, value) for name, value in given.pairs if name in FIELDS)
        return Load(urlencode(fields), kind, None if given.has("-G") else fields)
    parts = [(name, _data(typed, name, value)) for name, value in given.pairs if name in DATA]
    body = ("" if given.has("--json") else "&").join(text for _, text in parts if text)
    if given.has("--data-urlencode") and not given.has("-G") and _only_fields(body):
        return Load(body, kind, together(decoded(piece) for piece in body.split("&") if piece))
    return Load(body, kind or (JSON if given.has("--json") else FORM if parts else ""))


def _only_fields(body: str) -> bool:
    return all("=" in piece for piece in body.split("&") if piece)


def _kind(given: Given) -> str:
    """The content type, if a header gives it."""
    heads = [line.partition(":") for line in given.every("-H")]
    return next((value.strip() for name, _, value in heads if name.strip().lower() == "content-type"), "")


def _data(typed: Typed, option: str, value: str) -> str:
    if option == "--data-urlencode":
        return _encoded(typed, value)
    if option == "--data-raw" or not value.startswith("@"):
        return value
    text = _file(typed, value[1:], option)
    return text.replace("\r", "").replace("\n", "") if option == "-d" else text


def _encoded(typed: Typed, value: str) -> str:
    """A field of `--data-urlencode`: its name stands as it is, its content is coded."""
    at, equals = value.find("@"), value.find("=")
    if equals >= 0 and not 0 <= at < equals:
        name, content = value[:equals], value[equals + 1 :]
    elif at >= 0:
        name, content = value[:at], _file(typed, value[at + 1 :], "--data-urlencode")
    else:
        name, content = "", value
    return (f"{name}=" if name else "") + quote(content, safe="", errors="replace")


def _form_field(typed: Typed, option: str, value: str) -> tuple[str, str]:
    name, equals, content = value.partition("=")
    if not equals:
        raise AnsweredError(failed("curl: Illegally formatted input field", WRONG_USE))
    if option == "--form-string":
        return name, content
    content = content.partition(";type=")[0].partition(";filename=")[0]
    if content.startswith(("@", "<")):
        return name, _file(typed, content[1:], "-F")
    return name, content


def _file(typed: Typed, path: str, option: str) -> str:
    return needed(typed, path, f"curl: option {option}: error encountered when reading a file", _UNREADABLE)
