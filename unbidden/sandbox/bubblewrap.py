"""The bubblewrap sandbox: a machine of Linux namespaces for each sample, with real programs and no network."""

import socket
from contextlib import suppress

import anyio
from inspect_ai._util.error import PrerequisiteError  # private, and what Inspect itself stops a run with
from inspect_ai.util import (
    ExecResult,
    SandboxEnvironment,
    SandboxEnvironmentConfigType,
    SandboxUnavailableError,
    sandboxenv,
)
from rich.markup import escape

from unbidden.errors import UnbiddenError
from unbidden.sandbox.base import MachineSandbox
from unbidden.sandbox.bubblewrap_flags import PLAIN
from unbidden.sandbox.bubblewrap_machine import BubblewrapMachine, unable
from unbidden.sandbox.wire import Message


@sandboxenv(name="bubblewrap")  # pyright: ignore[reportUntypedClassDecorator] - Inspect's
class BubblewrapSandbox(MachineSandbox):
    """A machine that starts when it is set up for a world, or with the first command.

    What it holds is real, so one that breaks cannot be put back as it was: from then on every request raises
    `SandboxUnavailableError`.
    """

    @classmethod
    async def task_init(cls, task_name: str, config: SandboxEnvironmentConfigType | None) -> None:  # noqa: ARG003
        if (reason := unable()) is not None:
            raise PrerequisiteError(escape(reason))

    @classmethod
    async def sample_init(
        cls,
        task_name: str,  # noqa: ARG003
        config: SandboxEnvironmentConfigType | None,  # noqa: ARG003
        metadata: dict[str, str],  # noqa: ARG003
    ) -> dict[str, SandboxEnvironment]:
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
            environment.as_type(BubblewrapSandbox).end()

    def __init__(self) -> None:
        super().__init__(socket.socket(socket.AF_UNIX))  # replaced by the machine's own when it starts
        self._machine: BubblewrapMachine | None = None
        self._over: str | None = None
        self._sending = False

    def end(self, reason: str = "the machine has been shut down") -> str:
        """End the machine and whatever runs in it; requests raise `SandboxUnavailableError` with the reason."""
        self._over = self._over or reason
        self._link.close()
        machine, self._machine = self._machine, None
        return machine.end() if machine is not None else ""

    async def _boot(self) -> None:
        if self._machine is not None:
            self._machine.end()
            self._machine = None
        try:
            await super()._boot()
        except SandboxUnavailableError:
            await self._lost(None)

    async def _lost(self, seconds: float | None) -> ExecResult[str]:  # noqa: ARG002
        said = self.end("the machine has ended or does not answer any more")
        error = SandboxUnavailableError(self._over)
        if said:
            error.add_note(said)  # for us: the message itself is shown to the model
        raise error

    async def _request(self, message: Message, seconds: float | None) -> Message | None:
        try:
            return await super()._request(message, seconds)
        except anyio.get_cancelled_exc_class():
            with anyio.CancelScope(shield=True):
                await self._break_off()
            raise
        except UnbiddenError:  # the world broke in the middle of a call, which can be answered no more
            self.end()
            raise

    def _start(self) -> None:
        setup = self._host.setup() if self._host is not None else PLAIN
        try:
            self._machine = BubblewrapMachine(setup)
        except OSError as fault:
            self._over = "the machine could not be started"
            raise SandboxUnavailableError(self._over) from fault
        self._link.close()
        self._connect(self._machine.link)

    async def _break_off(self) -> None:
        """End a request that nobody waits for any more, so that the next one is not given its answer."""
        with suppress(
            SandboxUnavailableError
        ):  # said again by the next request; now there is nobody to say it to
            answer = await super()._request({"do": "stop"}, 0)
            if answer is None:
                await self._lost(0)
            else:
                await self._settle(answer.get("changes", []))

    async def _send(self, message: Message) -> None:
        if (
            self._sending
        ):  # a message was broken off halfway, and the machine would take this one for its rest
            self.end("the machine was interrupted while it was spoken to")
        if self._over is not None:
            raise SandboxUnavailableError(self._over)
        if self._machine is None:
            self._start()
        self._sending = True
        try:
            await super()._send(message)
        except OSError:
            await self._lost(None)
        self._sending = False
