"""The uses of flags in the code of this installation: by AST in modules, by tag in templates. Without a database.

A flag is used where the constant of its declaration is read outside of the flag_declarations.py, where its key is the
first argument of a function of flags, and where a template names it: {% flag "sales.new-screen" %}. Calls whose key is
no literal are not listed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

DECLARATIONS = "flag_declarations"
SOURCES = ("apps.flags", "apps.kernel.features", "apps.kernel.degradable")
"""The modules whose functions take a flag."""
READERS = frozenset(
    {"is_on", "value", "evaluation", "explain", "must_be_on", "override", "variant_for", "record_outcome"}
)
"""Not `is_open`: a gate without a flag is open."""
TAG = re.compile(r"\{%-?\s*(?:if_?)?flag\s+[\"']([^\"']+)[\"']")
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, order=True)
class Reference:
    """path is relative to the root of the code; `is_literal`: the place names the key, and no declared constant."""

    key: str
    path: str
    line: int
    is_literal: bool = False

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


def references(root: Path = ROOT) -> Sequence[Reference]:
    """All uses below apps/ and templates/, by key and place."""
    modules = {
        path: text for path in sorted((root / "apps").rglob("*.py")) if "flag" in (text := path.read_text())
    }
    trees = {path: ast.parse(text) for path, text in modules.items()}
    constants = {
        _module_name(path, root): _declared(tree) for path, tree in trees.items() if path.stem == DECLARATIONS
    }
    uses = set(_in_templates(root))
    for path, tree in trees.items():
        if path.stem != DECLARATIONS:
            module = _Module(str(path.relative_to(root)), _module_name(path, root), tree)
            uses |= set(module.uses(constants))
    return sorted(uses)


def unregistered(uses: Iterable[Reference], known: Iterable[str]) -> Sequence[Reference]:
    """Uses by a key that no declaration has."""
    registered = set(known)
    return [use for use in uses if use.is_literal and use.key not in registered]


def by_key(uses: Iterable[Reference]) -> Mapping[str, Sequence[Reference]]:
    grouped: dict[str, list[Reference]] = {}
    for use in uses:
        grouped.setdefault(use.key, []).append(use)
    return grouped


def _in_templates(root: Path) -> Iterator[Reference]:
    paths = [*(root / "templates").rglob("*.html"), *(root / "apps").rglob("templates/**/*.html")]
    for path in paths:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for match in TAG.finditer(line):
                yield Reference(match[1], str(path.relative_to(root)), number, is_literal=True)


def _module_name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _declared(tree: ast.Module) -> Mapping[str, str]:
    """By constant the key of the flag that its declaration names."""
    constants = {}
    for statement in tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            keys = [key for call in ast.walk(statement.value) if (key := _key_declared_by(call))]
            constants.update(
                {target.id: keys[0] for target in targets if isinstance(target, ast.Name) and keys}
            )
    return constants


def _key_declared_by(node: ast.AST) -> str | None:
    if (
        not isinstance(node, ast.Call)
        or getattr(node.func, "id", getattr(node.func, "attr", "")) != "declare_flag"
    ):
        return None
    keys = [
        word.value.value
        for word in node.keywords
        if word.arg == "key" and isinstance(word.value, ast.Constant)
    ]
    return str(keys[0]) if keys else None


class _Module:
    """The uses in one module. `names` maps a local name to the module, or to the member of one, that it means."""

    def __init__(self, path: str, module: str, tree: ast.Module) -> None:
        self.path, self.module, self.tree = path, module, tree
        self.names: dict[str, str] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                self.names.update({alias.asname or alias.name: alias.name for alias in node.names})
            elif isinstance(node, ast.ImportFrom):
                source = self._source(node)
                self.names.update(
                    {alias.asname or alias.name: f"{source}.{alias.name}" for alias in node.names}
                )

    def uses(self, constants: Mapping[str, Mapping[str, str]]) -> Iterator[Reference]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                key = self._literal_key(node)
                if key is not None:
                    yield Reference(key, self.path, node.lineno, is_literal=True)
            elif isinstance(node, ast.Name | ast.Attribute):
                module, _, name = self._full_name(node).rpartition(".")
                if key := constants.get(module, {}).get(name):
                    yield Reference(key, self.path, node.lineno)

    def _source(self, node: ast.ImportFrom) -> str:
        package = self.module.split(".")
        depth = len(package) - node.level + self.path.endswith("__init__.py")
        base = package[:depth] if node.level else []
        return ".".join([*base, *([node.module] if node.module else [])])

    def _literal_key(self, node: ast.Call) -> str | None:
        name = self._full_name(node.func)
        first = node.args[0] if node.args else None
        is_reader = name.rpartition(".")[2] in READERS and name.startswith(SOURCES)
        if is_reader and isinstance(first, ast.Constant) and isinstance(first.value, str):
            return first.value
        return None

    def _full_name(self, node: ast.expr) -> str:
        if isinstance(node, ast.Name):
            return self.names.get(node.id, "")
        if isinstance(node, ast.Attribute) and (base := self._full_name(node.value)):
            return f"{base}.{node.attr}"
        return ""
