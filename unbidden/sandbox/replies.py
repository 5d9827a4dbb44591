"""What the host says to a machine: how it is set up, and what its commands are answered."""

from collections.abc import Sequence
from typing import Any

from unbidden.sandbox.wire import Message, to_bytes, to_text
from unbidden.world.machine import Change, Host, NeedsFileError, Settled, Typed


def boot(host: Host) -> Message:
    """The message that sets a machine up."""
    setup = host.setup()
    files = {path: [file.content, file.mode, file.modified] for path, file in setup.files.items()}
    message: Message = {"do": "boot", "hostname": setup.hostname, "user": setup.user, "home": setup.home}
    return message | {"files": files, "roots": list(setup.roots), "commands": list(setup.commands)}


def reply(host: Host | None, call: Message) -> Message:
    """The answer to a call. What has changed on the machine is taken over before the command is run."""
    if host is None:
        nothing: Message = {"code": 127, "stdout": "", "stderr": "", "files": {}, "restore": []}
        return {"do": "reply", "id": call["id"], **nothing}
    settled = host.settle(changes_of(call["changes"]))
    typed = Typed(call["name"], call["argv"], call["stdin"], call["cwd"], call["files"])
    answer: Message = {"do": "reply", "id": call["id"], "restore": restored(settled), "stamp": host.clock()}
    try:
        printed = host.answer(typed)
    except NeedsFileError as needs:
        return answer | {"needs": needs.path}
    stderr = "".join(f"{line}\n" for line in settled.denied) + printed.stderr
    said = {"stdout": printed.stdout, "stderr": stderr, "code": printed.code, "files": dict(printed.files)}
    return answer | said


def changes_of(raw: Sequence[Any]) -> list[Change]:
    """Changes as they travel, as changes; a file that is no text is kept as far as it is one."""
    return [
        Change(path, None if content is None else to_bytes(content).decode("utf-8", "replace"), mode)
        for path, content, mode in raw
    ]


def restored(settled: Settled) -> list[Any]:
    """Files to put back, as they travel."""
    return [
        [change.path, None if change.content is None else to_text(change.content.encode()), change.mode]
        for change in settled.restore
    ]
