"""The README's table is what the main job prints. A file of its own, so that another process may run it."""

import re
from pathlib import Path

from readme import README, ROOT, shell


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
