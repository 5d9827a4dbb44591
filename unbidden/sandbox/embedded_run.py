"""One command of the agent's on an embedded machine, in a process that is a copy of the machine and ends with it."""

import posixpath
import shlex
import socket
from _thread import allocate_lock, start_new_thread  # a third of what a Timer costs
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from bashkit import BuiltinContext, BuiltinResult, ExecResult

from unbidden.sandbox.embedded_disk import Tree
from unbidden.sandbox.embedded_shell import Shell
from unbidden.sandbox.embedded_words import corrected, explained
from unbidden.sandbox.wire import Message, Reader, packed, receive, to_bytes, to_text

INPUT = "/dev/shm/.input"  # noqa: S108 - on the machine, where nobody else is
"""Where a command's input lies."""

KEPT = 10 << 20
"""Bytes of a stream that the interpreter keeps and tells of: a command that has filled them may be printing for good."""

SHELLS = frozenset({"bash", "sh", "/bin/bash", "/bin/sh", "/usr/bin/bash", "/usr/bin/sh"})
FLAGS = frozenset({"--login", "-l", "-c", "-lc"})


class Run:
    """Runs a command, and asks the machine's process to pass the world's commands on.

    Args:
        shell: The machine.
        before: Its files before the command.
        link: To the machine's process.
    """

    def __init__(self, shell: Shell, before: Tree, link: socket.socket) -> None:
        self._shell, self._before, self._link = shell, before, link
        self._reader = Reader()
        self._calls = 0
        self._stdout, self._stderr = Stream(), Stream()
        self._most = 0
        self._running = allocate_lock()
        self.interpreting = False

    def run(self, message: Message, seconds: float) -> Message:
        """Run what an `exec` says, for so long, and return what is answered."""
        shell, self._most = self._shell, message["most"]
        shell.clock.begin(message["now"])
        if (refused := self._refused(message["cmd"])) is not None:
            return self._answer(126, "", "", refused=refused)
        if (fault := self._prepare(message)) is not None:
            return self._answer(1, "", fault)
        self._running.acquire()
        start_new_thread(self._stop_after, (seconds,))
        self.interpreting = True
        result = shell.bash.execute_sync(_script(message), on_output=self._hear)
        self.interpreting = False
        late = shell.over.is_set() and not self._overflowed()
        self._running.release()
        return self._ended(result, late=late)

    def call(self, context: BuiltinContext) -> BuiltinResult:
        """Have the world answer one of its commands."""
        shell = self._shell
        own, shell.disk.files = shell.disk.files, context.fs
        try:
            return self._call(context)
        finally:
            shell.disk.files = own

    def _call(self, context: BuiltinContext) -> BuiltinResult:
        disk = self._shell.disk
        name = posixpath.basename(context.name)
        self._calls += 1
        call: Message = {"is": "call", "id": self._calls, "name": name, "argv": list(context.argv)}
        call |= {"stdin": context.stdin or "", "cwd": context.cwd, "files": {}}
        while True:
            changes, knows = disk.report(careful=False)
            call |= {"changes": changes, "knows": knows, "difference": disk.copies(list(knows))}
            self._link.sendall(packed(call))
            reply = receive(self._link, self._reader)
            if reply is None:
                raise SystemExit
            disk.put_back(reply["restore"])
            if "needs" not in reply:
                break
            call["files"][reply["needs"]] = self._readable(reply["needs"])
        stderr, code = reply["stderr"], reply["code"]
        for path, text in reply["files"].items():
            try:
                disk.write(path, text.encode())
            except RuntimeError as fault:
                stderr += f"{name}: {path}: {corrected(str(fault))}\n"
                code = code or 1
        return BuiltinResult(reply["stdout"], stderr, code)

    def _readable(self, path: str) -> str | None:
        node = self._shell.disk.node(path)
        if node is None or node.kind != "file" or not node.mode & 0o400:
            return None
        return self._shell.disk.read(path).decode("utf-8", "replace")

    def _refused(self, cmd: Sequence[str]) -> str | None:
        """What is no program, though it is asked for as one."""
        if not cmd or "/" not in cmd[0]:
            return None
        node = self._shell.disk.node(posixpath.join(self._shell.home, cmd[0]))
        runs = node is None or (node.kind == "file" and node.mode & 0o111)
        return None if runs else cmd[0]

    def _prepare(self, message: Message) -> str | None:
        """Folder, variables and input of a command; why there can be none."""
        lines = list[str]()
        if message["cwd"] is not None:
            lines.append(f"cd -- {shlex.quote(message['cwd'])}")
        lines += [
            f"export {name}={shlex.quote(value)}"
            for name, value in message["env"].items()
            if name.isidentifier()
        ]
        result = self._shell.bash.execute_sync(" && ".join([*lines, "hash -r && history -c"]))
        if result.exit_code:
            return corrected(result.stderr)
        if message["input"] is not None:
            try:
                self._shell.disk.write(INPUT, to_bytes(message["input"]))
            except RuntimeError as fault:
                return f"bash: standard input: {corrected(str(fault))}\n"
        return None

    def _hear(self, stdout: str, stderr: str) -> None:
        self._stdout.add(stdout)
        self._stderr.add(stderr)
        if self._overflowed():
            self._stop()

    def _stop_after(self, seconds: float) -> None:
        if not self._running.acquire(timeout=seconds):
            self._stop()

    def _stop(self) -> None:
        self._shell.over.set()
        self._shell.bash.cancel()

    def _overflowed(self) -> bool:
        size = max(self._stdout.size, self._stderr.size)
        return size > self._most or size >= KEPT

    def _ended(self, result: ExecResult, *, late: bool) -> Message:
        overflow = self._overflowed() or result.stdout_truncated or result.stderr_truncated
        if late or overflow:
            ended = {"timed_out": late and not overflow, "overflow": overflow}
            return self._answer(result.exit_code, self._stdout.text(), self._stderr.text(), **ended)
        if result.error is not None:
            said, code = explained(result.error, result.exit_code)
            heard = self._stderr.text().removesuffix(result.error)
            return self._answer(code, self._stdout.text(), heard + said)
        raw: Any = result  # the package's types leave the bytes out
        return self._answer(result.exit_code, raw.stdout_bytes, raw.stderr_bytes)

    def _answer(self, code: int, stdout: str | bytes, stderr: str | bytes, **more: Any) -> Message:
        disk = self._shell.disk
        changes, knows = disk.report(careful=True)
        answer: Message = {"is": "done", "code": code, "timed_out": False, "overflow": False, "refused": None}
        answer |= {"stdout": self._said(stdout), "stderr": self._said(stderr), "changes": changes} | more
        return answer | {
            "knows": knows,
            "difference": disk.difference(self._before, disk.tree(), list(knows)),
        }

    def _said(self, output: str | bytes) -> str:
        given = output if isinstance(output, bytes) else output.encode()
        with suppress(UnicodeDecodeError):  # what is no text is not in anybody's words
            given = corrected(given.decode(), self._shell.user, self._shell.hostname).encode()
        return to_text(given[: self._most])


class Stream:
    """What a command has printed so far."""

    def __init__(self) -> None:
        self._parts = list[str]()
        self.size = 0

    def add(self, part: str) -> None:
        if part:
            self._parts.append(part)
            self.size += len(part.encode())

    def text(self) -> str:
        return "".join(self._parts)


def _script(message: Message) -> str:
    match message["cmd"]:
        case [str(shell), *flags, str(text)] if shell in SHELLS and _only_command(flags):
            script = text
        case words:
            script = shlex.join(words)
    return f"{{ {script}\n}} < {INPUT}" if message["input"] is not None else script


def _only_command(flags: Sequence[str]) -> bool:
    return bool(flags) and FLAGS.issuperset(flags) and flags[-1] in {"-c", "-lc"}
