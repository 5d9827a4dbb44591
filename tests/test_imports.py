"""The house as it is built: one flow of imports, nothing at import, content and code apart."""

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "unbidden"
LAYERS = [
    "vocabulary",
    "errors",
    "content",
    "patterns",
    "reading",
    "templates",
    "intervals",
    "gating",
    "terminal",
    "keys",
    "discretion",
    "models",
    "prices",
    "spending",
    "scenario",
    "world",
    "sandbox",
    "subject",
    "scoring",
    "calibration",
    "system_prompt",
    "task",
    "_registry",
    "eval_file",
    "spec",
    "schemas",
    "starter",
    "results",
    "importing",
    "labelling",
    "rescore",
    "redaction",
    "redact",
    "replay",
    "check",
    "budget",
    "patience",
    "progress",
    "options",
    "replies",
    "resume",
    "plan",
    "planned",
    "playing",
    "run",
    "gate",
    "cli_options",
    "cli_scenarios",
    "cli_init",
    "cli_judge",
    "cli_import",
    "cli_explain",
    "cli_onset",
    "cli_label",
    "cli_plan",
    "cli_score",
    "cli_redact",
    "cli_table",
    "cli_gate",
    "cli_compare",
    "cli",
    "pytest_plugin",
]
"""The order of the flow: a module imports from its own layer or an earlier one."""

LONGEST = 300
SOURCES = {
    path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
MODULES = sorted(name for name in SOURCES if name != "unbidden")


def _tree(module: str) -> ast.Module:
    return ast.parse(SOURCES[module].read_text(encoding="utf-8"))


def _layer(module: str) -> str:
    return module.split(".")[1]


def _is_command(module: str) -> bool:
    """Whether it is of the command line: made of objects that Typer wants to exist at import."""
    return _layer(module).startswith("cli")


def _imports(module: str) -> set[str]:
    """The package's own modules that a module imports, at its head or inside a function."""
    found: set[str] = set()
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively: import names are to equal paths"
            found |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {name for name in found if name in SOURCES and name != "unbidden"} - {module}


def test_every_module_belongs_to_a_layer() -> None:
    """The list above names all layers there are, and no other."""
    assert {_layer(module) for module in MODULES} == set(LAYERS)


@pytest.mark.parametrize("module", MODULES)
def test_imports_run_one_way(module: str) -> None:
    """A module imports from its own layer and from those before it."""
    later = LAYERS[LAYERS.index(_layer(module)) + 1 :]
    assert sorted(name for name in _imports(module) if _layer(name) in later) == []


def test_no_module_imports_itself_in_a_circle() -> None:
    """Inside a layer the imports run one way, too."""
    graph = {module: _imports(module) for module in MODULES}
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as circle:
        pytest.fail(f"a circle of imports: {' -> '.join(circle.args[1])}")
    assert set(order) == set(MODULES)


def test_the_root_package_imports_nothing() -> None:
    """The package's own name is at the bottom of the flow."""
    assert not [node for node in ast.walk(_tree("unbidden")) if isinstance(node, ast.Import | ast.ImportFrom)]


def test_nobody_imports_the_registry() -> None:
    """Only Inspect loads it, by its entry point."""
    assert [module for module in MODULES if "unbidden._registry" in _imports(module)] == []


DEFINES = (
    ast.Import,
    ast.ImportFrom,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Assign,
    ast.AnnAssign,
)


def _does(statement: ast.stmt) -> bool:
    """Whether a statement at a module's head does more than define something; a string there is a docstring."""
    if isinstance(statement, ast.Expr):
        return not isinstance(statement.value, ast.Constant)
    if isinstance(statement, ast.If):  # what runs as a program on a machine does so only then
        return ast.unparse(statement.test) not in {"__name__ == '__main__'", "TYPE_CHECKING"}
    return not isinstance(statement, DEFINES)


@pytest.mark.parametrize(
    "module", [name for name in MODULES if name != "unbidden._registry" and not _is_command(name)]
)
def test_modules_define_and_do_nothing(module: str) -> None:
    """Except for the registry, and the command line that puts its commands together, importing a module acts on nothing."""
    assert [ast.unparse(statement) for statement in _tree(module).body if _does(statement)] == []


def _registered(module: str) -> set[str]:
    """Names of scorers and model interfaces that a fresh process knows after importing a module."""
    code = (
        f"import {module}\n"
        "from inspect_ai._util.registry import registry_find\n"
        "found = registry_find(lambda info: info.type in {'scorer', 'modelapi'})\n"
        "names = {item.__registry_info__.name for item in found}\n"
        "print(*sorted(n for n in names if n.startswith('unbidden') or '/' not in n))\n"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    return set(run.stdout.split())


def test_only_the_registry_registers_scorers_and_models() -> None:
    """What Inspect looks up by name is made known by the entry point: a scorer for each ladder, and the scripted subjects."""
    ours = {path.stem for path in (ROOT / "scorers").glob("*.yaml")} | {"unbidden/unbidden"}
    assert _registered("unbidden.run") & ours == set()
    assert _registered("unbidden._registry") & ours == ours


@pytest.mark.parametrize("folder", ["scenarios", "evals", "scorers"])
def test_content_holds_no_code(folder: str) -> None:
    """A researcher who adds content edits no Python."""
    assert (ROOT / folder).is_dir()
    assert sorted((ROOT / folder).rglob("*.py")) == []


def test_the_package_holds_no_content() -> None:
    """Scenarios, ladders and evals stand in their own folders, not among the code."""
    assert sorted(path for kind in ("*.yaml", "*.yml", "*.jsonl") for path in PACKAGE.rglob(kind)) == []


def _broad(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or ast.unparse(kind) in {"Exception", "BaseException"} for kind in caught)


@pytest.mark.parametrize("module", [name for name in MODULES if not _is_command(name)])
def test_no_module_catches_everything(module: str) -> None:
    """A failure of ours is never taken for something else: handlers name what they handle."""
    handlers = [node for node in ast.walk(_tree(module)) if isinstance(node, ast.ExceptHandler)]
    assert [handler.lineno for handler in handlers if _broad(handler)] == []


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_short(module: str) -> None:
    """One responsibility fits in three hundred lines."""
    assert len(SOURCES[module].read_text(encoding="utf-8").splitlines()) <= LONGEST
