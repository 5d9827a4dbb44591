"""A bubblewrap machine's process: how it is started and ended, and whether it can be on this computer."""

import os
import platform
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

from unbidden.sandbox.bubblewrap_flags import PLAIN, flags
from unbidden.sandbox.bubblewrap_host import Interpreter, find_bubblewrap, interpreter, next_uid, open_to_all
from unbidden.sandbox.bubblewrap_programs import CLIENT, SUPERVISOR, program
from unbidden.sandbox.bubblewrap_seccomp import ARCHITECTURES, seccomp_filter
from unbidden.sandbox.client import SOCKET
from unbidden.sandbox.wire import Reader, packed, receive
from unbidden.world.machine import Setup

TRIAL = 20
"""Seconds that a machine may take to answer when it is tried out."""


class BubblewrapMachine:
    """One running machine.

    To be started from the thread of the event loop: it ends with the thread that started it.

    Args:
        setup: What it consists of; the files come later, over `link`.

    Raises:
        OSError: It could not be started.
    """

    def __init__(self, setup: Setup) -> None:
        self.link, theirs = socket.socketpair()
        self._log = os.memfd_create("log")
        with theirs, ExitStack() as held:
            try:
                self._process = _started(setup, theirs, self._log, held)
            except OSError:
                self.link.close()
                os.close(self._log)
                raise

    @property
    def pid(self) -> int:
        return self._process.pid

    def end(self) -> str:
        """End it with everything that runs in it; returns what it ended with, for a person."""
        ended = self._process.poll()
        self._process.kill()
        self._process.wait()
        self.link.close()
        said = os.pread(self._log, 4000, 0).decode("utf-8", "replace").strip()
        os.close(self._log)
        return said or ("" if ended is None else f"ended with {ended}")


def unable() -> str | None:
    """Why there can be no bubblewrap machine here, and what to do; `None` if there can."""
    if sys.platform != "linux":
        return "bubblewrap needs Linux"
    if platform.machine() not in ARCHITECTURES:
        return f"bubblewrap machines know only {' and '.join(ARCHITECTURES)}, not {platform.machine()}"
    if find_bubblewrap() is None:
        return (
            "bubblewrap is not installed. Install it with: pip install 'unbidden[bubblewrap]', "
            "or from your distribution (package bubblewrap, version 0.11 or later)"
        )
    home = interpreter().home
    if home is not None and os.geteuid() == 0 and not open_to_all(home):
        return (
            f"bubblewrap machines need a Python that every user can read, and {home} is closed. "
            "Install Python 3.11 or later as /usr/bin/python3"
        )
    return tried()


@cache
def tried() -> str | None:
    try:
        machine = BubblewrapMachine(PLAIN)
    except OSError as fault:
        return f"bubblewrap cannot be started: {fault}"
    machine.link.settimeout(TRIAL)
    answer = None
    try:
        machine.link.sendall(packed({"do": "read", "path": "/etc/hostname", "most": 100}))
        answer = receive(machine.link, Reader())
    except OSError:
        pass  # it has ended, and its own words say why
    said = machine.end()
    if answer is not None:
        return None
    return (
        f"bubblewrap cannot run on this computer: {said or 'no answer'}. It needs user namespaces, which Ubuntu from 23.10 on "
        "(AppArmor) and Docker and Kubernetes by default forbid: allow them (sysctl "
        "kernel.apparmor_restrict_unprivileged_userns=0; docker run --security-opt seccomp=unconfined "
        "--security-opt systempaths=unconfined), or use the sandbox that needs nothing: --sandbox embedded"
    )


def _started(setup: Setup, link: socket.socket, log: int, held: ExitStack) -> subprocess.Popen[bytes]:
    given = [link.fileno()]

    def data(content: str | bytes) -> str:
        given.append(held.enter_context(_in_memory(content)))
        return str(given[-1])

    python = interpreter()
    client = python.first_line + program(CLIENT)
    arguments = flags(setup, client, _brought(python), data)
    arguments += ["--seccomp", data(seccomp_filter(platform.machine()))]
    inside = [*(() if python.home is None else ("/usr/bin/env",)), *python.argv]
    inside += ["-", str(link.fileno()), SOCKET.replace("\0", "@")]
    command = [
        str(find_bubblewrap()),
        "--args",
        data("".join(f"{flag}\0" for flag in arguments)),
        "--",
        *inside,
    ]
    uid = next_uid()
    return subprocess.Popen(  # noqa: S603 - our own command line
        command,
        stdin=held.enter_context(_in_memory(program(SUPERVISOR))),
        stdout=subprocess.DEVNULL,
        stderr=log,
        pass_fds=given,
        env={},  # what bubblewrap is given could be read inside
        cwd="/",
        start_new_session=True,  # an interrupt at the terminal ends us first, and we end it
        user=uid,
        group=uid,
        extra_groups=None if uid is None else (),
    )


def _brought(python: Interpreter) -> list[str]:
    """The flags for a Python that the host's system does not have; without the packages installed beside ours."""
    if python.home is None:
        return []
    program = python.argv[1]
    bound = ["--ro-bind", str(python.home), "/opt/python", "--symlink", program, "/usr/local/bin/python3"]
    packages = f"lib/{Path(program).name}/site-packages"
    return [*bound, *(("--tmpfs", f"/opt/python/{packages}") if (python.home / packages).is_dir() else ())]


@contextmanager
def _in_memory(content: str | bytes) -> Generator[int]:
    """A file that is nowhere but in memory."""
    file = os.memfd_create("file")
    try:
        with open(file, "wb", closefd=False) as opened:
            opened.write(content.encode() if isinstance(content, str) else content)
        os.lseek(file, 0, os.SEEK_SET)
        yield file
    finally:
        os.close(file)
