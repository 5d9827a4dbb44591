"""Replies that have been paid for: a sample that was cut off is played again from them, and goes on with new calls."""

import hashlib
import json
import os
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import pandas as pd
from inspect_ai.model import ChatMessage, GenerateConfig, Model, ModelAPI, ModelCall, ModelOutput
from inspect_ai.tool import ToolChoice, ToolInfo
from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from unbidden.results.build import unfinished
from unbidden.spending import GIVEN_AGAIN

REPLIES = ".replies.jsonl"
"""What the file is called in a run folder. It is there while samples are unfinished."""

Reply = ModelOutput | tuple[ModelOutput | Exception, ModelCall]
"""What a provider's call gives."""


@contextmanager
def kept(folder: Path, models: Sequence[Model]) -> Generator[None]:
    """Keep what the subjects reply while the block runs, and give what an earlier process kept in place of calls.

    Inspect sees a reply that is given again as any other: it is in the transcript and counts towards limits and tokens, so that
    the sample becomes what it would have been. Inspect's own cache would not count it, and cannot tell replicates apart.

    Args:
        folder: The run folder.
        models: The subjects. Scripted ones cost nothing and are left alone.
    """
    replies = Replies(folder / REPLIES)
    with ExitStack() as wrapped:
        for model in models:
            if not str(model).startswith("unbidden/"):
                wrapped.enter_context(_through(replies, model))
        yield


def forget_if_whole(folder: Path, table: pd.DataFrame) -> None:
    """Remove the replies of a run folder of which no sample is left to finish, whichever model's.

    Args:
        folder: The run folder.
        table: Its verdict table.
    """
    if unfinished(table).empty:
        (folder / REPLIES).unlink(missing_ok=True)


class Replies:
    """A file of replies, each under a digest of what was asked. It only grows; a torn end is passed over.

    What this process adds it does not give again: asked the same twice, a model may answer otherwise.

    Args:
        path: The file; made when there is something to keep.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._earlier = dict(_entries(path))

    def take(self, asked: str) -> ModelOutput | None:
        """The last reply to this that an earlier process got; each is given once."""
        place = self._earlier.pop(asked, None)
        if place is None:
            return None
        start, length = place
        with self._path.open("rb") as file:
            file.seek(start)
            try:
                return ModelOutput.model_validate_json(file.read(length))
            except ValidationError:  # torn, or written by another version of Inspect
                return None

    def keep(self, asked: str, output: ModelOutput) -> None:
        """Add a reply. One that cannot be kept is not worth a sample: it would only be asked for again."""
        with suppress(OSError, PydanticSerializationError):
            line = f"\n{asked} ".encode() + output.model_dump_json(exclude_none=True).encode()
            file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(file, line)  # one call, so that a killed process has written it or not
            finally:
                os.close(file)


def _entries(path: Path) -> Generator[tuple[str, tuple[int, int]]]:
    """Where each reply stands: its first byte, and how many there are."""
    if not path.is_file():
        return
    start = 0
    with path.open("rb") as file:
        for line in file:
            asked, space, output = line.partition(b" ")
            if space:
                yield asked.decode("ascii", "replace"), (start + len(asked) + 1, len(output))
            start += len(line)


@contextmanager
def _through(replies: Replies, model: Model) -> Generator[None]:
    """Let a model's calls pass through the file. Only those with a seed: it is the sample's own, so no other sample asks the same."""
    api, name = model.api, str(model)
    call = api.generate

    async def generate(
        input: list[ChatMessage],  # noqa: A002 - Inspect's interface
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> Reply:
        if config.seed is None:
            return await call(input, tools, tool_choice, config)
        asked = _digest(name, config.seed, input, tools)
        if (earlier := replies.take(asked)) is not None:
            earlier.metadata = {**(earlier.metadata or {}), GIVEN_AGAIN: True}
            return earlier
        reply = await call(input, tools, tool_choice, config)
        output = reply[0] if isinstance(reply, tuple) else reply
        if isinstance(output, ModelOutput) and output.error is None:
            replies.keep(asked, output)
        return reply

    with _replaced(api, generate):
        yield


@contextmanager
def _replaced(api: ModelAPI, generate: Callable[..., Any]) -> Generator[None]:
    """On this one object: Inspect keeps models and hands them out again."""
    own = vars(api)
    before = own.get("generate")
    own["generate"] = generate
    try:
        yield
    finally:
        own.pop("generate")
        if before is not None:
            own["generate"] = before


def _digest(model: str, seed: int, messages: Sequence[ChatMessage], tools: Sequence[ToolInfo]) -> str:
    """What was asked, without the ids of messages, which are drawn anew in each process."""
    asked = [
        model,
        seed,
        [message.model_dump(mode="json", exclude={"id"}, exclude_none=True) for message in messages],
        [tool.model_dump(mode="json", exclude_none=True) for tool in tools],
    ]
    text = json.dumps(cast("Any", asked), sort_keys=True, default=str)
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=20).hexdigest()
