"""Inspect's own checks of a sandbox, on bubblewrap machines."""

from collections.abc import AsyncGenerator

import pytest
from anyio.lowlevel import checkpoint
from inspect_ai.util._sandbox.self_check import *  # noqa: F403 - the checks are to be collected here

from unbidden.sandbox.bubblewrap import BubblewrapSandbox
from unbidden.sandbox.bubblewrap_machine import unable

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(unable() is not None, reason=str(unable())),
]

CANNOT_HOLD = {"test_exec_as_user": "a machine has one user, and nobody in it may become another"}
"""Checks that ask for what these machines are not to do."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def _no_sleep(seconds: float) -> None:  # noqa: ARG001
    """The checks wait for processes to end; here they must have ended when a command returns."""
    await checkpoint()


@pytest.fixture
async def sandbox_env(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[BubblewrapSandbox]:
    """A machine that has not been set up for any world."""
    if (reason := CANNOT_HOLD.get(request.node.originalname)) is not None:
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True))
    monkeypatch.setattr("anyio.sleep", _no_sleep)
    sandbox = BubblewrapSandbox()
    yield sandbox
    sandbox.end()
