"""Commands for which the agent, an ordinary user without a terminal, lacks the right or the screen."""

import re
from collections.abc import Mapping

from unbidden.world.machine import Printed, Typed
from unbidden.world.shell.arguments import Manual
from unbidden.world.shell.printing import content, failed
from unbidden.world.shell.remote import Stub, stub
from unbidden.world.state import World

_PAGER = "[FILE]..."


def pager(_world: World, typed: Typed) -> Printed:
    """`less` and `more`, whose output is no screen: they show everything at once."""
    argv = [word for word in typed.argv if word in {"--help", "--"} or not re.match(r"[-+].", word)]
    paths = Manual(typed.name, [_PAGER], "Show files, or the input.").read(argv).words
    if not paths:
        return Printed(typed.stdin)
    texts = [(path, typed.stdin if path == "-" else content(typed, path)) for path in paths]
    missing = [f"{path}: No such file or directory\n" for path, text in texts if text is None]
    return Printed("".join(text or "" for _, text in texts), "".join(missing), 1 if missing else 0)


def apt(_world: World, typed: Typed) -> Printed:
    """`apt` and `apt-get`: nothing can be installed; what is there can be looked up, and is not much."""
    words = [word for word in typed.argv if not word.startswith("-")]
    if "--version" in typed.argv:
        return Printed("apt 2.6.1 (amd64)\n")
    if "--help" in typed.argv or not words:
        return Printed(f"Usage: {typed.name} [OPTION]... COMMAND\n")
    if words[0] in {"list", "search", "policy", "depends", "rdepends"}:
        return Printed()
    if words[0] in {"show", "source", "download", "changelog"}:
        return failed(f"E: No packages found: {' '.join(words[1:])}", 100)
    folder = "/var/lib/apt/lists/lock" if words[0] == "update" else "/var/lib/dpkg/lock-frontend"
    fault = f"E: Could not open lock file {folder} - open (13: Permission denied)"
    return failed(f"{fault}\nE: Unable to acquire the lock ({folder}), are you root?", 100)


def dpkg(_world: World, typed: Typed) -> Printed:
    words = [word for word in typed.argv if not word.startswith("-")]
    options = {word for word in typed.argv if word.startswith("-")}
    if "--version" in options:
        return Printed("Debian 'dpkg' package management program version 1.21.22 (amd64).\n")
    if "--help" in options or not typed.argv:
        return Printed(f"Usage: {typed.name} [OPTION]... COMMAND\n")
    if options & {"-l", "--list", "-s", "--status", "-L", "-S"}:
        shown = words[0] if words else "*"
        return failed(f"dpkg-query: no packages found matching {shown}")
    return failed("dpkg: error: requested operation requires superuser privilege", 2)


def pip(_world: World, typed: Typed) -> Printed:
    words = [word for word in typed.argv if not word.startswith("-")]
    if "--version" in typed.argv or "-V" in typed.argv:
        return Printed("pip 23.0.1 from /usr/lib/python3/dist-packages/pip (python 3.11)\n")
    if "--help" in typed.argv or not words:
        return Printed(f"Usage: {typed.name} <command> [options]\n")
    if words[0] in {"list", "freeze"}:
        return Printed("" if words[0] == "freeze" else "Package Version\n------- -------\npip     23.0.1\n")
    if words[0] not in {"install", "download"}:
        return failed(f"WARNING: Package(s) not found: {', '.join(words[1:])}")
    wanted = words[1] if words[1:] else ""
    if not wanted:
        return failed('ERROR: You must give at least one requirement to install (see "pip help install")')
    fault = f"ERROR: Could not find a version that satisfies the requirement {wanted} (from versions: none)"
    return failed(f"{fault}\nERROR: No matching distribution found for {wanted}")


def docker(_world: World, typed: Typed) -> Printed:
    if "--version" in typed.argv:
        return Printed("Docker version 26.1.5, build a72d7cd\n")
    if "--help" in typed.argv or not typed.argv:
        return Printed(f"Usage:  {typed.name} [OPTIONS] COMMAND\n")
    socket = "unix:///var/run/docker.sock"
    return failed(f"permission denied while trying to connect to the Docker daemon socket at {socket}")


def gpg(_world: World, typed: Typed) -> Printed:
    """`gpg` and `openssl`: there are no keys to work with."""
    if "--help" in typed.argv or not typed.argv:
        return Printed(f"Usage: {typed.name} COMMAND [OPTION]...\n")
    if "version" in typed.argv or "--version" in typed.argv:
        shown = {"gpg": "gpg (GnuPG) 2.2.40\nlibgcrypt 1.10.1", "openssl": "OpenSSL 3.0.17 1 Jul 2025"}
        return Printed(shown[typed.name] + "\n")
    return failed(f"{typed.name}: {typed.argv[0]}: operation not permitted", 2)


_LOCKED = "Permission denied.\n{0}: cannot lock /etc/passwd; try again later."
_UNSEEN = "Input is not from a terminal"


def _denied(name: str, text: str = "Permission denied", code: int = 1) -> Stub:
    return stub("[OPTION]... [NAME]...", code, lambda _word, _argv: f"{name}: {text.format(name)}")


def _screen(name: str, text: str) -> Stub:
    return stub("[OPTION]... [FILE]...", 1, lambda _word, _argv: text.format(name))


COMMANDS: Mapping[str, Stub] = {
    "less": pager,
    "more": pager,
    "vim": _screen("vim", f"Vim: Warning: Output is not to a terminal\nVim: Error: {_UNSEEN}"),
    "vi": _screen("vi", f"Vim: Warning: Output is not to a terminal\nVim: Error: {_UNSEEN}"),
    "nano": _screen("nano", "Standard input is not a terminal"),
    "emacs": _screen("emacs", "emacs: standard input is not a tty"),
    "man": stub("PAGE", 16, lambda word, _argv: f"No manual entry for {word}", "man 2.11.2"),
    "apt": apt,
    "apt-get": apt,
    "dpkg": dpkg,
    "pip": pip,
    "pip3": pip,
    "docker": docker,
    "kubectl": stub(
        "[COMMAND]",
        1,
        lambda _word, _argv: (
            "The connection to the server localhost:8080 was refused - did you specify the right host or port?"
        ),
    ),
    "su": _denied("su"),
    "visudo": _denied("visudo", "/etc/sudoers: Permission denied"),
    "useradd": _denied("useradd", _LOCKED),
    "adduser": _denied("adduser", "Only root may add a user or group to the system."),
    "groupadd": _denied("groupadd", _LOCKED.replace("passwd", "group")),
    "mysql": _denied(
        "mysql",
        "ERROR 2002 (HY000): Can't connect to local server through socket '/run/mysqld/mysqld.sock' (2)",
    ),
    "psql": _denied(
        "psql",
        'error: connection to server on socket "/var/run/postgresql/.s.PGSQL.5432" failed: No such file or directory',
        2,
    ),
    "openssl": gpg,
    "gpg": gpg,
    "journalctl": _denied("journalctl", "No journal files were opened due to insufficient permissions."),
    "dmesg": _denied("dmesg", "read kernel buffer failed: Operation not permitted"),
}
"""Each says what the real program says to an ordinary user."""
