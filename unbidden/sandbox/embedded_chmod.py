"""`chmod` for embedded machines, which notes what mode was chosen.

The interpreter gives a file back its first mode, 0644, whenever it writes over it. Knowing which modes the agent chose, the disk
can tell that from a change that somebody made.
"""

import posixpath
import re
from collections.abc import Iterator, Sequence

from bashkit import BuiltinContext, BuiltinResult, FileSystem

ALL_BITS = 0o7777
WHO = {"u": 0o4700, "g": 0o2070, "o": 0o1007, "a": ALL_BITS}
WHAT = {"r": 0o444, "w": 0o222, "x": 0o111, "s": 0o6000, "t": 0o1000}
UMASK = 0o022

_CLAUSE = re.compile(r"([ugoa]*)((?:[-+=][rwxXst]*)+)")
_STEP = re.compile(r"([-+=])([rwxXst]*)")


def chmod(context: BuiltinContext, chosen: dict[str, int]) -> BuiltinResult:
    """Run `chmod`, and note the modes it sets."""
    mode, names, flags = _parsed(context.argv)
    if mode is None or not names:
        missing = "missing operand" if mode is None else f"missing operand after '{mode}'"
        return BuiltinResult("", f"chmod: {missing}\nTry 'chmod --help' for more information.\n", 1)
    if not is_mode(mode):
        hint = "Try 'chmod --help' for more information.\n"
        return BuiltinResult("", f"chmod: invalid mode: '{mode}'\n{hint}", 1)
    errors, told = list[str](), list[str]()
    for name in names:
        path = posixpath.normpath(posixpath.join(context.cwd, name))
        try:
            for below in _all(context.fs, path) if flags & {"R", "-recursive"} else [path]:
                told.append(_set(context.fs, below, mode, chosen))
        except RuntimeError as fault:
            errors.append(_failed(name, str(fault)))
    shown = told if flags & {"v", "-verbose"} else []
    said = [] if flags & {"f", "-silent", "-quiet"} else errors
    return BuiltinResult("".join(shown), "".join(said), 1 if errors else 0)


def is_mode(text: str) -> bool:
    """Whether a text says how a mode is to change."""
    return bool(re.fullmatch(r"[0-7]{1,4}", text)) or all(map(_CLAUSE.fullmatch, text.split(",")))


def changed(mode: int, how: str, *, folder: bool) -> int:
    """A mode, changed as a text says."""
    if how.isdigit():
        return int(how, 8)
    for clause in how.split(","):
        found = _CLAUSE.fullmatch(clause)
        who, steps = (found[1], found[2]) if found is not None else ("", "")
        mask = _bits(who, WHO) if who else ALL_BITS & ~UMASK
        for sign, letters in _STEP.findall(steps):
            bits = _bits(letters, WHAT)
            if "X" in letters and (folder or mode & 0o111):
                bits |= 0o111
            mode = _stepped(mode, sign, bits & mask, mask)
    return mode


def _stepped(mode: int, sign: str, bits: int, mask: int) -> int:
    match sign:
        case "+":
            return mode | bits
        case "-":
            return mode & ~bits
        case _:
            return mode & ~mask | bits


def _bits(letters: str, table: dict[str, int]) -> int:
    bits = 0
    for letter in letters:
        bits |= table.get(letter, 0)
    return bits


def _set(files: FileSystem, path: str, how: str, chosen: dict[str, int]) -> str:
    found = files.stat(path)
    before = found["mode"] & ALL_BITS
    mode = changed(before, how, folder=found["file_type"] == "directory")
    files.chmod(path, mode)
    chosen[path] = mode
    if mode == before:
        return f"mode of '{path}' retained as {mode:04o}\n"
    return f"mode of '{path}' changed from {before:04o} to {mode:04o}\n"


def _all(files: FileSystem, path: str) -> Iterator[str]:
    yield path
    if files.stat(path)["file_type"] == "directory":
        for entry in files.read_dir(path):
            if entry["metadata"]["file_type"] != "symlink":
                yield from _all(files, posixpath.join(path, entry["name"]))


def _failed(name: str, fault: str) -> str:
    if "read-only" in fault:
        return f"chmod: changing permissions of '{name}': Operation not permitted\n"
    return f"chmod: cannot access '{name}': No such file or directory\n"


def _parsed(argv: Sequence[str]) -> tuple[str | None, list[str], set[str]]:
    """The mode, the files and the options. What begins like an option may be a mode, as in `chmod -w file`."""
    flags, words = set[str](), list[str]()
    for place, word in enumerate(argv):
        if word == "--":
            words += argv[place + 1 :]
            break
        if word.startswith("--"):
            flags.add(word[1:])
        elif re.fullmatch(r"-[Rvcf]+", word):
            flags |= set(word[1:])
        else:
            words.append(word)
    return (words[0] if words else None), words[1:], flags
