"""A machine in a process of its own: what the embedded and the bubblewrap sandbox have in common."""

import socket
from abc import abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Literal, overload

import anyio
from inspect_ai.util import (
    ExecResult,
    OutputLimitExceededError,
    SandboxEnvironment,
    SandboxEnvironmentLimits,
    SandboxUnavailableError,
    SandboxUserUnsupportedError,
)

from unbidden.sandbox.replies import boot, changes_of, reply, restored
from unbidden.sandbox.wire import Message, Reader, packed, to_bytes, to_text
from unbidden.world.machine import Host, Settled

GRACE = 5
"""Seconds that a machine has beyond a command's own limit to end the command itself."""


class MachineSandbox(SandboxEnvironment):
    """One machine, spoken to over a socket; one command at a time.

    The machine keeps a command's time and size limits itself. If it does not answer in time, or dies, `_lost` says what
    that means.

    Args:
        link: The harness's end of the socket.
    """

    def __init__(self, link: socket.socket) -> None:
        super().__init__()
        self._connect(link)
        self._host: Host | None = None
        self._user = "user"
        self._turn = anyio.Lock()

    async def serve(self, host: Host) -> None:
        """Set the machine up for a world, which from now on answers its commands and takes over its changes."""
        self._host = host
        self._user = host.setup().user
        await self._boot()

    async def exec(
        self,
        cmd: list[str],
        input: str | bytes | None = None,  # noqa: A002 - Inspect's interface
        cwd: str | None = None,
        env: dict[str, str] | None = None,
        user: str | None = None,
        timeout: int | None = None,  # noqa: ASYNC109
        timeout_retry: bool = True,  # noqa: ARG002, FBT001, FBT002
        concurrency: bool = True,  # noqa: ARG002, FBT001, FBT002
    ) -> ExecResult[str]:
        if user not in {None, self._user}:
            raise SandboxUserUnsupportedError(
                f"cannot run commands as {user!r}: the only user is {self._user}"
            )
        most = SandboxEnvironmentLimits.MAX_EXEC_OUTPUT_SIZE
        message: Message = {
            "do": "exec",
            "cmd": cmd,
            "cwd": cwd,
            "env": env or {},
            "seconds": timeout,
            "most": most,
        }
        given = input.encode() if isinstance(input, str) else input
        message["input"] = to_text(given) if given is not None else None
        message["now"] = self._host.clock() if self._host is not None else None
        async with self._turn:
            await self._bring()
            answer = await self._request(message, timeout)
            if answer is None:
                return await self._lost(timeout)
            denied = await self._settle(answer.get("changes", []))
        return _result(answer, denied, most)

    async def write_file(self, file: str, contents: str | bytes) -> None:
        content = contents.encode() if isinstance(contents, str) else contents
        await self._file({"do": "write", "path": file, "content": to_text(content)}, file)

    @overload
    async def read_file(self, file: str, text: Literal[True] = True) -> str: ...  # noqa: FBT002

    @overload
    async def read_file(self, file: str, text: Literal[False]) -> bytes: ...

    async def read_file(self, file: str, text: bool = True) -> str | bytes:  # noqa: FBT001, FBT002
        most = SandboxEnvironmentLimits.MAX_READ_FILE_SIZE
        answer = await self._file({"do": "read", "path": file, "most": most}, file)
        content = to_bytes(answer["content"])
        return content.decode() if text else content

    @abstractmethod
    async def _lost(self, seconds: float | None) -> ExecResult[str]:
        """The machine died, or did not answer in time, while it ran a command.

        Leaves a machine that can run the next command, or raises `SandboxUnavailableError`.
        """

    def _connect(self, link: socket.socket) -> None:
        link.setblocking(False)  # noqa: FBT003
        self._link, self._reader = link, Reader()

    async def _boot(self) -> None:
        if self._host is None:
            return
        if await self._request(boot(self._host), 60) is None:
            raise SandboxUnavailableError("the machine ended while it was set up")

    async def _request(self, message: Message, seconds: float | None) -> Message | None:
        """Send a message and answer the machine's calls until it is done; `None` if it died or is stuck."""
        with anyio.move_on_after(None if seconds is None else seconds + GRACE):
            try:
                await self._send(message)
                while (answer := await self._receive()) is not None:
                    if answer["is"] != "call":
                        return answer
                    await self._send(reply(self._host, answer))
            except OSError:
                return None
        return None

    async def _bring(self) -> None:
        """Files that others have left are on the machine when the next command begins."""
        if self._host is not None and (arrived := self._host.arrivals()):
            await self._put(Settled(arrived), [change.path for change in arrived])

    async def _settle(self, changes: Sequence[Any]) -> Sequence[str]:
        if self._host is None or not changes:
            return ()
        settled = self._host.settle(changes_of(changes))
        await self._put(settled, [change[0] for change in changes])
        return settled.denied

    async def _put(self, settled: Settled, paths: Sequence[str]) -> None:
        message = {"do": "settle", "restore": restored(settled), "paths": list(paths)}
        with suppress(OSError):  # the machine has ended: the next request finds that out
            await self._send(message | {"stamp": self._host.clock() if self._host is not None else 0})

    async def _file(self, message: Message, path: str) -> Message:
        async with self._turn:
            answer = await self._request(message, 60)
        if answer is None:
            raise SandboxUnavailableError("the machine has ended")
        match answer.get("error"):
            case None:
                return answer
            case "missing":
                raise FileNotFoundError(2, "No such file or directory", path)
            case "directory":
                raise IsADirectoryError(21, "Is a directory", path)
            case "denied":
                raise PermissionError(13, "Permission denied", path)
            case "too-big":
                raise OutputLimitExceededError(SandboxEnvironmentLimits.MAX_READ_FILE_SIZE_STR, None)
            case other:
                raise OSError(5, str(other), path)

    async def _send(self, message: Message) -> None:
        rest = memoryview(packed(message))
        while rest:
            try:
                rest = rest[self._link.send(rest) :]
            except BlockingIOError:
                await anyio.wait_writable(self._link)

    async def _receive(self) -> Message | None:
        while (message := self._reader.next()) is None:
            try:
                piece = self._link.recv(1 << 18)
            except BlockingIOError:
                await anyio.wait_readable(self._link)
                continue
            if not piece:
                return None
            self._reader.feed(piece)
        return message


def _result(answer: Message, denied: Sequence[str], most: int) -> ExecResult[str]:
    stdout, stderr = (to_bytes(answer[name]).decode("utf-8", "replace") for name in ("stdout", "stderr"))
    if answer.get("timed_out"):
        late = TimeoutError("Command timed out before completing.")
        late.truncated_output = stdout + stderr  # type: ignore[attr-defined] - where Inspect looks for it
        raise late
    if answer.get("refused"):
        raise PermissionError(13, "Permission denied", answer["refused"])
    if answer.get("overflow"):
        raise OutputLimitExceededError(SandboxEnvironmentLimits.MAX_EXEC_OUTPUT_SIZE_STR, stdout[-most:])
    stderr += "".join(f"{line}\n" for line in denied)
    code = answer["code"] or (1 if denied else 0)
    return ExecResult(success=code == 0, returncode=code, stdout=stdout, stderr=stderr)
