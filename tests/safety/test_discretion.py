"""What a model's interface returns or raises holds no key of the environment."""

import json
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import pytest
from inspect_ai.model import (
    ChatMessageAssistant,
    GenerateConfig,
    Model,
    ModelAPI,
    ModelCall,
    ModelOutput,
)
from inspect_ai.tool import ToolCall
from pydantic import TypeAdapter

from unbidden.discretion import discreet
from unbidden.keys import HIDDEN

KEYS = {"PLAIN_KEY": "cnry-0a1b2c3d", "A_SECRET": 'cnry"1a2b\\3c\nword1'}


@pytest.fixture(autouse=True)
def held(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys of an ordinary kind, and one that JSON spells otherwise."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


class Repeating(ModelAPI):
    """Answers with what a function returns or raises."""

    def __init__(self, answer: Callable[[], Any]) -> None:
        super().__init__("repeating")
        self._answer = answer

    async def generate(self, input: Any, tools: Any, tool_choice: Any, config: GenerateConfig) -> Any:  # noqa: A002, ARG002 - Inspect's signature
        return self._answer()


def asked(answer: Callable[[], Any]) -> Any:
    """One call of a discreet interface."""
    api = discreet(Model(Repeating(answer), GenerateConfig())).api
    return anyio.run(api.generate, [], [], "auto", GenerateConfig())


def raised(answer: Callable[[], Any]) -> Exception:
    """The error of one call of a discreet interface."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of any kind
        asked(answer)
    return caught.value


def printed(problem: BaseException) -> str:
    """All that could be written of an error: what it came of too, even what a traceback leaves out."""
    seen: list[str] = []
    found: list[BaseException | None] = [problem]
    while found:
        if (one := found.pop()) is not None:
            seen += [str(one), repr(one), *getattr(one, "__notes__", [])]
            found += [one.__cause__, one.__context__]
    return "\n".join([*seen, *traceback.format_exception(problem)])


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_an_answer_holds_no_key(key: str) -> None:
    """In its text, in the arguments of its calls, and where JSON would spell the key otherwise."""
    call = ToolCall(id="1", function="bash", arguments={"command": ["echo", key]})
    message = ChatMessageAssistant(content=f"It is {key}.", tool_calls=[call])
    output = asked(lambda: ModelOutput.from_message(message))
    assert output.message.text == output.completion == f"It is {HIDDEN}."
    assert output.message.tool_calls[0].arguments == {"command": ["echo", HIDDEN]}


def test_a_raw_call_holds_no_key() -> None:
    """Neither what was sent nor what came back."""
    sent, got = {"header": f"Bearer {KEYS['PLAIN_KEY']}"}, {"body": json.dumps({"sent": KEYS["A_SECRET"]})}
    _, call = asked(lambda: (ModelOutput.from_content("m", "Hello"), ModelCall.create(sent, got)))
    assert "cnry" not in str([call.request, call.response])


def test_an_answer_without_keys_is_the_very_same() -> None:
    """Nothing is made anew for nothing."""
    output = ModelOutput.from_content("m", "Hello")
    assert asked(lambda: output) is output


def plain() -> None:
    """An error, with notes and a cause, whose cause and context differ."""
    problem = ValueError({"body": [KEYS["PLAIN_KEY"]]})
    problem.__context__ = KeyError(KEYS["A_SECRET"])
    problem.add_note(KEYS["PLAIN_KEY"])
    raise problem from RuntimeError(KEYS["PLAIN_KEY"])


def of_a_file() -> None:
    """An error that keeps its text in other places than its arguments."""
    raise FileNotFoundError(2, "No such file", f"/x/{KEYS['PLAIN_KEY']}")


def of_pydantic() -> None:
    """An error whose text cannot be changed."""
    TypeAdapter(int).validate_python(KEYS["PLAIN_KEY"])


def grouped() -> None:
    """Several errors together."""
    raise ExceptionGroup(KEYS["PLAIN_KEY"], [*_each(), ExceptionGroup("more", [*_each()])])


def led_to() -> None:
    """An error that a clean one came of."""
    try:
        of_pydantic()
    except ValueError as problem:
        raise RuntimeError from problem


def _each() -> Iterator[Exception]:
    for fail in (plain, of_a_file, of_pydantic):
        try:
            fail()
        except (ValueError, OSError) as problem:
            yield problem


@pytest.mark.parametrize("fail", [plain, of_a_file, of_pydantic, grouped, led_to])
def test_an_error_holds_no_key(fail: Callable[[], None]) -> None:
    """Wherever it keeps it: in arguments, notes, other attributes, in errors it is made of or came of."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of any kind
        fail()
    assert "cnry" in printed(caught.value)
    assert "cnry" not in printed(raised(fail))


@pytest.mark.parametrize(("fail", "kind"), [(plain, ValueError), (of_a_file, FileNotFoundError)])
def test_an_error_stays_of_its_kind(fail: Callable[[], None], kind: type[Exception]) -> None:
    """It decides whether Inspect tries again."""
    assert type(raised(fail)) is kind


def test_an_error_that_had_to_be_replaced_says_what_it_was() -> None:
    """Its type, its text without the key, and where it was raised."""
    problem = raised(of_pydantic)
    assert str(problem).startswith("ValidationError: 1 validation error for int")
    assert "validate_python" in "".join(traceback.format_exception(problem))
