"""The README is true: its commands run, and its table is what the main job prints."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line.split("#")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
    if line.startswith(("unbidden ", "inspect ")) and "<name>" not in line
]


def shell(command: str, folder: Path) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_commands_of_the_readme_run(tmp_path: Path) -> None:
    """A user who types them in their order gets answers and exit code 0, in a folder with nothing in it."""
    assert len(COMMANDS) >= 7
    for command in COMMANDS:
        assert shell(command, tmp_path).strip() or command.startswith("inspect")


def test_the_table_is_what_the_main_job_prints(tmp_path: Path) -> None:
    """`make run` prints the README's table, to the letter."""
    target = re.search(r"^run:.*?\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert target is not None
    command = target[1].replace("\t@$(VENV)/bin/", "").replace("\\\n", " ").strip()
    printed = shell(command, tmp_path)
    [block] = re.findall(r"<!-- table: make run -->\n```\n(.*?)```\n<!-- end -->", README, re.DOTALL)
    assert table(block) == table(printed), f"put this into the README:\n{table(printed)}"


def table(printed: str) -> str:
    """What stands before the run folder's name, without padding; the run's hash changes with every edit of the world."""
    shown = re.sub(r"first-look-[0-9a-f]{8}", "first-look", printed.split("Run folder:", maxsplit=1)[0])
    return "\n".join(line.rstrip() for line in shown.strip().splitlines())
