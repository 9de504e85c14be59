"""First words of docstrings: a noun of a module, an imperative of a function."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("colorize_engine", "napari_colorize", "training")
FILES = [
    path
    for folder in (
        "colorize_engine",
        "napari_colorize",
        "training",
        "benchmarks",
        "docs",
    )
    for path in sorted((ROOT / folder).rglob("*.py"))
]
QUESTIONS = {"What", "Which", "Whether", "How", "From", "Where", "While", "Who", "When"}
# Words that began descriptions in place of a verb.
NO_VERBS = QUESTIONS | set(
    "A An The One All Each Also As At By For If In It Its Of On That There This To "
    "With Give Gives Returns Largest Best First Latest Mean Names Rows Gray L*".split()
)


def first_word(node: ast.Module | ast.FunctionDef) -> str:
    text = ast.get_docstring(node) or "."
    return text.split()[0].rstrip(",.:;")


def is_property(node: ast.FunctionDef) -> bool:
    return any(
        getattr(decorator, "id", "") in ("property", "cached_property")
        for decorator in node.decorator_list
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_docstrings_begin_as_the_style_says(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert first_word(tree) not in QUESTIONS
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and not is_property(node):
            assert first_word(node) not in NO_VERBS, node.name
