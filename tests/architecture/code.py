"""The project's own source files and their syntax trees, for the tests of conventions."""

import ast
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ("customers", "notifications", "accounts", "tariffs", "billing", "calls")


@dataclass(frozen=True)
class Source:
    """A Python file: its path below the project, and its tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def module(self) -> str:
        """The part of the app it belongs to: models, services, views, ..."""
        parts = Path(self.path).with_suffix("").parts
        return parts[1] if len(parts) > 1 else parts[0]


@cache
def tracked(*patterns: str) -> tuple[str, ...]:
    """Files of the project by git's own list, new ones too; outside git, all below the folder."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return tuple(name for name in listed.stdout.splitlines() if (ROOT / name).is_file())


@cache
def sources() -> tuple[Source, ...]:
    """All Python files but migrations."""
    found = []
    for name in tracked("*.py"):
        if "/migrations/" not in name:
            text = (ROOT / name).read_text()
            found.append(Source(name, text, ast.parse(text)))
    return tuple(found)


def app_sources(*modules: str) -> list[Source]:
    """The files of all apps whose module is one of ``modules`` (all files for none)."""
    mine = [source for source in sources() if source.path.split("/")[0] in APPS]
    return [source for source in mine if not modules or source.module in modules]


def attribute_chain(node: ast.AST) -> str:
    """``a.b.c`` for an attribute of names, else what can be told of it."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute | ast.Call):
        if isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        else:
            node = node.func
    if isinstance(node, ast.Name):
        parts.append(node.id)
    return ".".join(reversed(parts))
