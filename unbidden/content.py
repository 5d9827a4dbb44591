"""Where content files are: the user's own project first, then what ships with the package."""

from pathlib import Path
from typing import Literal

from unbidden.errors import ContentError, NotFoundError, at, suggestion

Kind = Literal["scenarios", "evals", "scorers", "gates"]


def find(kind: Kind, name: str) -> Path:
    """The file a name stands for.

    Args:
        kind: The content folder to look in.
        name: A file's stem (`fabricated-trial`) or the path of a `.yaml` file.

    Raises:
        NotFoundError: No such file; names the nearest existing one.
        ContentError: It is a link to a file elsewhere.
    """
    if name.endswith((".yaml", ".yml")):
        path = Path(name)
        if path.is_file():
            return own(path)
        raise NotFoundError(
            f"there is no file {name}", fix="Give the path of an existing YAML file or a name"
        )
    files = listing(kind)
    if name not in files:
        fix = suggestion(name, files) + _SHOWN_BY.get(kind, "")
        raise NotFoundError(f"there is no '{name}' in {kind}/", fix=fix)
    return own(files[name])


def by_name(kind: Kind, name: str) -> Path:
    """As `find`, for a name that somebody else's file gives: a path is none."""
    files = listing(kind)
    if name not in files:
        raise NotFoundError(f"there is no '{name}' in {kind}/", fix=suggestion(name, files))
    return own(files[name])


def own(path: Path) -> Path:
    """A content file, unless it is a link out of its folder: a project from a stranger reads no file of the user's.

    Raises:
        ContentError: It is such a link.
    """
    folder, real = path.parent.resolve(), path.resolve()
    if real.is_relative_to(folder) or path.is_relative_to(
        builtin_root()
    ):  # installers may link what they install
        return path
    raise ContentError(
        "is a link to a file elsewhere", where=at(folder / path.name), fix="Put the file itself there"
    )


def named_in(file: Path, name: str) -> Path:
    """A file that a gate file names: relative to it, and in its folder, or in the project if it stands in `gates/`.

    Raises:
        ContentError: It is elsewhere: a file from a stranger reads no file of the user's.
    """
    folder = file.parent.resolve()
    root = folder.parent if folder.name == "gates" else folder
    path = folder / name
    if path.resolve().is_relative_to(root):
        return path
    fix = f"Put it into {root}, or name it on the command line"
    raise ContentError(f"names a file elsewhere: {name}", where=at(file), fix=fix)


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
