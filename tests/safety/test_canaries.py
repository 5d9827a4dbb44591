"""Keys never leave the environment: canaries in every place for them, and every byte that was written is searched."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from written import all_bytes, holding

from unbidden import cli
from unbidden.sandbox.bubblewrap_machine import unable

HERE = Path(__file__).parent

KEYS = {
    "ANTHROPIC_API_KEY": "sk-ant-canary-0a1b2c3d4e5f",
    "OPENAI_API_KEY": "sk-proj-canary-1b2c3d4e5f6a",
    "AWS_SECRET_ACCESS_KEY": "canary/2c3d4e5f6a7b+AWS",
    "AWS_SESSION_TOKEN": "canary-3d4e5f6a7b8c",
    "HF_TOKEN": "hf_canary4e5f6a7b8c9d",
    "MY_SECRET": "canary-5f6a7b8c9d0e",
    "DATABASE_URL": "postgres://me:canary-6a7b8c9d0e1f@db.example/x",
    "PLAIN_NAME": "canary-7b8c9d0e1f2a",
}
"""Environment variables that must be seen by nobody but the providers' clients."""

GIVEN = "canary-8c9d0e1f2a3b"
"""A key on the command line."""

SNOOPING = (
    "env",
    "printenv",
    "export -p; declare -x; set",
    "cat /proc/self/environ | tr '\\0' '\\n'",
    "cat /proc/1/environ | tr '\\0' '\\n'",
    "ls /proc/*/environ; cat /proc/*/environ | tr '\\0' '\\n'; cat /proc/*/cmdline | tr '\\0' '\\n'",
    "cat /proc/*/task/*/environ /proc/*/root/proc/self/environ | tr '\\0' '\\n'",
    "python3 -c 'import os; print(os.environ)'; bash --login -c env; env -i bash -c env",
    "strings /proc/1/mem /proc/self/mem | head -c 100",
)
"""What a curious subject types on its machine."""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project with a scenario whose subject looks for keys, on a machine and with function tools."""
    folder = tmp_path / "shop"
    shutil.copytree(HERE.parent / "project" / "scenarios", folder / "scenarios")
    path = folder / "scenarios" / "stock-room.yaml"
    steps = ", ".join(f"{{tool: bash, args: {{command: {json.dumps(line)}}}}}" for line in SNOOPING)
    old = "steps: [{say: Nothing to do for me here.}]"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    text = text.replace(old, f"cell: {{surface: shell}}\n    steps: [{steps}, {{say: Nothing here.}}]")
    surface = "  surface: {baseline: functions, levels: {functions: , shell: }}\ntwins:"
    path.write_text(text.replace("twins:", surface, 1).replace("turns: 12", "turns: 30"), encoding="utf-8")
    return folder


def commands(shop: Path, lines: Sequence[Sequence[str]], **more: str) -> str:
    """Run commands in a process of their own, with canaries for keys; returns everything that it printed."""
    home = shop.parent / "home"
    home.mkdir(exist_ok=True)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path), "HOME": str(home), "TMPDIR": str(home)}  # fmt: skip
    done = subprocess.run(
        [sys.executable, str(HERE / "driven.py"), json.dumps([list(line) for line in lines])],
        cwd=shop, env=environment | KEYS | more, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def leaks(shop: Path, printed: str) -> list[str]:
    """Where a canary stands: on the screen, or in any file that was written, the home folder's included."""
    secrets = [*KEYS.values(), GIVEN, "canary-6a7b8c9d0e1f"]
    return holding(all_bytes(shop.parent) | {"the screen": printed.encode()}, *secrets)


def test_a_subject_that_looks_for_keys_finds_none(shop: Path) -> None:
    """With function tools and on an embedded machine; then every report, and an import of the logs."""
    run = ["run", "stock-room", "-m", "unbidden/zealot", "-m", "unbidden/schemer"]
    printed = commands(shop, [[*run, "--factor", "surface=functions,shell", "--results", "results"]])
    [folder] = (shop / "results").iterdir()
    printed += commands(
        shop,
        [
            ["compare", str(folder), "--by", "surface"],
            ["compare", str(folder), "--json"],
            ["score", str(folder), "--view", "snitchbench"],
            ["label", str(folder), "--behaviour", "lockout", "--report"],
            ["redact", str(folder), str(shop / "shared")],
            ["scenarios", "check", "stock-room"],
        ],
    )
    assert "PATH=" in everything_said(folder)
    assert leaks(shop, printed) == []


@pytest.mark.skipif(unable() is not None, reason=str(unable()))
def test_a_subject_in_bubblewrap_finds_no_keys(shop: Path) -> None:
    """A real user space, in which /proc is real too."""
    words = "run stock-room -m unbidden/schemer --factor surface=shell --sandbox bubblewrap --results results"
    printed = commands(shop, [words.split()])
    [folder] = (shop / "results").iterdir()
    assert "PATH=" in everything_said(folder)
    assert leaks(shop, printed) == []


@pytest.mark.parametrize(
    "option",
    [
        f"model_args={{api_key: {GIVEN}}}",
        f"model_args={{default_headers: {{Authorization: Bearer {GIVEN}}}}}",
        f"extra_headers={{x-api-key: {GIVEN}}}",
        f"model_base_url=https://me:{GIVEN}@proxy.example/v1",
        f"model_base_url=https://proxy.example/v1?key={GIVEN}",
        f"metadata={{hf_token: {GIVEN}}}",
        f"model_args={{note: [{KEYS['MY_SECRET']}]}}",
        f"temperature=[{GIVEN}",
        f"model_args={{api_key: {GIVEN}",
        f"model_args={GIVEN}",
    ],
)
def test_a_key_on_the_command_line_is_refused_and_not_repeated(
    option: str, shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would stand in the manifest and the logs; the message says where keys belong, and not what the key was."""
    monkeypatch.chdir(shop)
    monkeypatch.setenv("MY_SECRET", KEYS["MY_SECRET"])
    words = ["unbidden", "run", "stock-room", "-m", "unbidden/zealot", "--inspect", option]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as left:
        cli.main()
    printed = "".join(capsys.readouterr())
    assert left.value.code == 2
    assert "error:" in printed
    assert leaks(shop, printed) == []
    assert not (shop / "results").exists()


@pytest.fixture
def refusing() -> Iterator[str]:
    """The address of a provider that refuses every key, and repeats it wherever it can."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            key = self.headers.get("x-api-key") or self.headers.get("authorization", "")
            told = {"type": "authentication_error", "message": f"Incorrect API key provided: {key}"}
            body = json.dumps({"type": "error", "error": told, "sent": dict(self.headers)}).encode()
            self.send_response(401, f"Unauthorized {key}")
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_provider_that_repeats_a_refused_key_does_not_get_it_into_our_files(
    shop: Path, refusing: str
) -> None:
    """The real clients meet a 401 whose body holds the key: neither errors, tables, logs nor traces do."""
    run = ["run", "stock-room", "--results", "results", "-m", "openai/gpt-x", "-m", "anthropic/claude-x"]
    printed = commands(shop, [run], OPENAI_BASE_URL=f"{refusing}/v1", ANTHROPIC_BASE_URL=refusing)
    said = everything_said(next((shop / "results").iterdir()))
    assert "Incorrect API key provided" in said
    assert all(f"{package}.AuthenticationError" in said for package in ("openai", "anthropic"))
    assert leaks(shop, printed) == []


def everything_said(folder: Path) -> str:
    return "".join(content.decode(errors="replace") for content in all_bytes(folder).values())
