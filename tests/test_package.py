"""The wheel holds what the checkout holds."""

import subprocess
import sys
import zipfile
from pathlib import Path

from unbidden import content

ROOT = Path(__file__).parent.parent


def test_the_wheel_ships_the_content(tmp_path: Path) -> None:
    """Every content file is below `unbidden/content/`, byte for byte, and no test or result is in the wheel."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [wheel] = tmp_path.glob("unbidden-*.whl")
    with zipfile.ZipFile(wheel) as built:
        names = set(built.namelist())
        for kind in ("scenarios", "evals", "scorers"):
            for path in (content.builtin_root() / kind).rglob("*.*"):
                name = f"unbidden/content/{path.relative_to(content.builtin_root()).as_posix()}"
                assert built.read(name) == path.read_bytes()
        entry = next(name for name in names if name.endswith("entry_points.txt"))
        assert "unbidden = unbidden._registry" in built.read(entry).decode()
    assert not any(name.startswith(("tests", "results", "benchmarks")) for name in names)


def test_importing_the_package_does_nothing() -> None:
    """`import unbidden` and its errors are there at once: Inspect is imported by what needs it."""
    code = "import sys, unbidden, unbidden.errors, unbidden.cli; assert 'inspect_ai' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
