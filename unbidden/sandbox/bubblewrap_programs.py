"""The programs that run inside a machine, each as one text that needs nothing but Python's standard library.

Docstrings and comments are left out: the agent can read the text of every command.
"""

import ast
from functools import cache
from importlib.resources import files

SUPERVISOR = (
    "wire",
    "watch",
    "bubblewrap_caller",
    "bubblewrap_processes",
    "bubblewrap_running",
    "supervisor",
)
CLIENT = ("wire", "client")


@cache
def program(modules: tuple[str, ...]) -> str:
    """Modules of this package as one program, which begins where the last one does."""
    return "\n".join(_bare(module) for module in modules) + "\n"


def _bare(module: str) -> str:
    text = files("unbidden.sandbox").joinpath(f"{module}.py").read_text(encoding="utf-8")
    return ast.unparse(_Bare().visit(ast.parse(text)))


class _Bare(ast.NodeTransformer):
    """Takes out what only serves whoever reads the source, and the imports of the modules that are joined."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if text else node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        return None if (node.module or "").startswith("unbidden.") else node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self.generic_visit(node)
        node.body = node.body or [ast.Pass()]
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        node.body = node.body or [ast.Pass()]
        return node
