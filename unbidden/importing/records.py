"""Stored answers of the text protocol: JSON, JSON lines, a folder of them, or Inspect logs."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from inspect_ai.log import EvalError, EvalSample
from inspect_ai.model import ChatMessage, ChatMessageAssistant, ChatMessageUser, ModelOutput

from unbidden.errors import BadInputError, ResultsError, suggestion
from unbidden.importing.given import given_files
from unbidden.importing.inspect_logs import Foreign, Sources, model_name, read_inspect_logs
from unbidden.importing.mapping import MappingFile, TextFields

ABSENT = object()


def read_records(paths: Sequence[Path], mapping: MappingFile) -> Sources:
    """Read records with a prompt and one answer each.

    Raises:
        NotFoundError: A path that does not exist.
        ResultsError: A file that is no JSON.
        BadInputError: A record without the fields that the mapping names.
    """
    files = given_files(paths, _below, "JSON files, JSON lines or Inspect logs")
    logs = [file for file in files if file.suffix == ".eval"]
    found = read_inspect_logs(logs, mapping) if logs else Sources()
    for file in files:
        if file in logs:
            continue
        if mapping.text is None:
            fix = "Name them under 'text' in the mapping: answer, prompt, model"
            raise BadInputError(
                "the mapping does not say which fields its records have", where=str(file), fix=fix
            )
        found.files.append(file)
        for number, record in enumerate(_records(file), start=1):
            found.samples.append(_foreign(file, number, record, mapping, mapping.text))
    return found


def look_up(fields: Mapping[str, Any], path: str) -> Any:
    """The value at a path with dots; `ABSENT` if there is none."""
    value: Any = fields
    for part in path.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return ABSENT
        value = cast("Mapping[str, Any]", value)[part]
    return value


def _below(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.suffix in _KINDS and path.is_file()]


_KINDS = {".json", ".jsonl", ".eval"}


def _records(file: Path) -> Iterator[Mapping[str, Any]]:
    try:
        text = file.read_text(encoding="utf-8")
        lines = [line for line in text.split("\n") if line.strip()]
        data = [json.loads(line) for line in lines] if file.suffix == ".jsonl" else json.loads(text)
    except (OSError, ValueError, RecursionError) as problem:
        raise ResultsError(f"cannot be read as JSON ({problem})", where=str(file)) from None
    for number, record in enumerate(cast("list[Any]", data) if isinstance(data, list) else [data], start=1):
        if not isinstance(record, dict):
            raise BadInputError(f"record {number} is no object", where=str(file), fix="One object a sample")
        yield cast("dict[str, Any]", record)


def _foreign(
    file: Path, number: int, record: Mapping[str, Any], mapping: MappingFile, fields: TextFields
) -> Foreign:
    where = f"{file}: record {number}"
    broken = look_up(record, fields.error) if fields.error is not None else ABSENT
    failed = broken is not ABSENT and bool(broken)
    answer = look_up(record, fields.answer)
    if answer is ABSENT and not failed:
        raise BadInputError(
            f"has no field '{fields.answer}'", where=where, fix=suggestion(fields.answer, record)
        )
    if not failed and answer is not None and not isinstance(answer, str):
        raise BadInputError(f"the field '{fields.answer}' is no text", where=where)
    model = _named(record, fields.model, where) if fields.model else mapping.subject
    if model is None:
        fix = "Name the model under 'subject', or its field under 'text.model', in the mapping"
        raise BadInputError("nothing says which model this is", where=where, fix=fix)
    model = model_name(model, where)
    said = answer if isinstance(answer, str) else ""
    messages: list[ChatMessage] = [
        ChatMessageUser(content=str(_named(record, name, where))) for name in fields.prompt
    ]
    sample = EvalSample(
        id=number,
        epoch=1,
        input=[*messages],
        target="",
        messages=[*messages, *([ChatMessageAssistant(content=said)] if said.strip() else [])],
        output=ModelOutput.from_content(model, said),
        error=EvalError(message=f"the source says: {broken}", traceback="", traceback_ansi="")
        if failed
        else None,
    )
    name = _named(record, fields.id, where) if fields.id else None
    created = datetime.fromtimestamp(file.stat().st_mtime, UTC).isoformat(timespec="seconds")
    return Foreign(sample, model, created, file, mapping.scenario, name, record)


def _named(record: Mapping[str, Any], field: str, where: str) -> str:
    value = look_up(record, field)
    if value is ABSENT or value is None:
        raise BadInputError(f"has no field '{field}'", where=where, fix=suggestion(field, record))
    return str(value)
