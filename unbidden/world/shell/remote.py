"""Commands that reach for other machines: from this one there is no way to any but through mail and web."""

import re
from collections.abc import Callable, Mapping, Sequence

from unbidden.world.machine import Printed, Typed
from unbidden.world.shell.arguments import WRONG_USE
from unbidden.world.state import World

Stub = Callable[[World, Typed], Printed]
_Says = Callable[[str, Sequence[str]], str]

_VALUED = re.compile(r"-[bcDEeFIiJLlmOoPpQRSWw]|-[BT]")
"""Options of these commands that take a value."""


def stub(usage: str, code: int, says: _Says, version: str = "") -> Stub:
    """A command that always fails in the same way.

    Args:
        usage: How it is used, behind its name.
        code: What it ends with.
        says: The complaint, made of the first word that is no option, and of all words.
        version: What it says when asked for its version; without one it fails then, too.
    """

    def command(_world: World, typed: Typed) -> Printed:
        line = f"Usage: {typed.name} {usage}\n"
        if list(typed.argv[:1]) == ["--help"]:
            return Printed(line)
        if version and typed.argv and typed.argv[0] in {"-V", "--version", "version"}:
            return Printed(version + "\n")
        first = _first(typed.argv)
        if not first and any(not word.startswith("[") for word in usage.split()):
            return Printed(stderr=line, code=WRONG_USE)
        complaint = says(first, typed.argv)
        return Printed(stderr=complaint + "\n" if complaint else "", code=code)

    return command


def _first(argv: Sequence[str]) -> str:
    valued = False
    for word in argv:
        if not valued and not word.startswith("-"):
            return word
        valued = bool(_VALUED.fullmatch(word))
    return ""


def _host(word: str) -> str:
    """The host in `user@host:path`, in a URL, or by itself."""
    return re.sub(r"^[a-z]+://|^[^@/]*@|[:/].*$", "", re.sub(r"^[a-z]+://", "", word))


def _timed_out(word: str, _argv: Sequence[str]) -> str:
    return f"ssh: connect to host {_host(word)} port 22: Connection timed out"


def _copied(_word: str, argv: Sequence[str]) -> str:
    remote = next((word for word in argv if ":" in word and not word.startswith("-")), None)
    if remote is None:
        return "copying between remote hosts only: use cp for files of this machine"
    return f"{_timed_out(remote, argv)}\nlost connection"


def _synchronised(_word: str, argv: Sequence[str]) -> str:
    remote = next((word for word in argv if ":" in word and not word.startswith("-")), None)
    if remote is None:
        return "rsync: no remote host given: use cp for files of this machine"
    return (
        f"{_timed_out(remote, argv)}\n"
        "rsync: connection unexpectedly closed (0 bytes received so far) [sender]\n"
        "rsync error: unexplained error (code 255) at io.c(231) [sender=3.2.7]"
    )


def _unresolved(word: str, _argv: Sequence[str]) -> str:
    return f"** server can't find {_host(word)}: SERVFAIL"


def _port(argv: Sequence[str], default: str) -> str:
    numbers = [word for word in argv if word.isascii() and word.isdigit()]
    return numbers[-1] if numbers else default


_FATAL = 128
_SSH = "[OPTION]... USER@HOST [COMMAND]..."
_COPY = "[OPTION]... SOURCE... TARGET"
_REACH = "HOST [PORT]"


def git(_world: World, typed: Typed) -> Printed:
    """There is no repository on the machine, and no way to one."""
    words = [word for word in typed.argv if not word.startswith("-")]
    if "--version" in typed.argv[:1] or words[:1] == ["version"]:
        return Printed("git version 2.39.5\n")
    if "--help" in typed.argv[:1] or not words:
        usage = "Usage: git [--version] [--help] [-C <path>] <command> [<args>]\n"
        return Printed(usage, code=0 if typed.argv else 1)
    match words:
        case ["config", *_]:
            return Printed()
        case ["clone" | "ls-remote", *rest]:
            return _cloned(words[0], rest[0] if rest else "")
        case ["init", *_]:
            fault = "fatal: cannot mkdir .git: Permission denied"
        case _:
            fault = "fatal: not a git repository (or any of the parent directories): .git"
    return Printed(stderr=fault + "\n", code=_FATAL)


def _cloned(verb: str, url: str) -> Printed:
    if not url:
        return Printed(stderr="fatal: You must specify a repository to clone.\n", code=_FATAL)
    into = re.sub(r"\.git$", "", url.rstrip("/")).rpartition("/")[2]
    opening = f"Cloning into '{into}'...\n" if verb == "clone" else ""
    fault = f"fatal: unable to access '{url}': Could not resolve host: {_host(url)}\n"
    return Printed(stderr=opening + fault, code=_FATAL)


COMMANDS: Mapping[str, Stub] = {
    "git": git,
    "ssh": stub(_SSH, 255, _timed_out, "OpenSSH_9.2p1 Debian-2+deb12u7, OpenSSL 3.0.17"),
    "sftp": stub("USER@HOST", 255, lambda word, argv: f"{_timed_out(word, argv)}\nConnection closed"),
    "scp": stub(_COPY, 1, lambda word, argv: "scp: " * (":" not in "".join(argv)) + _copied(word, argv)),
    "rsync": stub(_COPY, 255, _synchronised, "rsync  version 3.2.7  protocol version 31"),
    "ssh-copy-id": stub("USER@HOST", 1, _timed_out),
    "ftp": stub(_REACH, 1, lambda word, _: f"ftp: Can't connect to `{_host(word)}': Connection timed out"),
    "nc": stub(
        _REACH, 1, lambda word, argv: f"nc: connect to {_host(word)} port {_port(argv, '0')} (tcp) timed out"
    ),
    "ncat": stub(_REACH, 1, lambda _word, _argv: "Ncat: TIMEOUT."),
    "netcat": stub(
        _REACH, 1, lambda word, argv: f"nc: connect to {_host(word)} port {_port(argv, '0')} (tcp) timed out"
    ),
    "telnet": stub(
        _REACH,
        1,
        lambda word, _: (
            f"Trying {_host(word)}...\ntelnet: Unable to connect to remote host: Connection timed out"
        ),
    ),
    "ping": stub("HOST", 2, lambda word, _: f"ping: {_host(word)}: Temporary failure in name resolution"),
    "ping6": stub("HOST", 2, lambda word, _: f"ping6: {_host(word)}: Temporary failure in name resolution"),
    "traceroute": stub("HOST", 2, lambda word, _: f"{_host(word)}: Temporary failure in name resolution"),
    "nslookup": stub("NAME [SERVER]", 1, _unresolved),
    "dig": stub("NAME [TYPE]", 9, lambda _word, _argv: ";; communications error to 10.20.4.1#53: timed out"),
    "host": stub("NAME [SERVER]", 1, lambda word, _: f"Host {_host(word)} not found: 2(SERVFAIL)"),
}
"""Each with a complaint that leaves no doubt that it is the network, not the way it was called."""
