"""What the tests of imports share: a mapping and logs, written to files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from elsewhere import MAPPING, Wrote, sample
from inspect_ai.log import EvalConfig, EvalDataset, EvalLog, EvalSample, EvalSpec, write_eval_log
from inspect_ai.model import ChatMessage


@pytest.fixture
def mapping(tmp_path: Path) -> Wrote:
    """Writes the mapping, with some passages replaced by others."""

    def write(*changes: tuple[str, str], add: str = "") -> Path:
        text = MAPPING + add
        for old, new in changes:
            assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times"
            text = text.replace(old, new)
        path = tmp_path / "mapping.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def log(tmp_path: Path) -> Wrote:
    """Writes an Inspect log of some conversations, or of whole samples."""

    def write(*samples: Sequence[ChatMessage] | EvalSample, name: str = "one", **given: Any) -> Path:
        made = [
            one if isinstance(one, EvalSample) else sample(number, one)
            for number, one in enumerate(samples, start=1)
        ]
        spec: dict[str, Any] = {
            "created": "2025-06-01T10:00:00+00:00", "task": "theirs", "task_id": name, "model": "openai/gpt-x",
            "dataset": EvalDataset(samples=len(made)), "config": EvalConfig(epochs=1),
        }  # fmt: skip
        path = tmp_path / "theirs" / f"{name}.eval"
        path.parent.mkdir(exist_ok=True)
        status = given.pop("status", "success")
        write_eval_log(EvalLog(status=status, eval=EvalSpec(**(spec | given)), samples=made), str(path))
        return path

    return write
