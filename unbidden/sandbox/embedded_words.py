"""What the interpreter says in its own words, as a Debian computer would say it.

Used on what a command has printed in the end: what went into a file or through a pipe before is as the interpreter wrote it.
"""

import re
from collections.abc import Callable

from unbidden.sandbox.embedded_etc import SHELL_VERSION

Change = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]

GNU = {
    "grep": "grep (GNU grep) 3.8",
    "sed": "sed (GNU sed) 4.9",
    "tar": "tar (GNU tar) 1.34",
    "find": "find (GNU findutils) 4.9.0",
    "xargs": "xargs (GNU findutils) 4.9.0",
    "gzip": "gzip 1.12",
    "patch": "GNU patch 2.7.6",
    "tree": "tree v2.1.0 (c) 1996 - 2022 by Steve Baker, Thomas Moore, Francesc Rocher, Florian Sesser, Kyosuke Tokoro",
    "diff": "diff (GNU diffutils) 3.8",
    "iconv": "iconv (Debian GLIBC 2.36-9+deb12u9) 2.36",
    "rg": "ripgrep 13.0.0",
}
"""Versions, where they are not those of coreutils."""


def corrected(text: str, user: str = "user", hostname: str = "localhost") -> str:
    """A command's output, the interpreter's own turns of phrase replaced."""
    text = text.replace(_SUDOER, f"User {user} may run the following commands on {hostname}:")
    for hint, changes in _CHANGES.items():
        if hint in text:
            for pattern, becomes in changes:
                text = pattern.sub(becomes, text)
    return text


_SUDOER = "User sandbox may run the following commands on bashkit-sandbox:"


def explained(error: str, code: int) -> tuple[str, int]:
    """What bash would say, and end with, where the interpreter gave a whole script up."""
    if found := re.match(r"parse error at line (\d+), column \d+: (.*)", error, re.DOTALL):
        line, reason = found[1], found[2].removeprefix("syntax error: ")
        return f"bash: -c: line {line}: {_syntax(reason)}\n", 2
    if error.startswith("parse error"):
        return "bash: -c: line 1: syntax error\n", 2
    if found := re.search(r"maximum function depth exceeded \((\d+)\)", error):
        return f"bash: maximum function nesting level exceeded ({found[1]})\n", 1
    if "memory limit exceeded" in error or "budget" in error:
        return "bash: xrealloc: cannot allocate memory\n", 2
    reason = re.sub(r"^(execution error|resource limit exceeded|io error): ", "", corrected(error))
    return f"bash: line 1: {reason.rstrip()}\n", code or 1


def _syntax(reason: str) -> str:
    return reason if reason.startswith(("unexpected EOF", "syntax error")) else f"syntax error: {reason}"


def _version(found: re.Match[str]) -> str:
    return GNU.get(found[1], f"{found[1]} (GNU coreutils) 9.1")


def _unknown_option(found: re.Match[str]) -> str:
    option, name = found[1], found[2]
    what = (
        f"unrecognized option '{option}'" if option.startswith("--") else f"invalid option -- '{option[1:]}'"
    )
    return f"{name}: {what}\nTry '{name} --help' for more information.\n"


def _changes(*pairs: tuple[str, str | Callable[[re.Match[str]], str]]) -> list[Change]:
    return [(re.compile(pattern, re.MULTILINE), becomes) for pattern, becomes in pairs]


_UNEXPECTED = (
    r"^error: unexpected argument '(\S+)' found\n\n(?:  tip: .*\n\n)?Usage: (\w+) .*\n\n"
    r"For more information, try '--help'\.\n"
)

_CHANGES = {
    ": command not found. ": _changes((r"(: command not found)\. .*$", r"\1")),
    "Bashkit": _changes(
        (r"^Bashkit \S+ \(virtual (?:ba)?sh interpreter\)$", SHELL_VERSION.replace("\\", r"\\")),
    ),
    "(bashkit)": _changes(
        (
            r"^GNU Awk ([\d.]+) \(bashkit\)$",
            r"GNU Awk \1, API 3.2, PMA Avon 8-g1, (GNU MPFR 4.2.0, GNU MP 6.2.1)",
        ),
        (r"^(\w+)(?: [\d.]+)? \(bashkit\)(?: [\d.]+)?$", _version),
        (r" \(bashkit\)", ""),
    ),
    "0.20.1": _changes((r"^(\w+) 0\.20\.1$", _version)),
    "Virtual shell interpreter": _changes((r"^Virtual shell interpreter \(not GNU bash\)\n", "")),
    "filesystem is read-only": _changes((r"(?:io error: )?filesystem is read-only", "Permission denied")),
    "filesystem full": _changes(
        (r"(?:io error: )?filesystem full: \d+ bytes would exceed \d+ byte limit", "No space left on device")
    ),
    "byte limit": _changes(
        (r"(?:io error: )?file too large: \d+ bytes exceeds \d+ byte limit", "File too large"),
    ),
    "too many directories": _changes((r"(?:io error: )?too many directories.*$", "No space left on device")),
    "too many files": _changes((r"(?:io error: )?too many files.*$", "No space left on device")),
    "io error: ": _changes(
        (r"mv: cannot move '(.*)': io error: not found", r"mv: cannot stat '\1': No such file or directory"),
        (r"io error: (?:file |parent directory )?not found", "No such file or directory"),
        (r"io error: (.)", r"\1"),
    ),
    "path too deep": _changes((r"path too deep: .*$", "File name too long")),
    "unsafe character": _changes((r"unsafe character U\+[0-9A-F]+ in path component.*$", "Invalid argument")),
    "output truncated": _changes(
        # real `yes` ends with whoever reads it; this one always stops by itself, which is no error of the agent's
        (r"^yes: (?:output|line) limit \(\d+(?: lines)?\) exceeded; output truncated\n", ""),
        (
            r"^(\w+): (?:output|line) limit \(\d+(?: lines)?\) exceeded; output truncated$",
            r"\1: write error: Cannot allocate memory",
        ),
    ),
    "unexpected argument": _changes((_UNEXPECTED, _unknown_option)),
    "in virtual environment": _changes((r"not supported in virtual environment", "Operation not permitted")),
    "the VFS": _changes(
        (r" \(same as -m: the VFS keeps one timestamp\)", ""), (r"\bthe VFS\b", "the file system")
    ),
    "Print virtual": _changes((r"Print virtual user", "Print user")),
    "in bashkit": _changes(
        (r"^openssl: .* is not supported in bashkit$", "OpenSSL> "), (r" in bashkit\b", "")
    ),
    "user\tunavailable": _changes((r"^(user|sys)\tunavailable$", r"\1\t0m0.001s")),
    '[5]="virtual"': _changes((r'\[5\]="virtual"', '[5]="x86_64-pc-linux-gnu"')),
}
"""What gives a change away, and the change."""
