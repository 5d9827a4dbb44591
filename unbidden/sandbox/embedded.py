"""The embedded sandbox: a bash interpreter with a disk in memory, in a process of its own for each sample. Needs no installation."""

import socket

import anyio
from inspect_ai.util import (
    ExecResult,
    SandboxEnvironment,
    SandboxEnvironmentConfigType,
    SandboxUnavailableError,
    sandboxenv,
)

from unbidden.sandbox import zygote
from unbidden.sandbox.base import MachineSandbox
from unbidden.sandbox.wire import Message

_alive = set["EmbeddedSandbox"]()


@sandboxenv(name="embedded")  # pyright: ignore[reportUntypedClassDecorator] - Inspect's
class EmbeddedSandbox(MachineSandbox):
    """A machine that lives in a process, and whose files live there with it.

    A command that crashes or cannot be stopped costs that command: the machine's process notices, answers as a shell does, and
    still has its files. If that process itself is gone, every request raises `SandboxUnavailableError`.

    Raises:
        SandboxUnavailableError: No machine can be had.
    """

    @classmethod
    async def sample_init(
        cls,
        task_name: str,  # noqa: ARG003
        config: SandboxEnvironmentConfigType | None,  # noqa: ARG003
        metadata: dict[str, str],  # noqa: ARG003
    ) -> dict[str, SandboxEnvironment]:
        try:
            await anyio.to_thread.run_sync(zygote.warm)
        except zygote.ZygoteError as fault:
            raise _unavailable(fault) from fault
        return {"default": cls()}

    @classmethod
    async def sample_cleanup(
        cls,
        task_name: str,  # noqa: ARG003
        config: SandboxEnvironmentConfigType | None,  # noqa: ARG003
        environments: dict[str, SandboxEnvironment],
        interrupted: bool,  # noqa: ARG003, FBT001
    ) -> None:
        for environment in environments.values():
            environment.as_type(EmbeddedSandbox).end()

    @classmethod
    async def task_cleanup(
        cls,
        task_name: str,  # noqa: ARG003
        config: SandboxEnvironmentConfigType | None,  # noqa: ARG003
        cleanup: bool,  # noqa: ARG003, FBT001
    ) -> None:
        if not _alive:  # another task may be using it
            await anyio.to_thread.run_sync(zygote.end)

    def __init__(self) -> None:
        super().__init__(_new_machine())
        self._over: str | None = None
        self._sending = False
        _alive.add(self)

    def end(self, reason: str = "the machine has been shut down") -> None:
        """End the machine; requests raise `SandboxUnavailableError` with the reason."""
        self._over = self._over or reason
        self._link.close()
        _alive.discard(self)

    async def _lost(self, seconds: float | None) -> ExecResult[str]:  # noqa: ARG002
        self.end("the machine has ended or does not answer any more")
        raise SandboxUnavailableError(self._over)

    async def _request(self, message: Message, seconds: float | None) -> Message | None:
        try:
            return await super()._request(message, seconds)
        except anyio.get_cancelled_exc_class():
            with anyio.CancelScope(shield=True):
                await self._break_off()
            raise

    async def _break_off(self) -> None:
        """End a request that nobody waits for any more, so that the next one is not given its answer."""
        if self._over is not None:
            return
        if self._sending:
            self.end("the machine was interrupted while it was spoken to")
            return
        answer = await super()._request({"do": "stop"}, 0)
        if answer is None:
            self.end("the machine does not answer any more")
        else:
            await self._settle(answer.get("changes", []))

    async def _send(self, message: Message) -> None:
        if self._over is not None:
            raise SandboxUnavailableError(self._over)
        self._sending = True
        try:
            await super()._send(message)
        except OSError:
            await self._lost(None)
        self._sending = False


def _new_machine() -> socket.socket:
    try:
        return zygote.machine()
    except (zygote.ZygoteError, OSError) as fault:
        raise _unavailable(fault) from fault


def _unavailable(fault: Exception) -> SandboxUnavailableError:
    return SandboxUnavailableError(f"no embedded machine can be started: {fault}")
