"""Where content files are: the user's own project first, then what ships with the package."""

from pathlib import Path
from typing import Literal

from unbidden.errors import NotFoundError, suggestion

Kind = Literal["scenarios", "evals", "scorers", "gates"]


def find(kind: Kind, name: str) -> Path:
    """The file a name stands for.

    Args:
        kind: The content folder to look in.
        name: A file's stem (`fabricated-trial`) or the path of a `.yaml` file.

    Raises:
        NotFoundError: No such file; names the nearest existing one.
    """
    if name.endswith((".yaml", ".yml")):
        path = Path(name)
        if path.is_file():
            return path
        raise NotFoundError(
            f"there is no file {name}", fix="Give the path of an existing YAML file or a name"
        )
    files = listing(kind)
    if name not in files:
        fix = suggestion(name, files) + _SHOWN_BY.get(kind, "")
        raise NotFoundError(f"there is no '{name}' in {kind}/", fix=fix)
    return files[name]


_SHOWN_BY: dict[Kind, str] = {"scenarios": ". 'unbidden scenarios list' shows them"}
"""The command that shows what there is of a kind, where there is one."""


def listing(kind: Kind) -> dict[str, Path]:
    """Every file of a kind by its stem; a file of the user's project hides a built-in one of the same name."""
    found: dict[str, Path] = {}
    for root in reversed(roots()):
        found |= {path.stem: path for path in sorted((root / kind).glob("*.yaml"))}
    return dict(sorted(found.items()))


def shared(name: str) -> Path:
    """A built-in file that scenarios share (names of people, the catalogue of public bodies)."""
    return builtin_root() / "scenarios" / "shared" / f"{name}.yaml"


def roots() -> tuple[Path, Path]:
    """Where content is looked for: the user's own project first."""
    return Path.cwd(), builtin_root()


def builtin_root() -> Path:
    """The folder that holds the built-in content: inside an installed wheel, or the checkout itself."""
    package = Path(__file__).parent
    installed = package / "content"
    return installed if installed.is_dir() else package.parent
