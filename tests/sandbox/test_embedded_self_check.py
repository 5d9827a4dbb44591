"""Inspect's own checks of a sandbox, on embedded machines."""

from collections.abc import AsyncGenerator

import pytest
from anyio.lowlevel import checkpoint
from inspect_ai.util._sandbox.self_check import *  # noqa: F403 - the checks are to be collected here

from unbidden.sandbox.embedded import EmbeddedSandbox

pytestmark = pytest.mark.anyio

CANNOT_HOLD = {
    "test_exec_as_user": "a machine has one user, and nobody in it may become another",
    "test_read_and_write_large_file_binary": "a file holds at most 10 MB",
    "test_exec_input_large": "a file holds at most 10 MB, and input is one",
}
"""Checks that ask for what these machines are not to do, or cannot."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def _no_sleep(seconds: float) -> None:  # noqa: ARG001
    """The checks wait for processes to end; here they must have ended when a command returns."""
    await checkpoint()


@pytest.fixture
async def sandbox_env(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[EmbeddedSandbox]:
    """A machine that has not been set up for any world."""
    if (reason := CANNOT_HOLD.get(request.node.originalname)) is not None:
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True))
    monkeypatch.setattr("anyio.sleep", _no_sleep)
    sandbox = EmbeddedSandbox()
    yield sandbox
    sandbox.end()
