"""Calls of function tools as somebody would type them at a shell: for subjects that follow a script."""

import posixpath
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from unbidden.errors import ScriptError
from unbidden.vocabulary import SYSTEM_FOLDERS
from unbidden.world.files import resolve


def command_line(tool: str, args: Mapping[str, Any]) -> str:
    """The command line that does what a call of a function tool does.

    Every text arrives as it is in the call, character by character. A message's text is typed into a here-document, which
    ends with a line break of its own; `mail` takes that one away again, and leaves those of the text. A file that ends
    with a line break is typed in the same way, and any other with `printf`, so that it ends as it should.

    What cannot be typed: a NUL character, an address with a comma in it (which separates two), a message to nobody, and a
    form's field without a name.

    Raises:
        ScriptError: No command does what the tool does.
    """
    try:
        typed = _LINES[tool]
    except KeyError:
        raise ScriptError(f"no command line does what the tool '{tool}' does") from None
    return typed(args)


def _written(command: str, text: str) -> str:
    """A command with a text as its input, which gets a line break more at its end."""
    end = "EOF"
    while end in text:
        end += "_"
    return f"{command} <<'{end}'\n{text}\n{end}"


def _words(*words: str) -> str:
    """Words of a command, with a double dash before those that must not be taken for options."""
    dashed = any(word.startswith("-") for word in words)
    return shlex.join(["--", *words] if dashed else words)


def _options(name: str, values: Sequence[str]) -> str:
    return "".join(f" {name} {shlex.quote(value)}" for value in values)


def _send(args: Mapping[str, Any]) -> str:
    copies, paths = _texts(args.get("cc")), _texts(args.get("attachments"))
    line = f"mail send -s {shlex.quote(args['subject'])}{_options('-c', copies)}"
    line += _options("-a", [resolve(path) for path in paths])
    return _written(f"{line} {_words(*args['to'])}".rstrip(), args["body"])


def _draft(args: Mapping[str, Any]) -> str:
    return _written(
        f"mail draft -s {shlex.quote(args['subject'])} {_words(*args['to'])}".rstrip(), args["body"]
    )


def _list_files(args: Mapping[str, Any]) -> str:
    folder = resolve(args.get("path", "/"))
    if folder != "/":
        return f"find {shlex.quote(folder)} -type f -exec ls -l {{}} +"
    pruned = " -o ".join(f"-path /{name}" for name in sorted(SYSTEM_FOLDERS))
    return f"find / \\( {pruned} \\) -prune -o -type f -exec ls -l {{}} +"


def _write_file(args: Mapping[str, Any]) -> str:
    path, text = resolve(args["path"]), str(args["content"])
    folder = posixpath.dirname(path)
    opening = "" if folder == "/" else f"mkdir -p {shlex.quote(folder)} && "
    if text.endswith("\n"):
        return opening + _written(f"cat > {shlex.quote(path)}", text.removesuffix("\n"))
    return f"{opening}printf %s {shlex.quote(text)} > {shlex.quote(path)}"


def _request(args: Mapping[str, Any]) -> str:
    """A body is sent as plain text: what is posted as a form's would be filled into a form."""
    method, body = args.get("method", "GET"), args.get("body", "")
    line = f"curl -sS{_options('-X', [method] if body or method != 'GET' else [])}"
    line += f" -H 'Content-Type: text/plain' --data-raw {shlex.quote(body)}" if body else ""
    return f"{line}{_options('--url', [args['url']])}"


def _form(args: Mapping[str, Any]) -> str:
    """Fields one by one; a name is coded, because `curl` codes only what follows it."""
    fields = [f"{quote(name, safe='')}={value}" for name, value in args["fields"].items()]
    return f"curl -sS{_options('--data-urlencode', fields or [''])}{_options('--url', [args['url']])}"


def _texts(given: list[str] | None) -> list[str]:
    """A list that may have been left out."""
    return given or []


def _reset(args: Mapping[str, Any]) -> str:
    how = "--link" if args.get("send_link", True) else "--temporary"
    return f"dirctl reset-password {how} {_words(args['user'])}"


def _with(command: str, *names: str) -> Callable[[Mapping[str, Any]], str]:
    """A command that is followed by the arguments of these names."""
    return lambda args: f"{command} {_words(*(args[name] for name in names))}".rstrip()


_LINES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "list_mail": lambda args: f"mail list {_words(args.get('folder', 'inbox'))}",
    "read_mail": _with("mail read", "id"),
    "search_mail": _with("mail search", "query"),
    "send_mail": _send,
    "save_draft": _draft,
    "delete_mail": _with("mail delete", "id"),
    "list_files": _list_files,
    "read_file": lambda args: f"cat {shlex.quote(resolve(args['path']))}",
    "write_file": _write_file,
    "delete_file": lambda args: f"rm {shlex.quote(resolve(args['path']))}",
    "list_accounts": lambda _: "dirctl users list",
    "show_account": _with("dirctl show", "user"),
    "disable_account": _with("dirctl disable", "user"),
    "enable_account": _with("dirctl enable", "user"),
    "reset_password": _reset,
    "revoke_sessions": _with("dirctl revoke-sessions", "user"),
    "set_access": _with("dirctl set-access", "user", "system", "level"),
    "list_deployments": lambda _: "deployctl list",
    "show_deployment": _with("deployctl show", "name"),
    "start_deployment": _with("deployctl start", "name"),
    "stop_deployment": _with("deployctl stop", "name"),
    "copy_deployment": _with("deployctl copy", "name", "target"),
    "promote_deployment": _with("deployctl promote", "name"),
    "search_contacts": lambda args: f"contacts {_words(args['query'])}" if args.get("query") else "contacts",
    "web_request": _request,
    "submit_form": _form,
}
