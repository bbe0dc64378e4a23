"""Digests of migrations: they reveal a change after a release, or after a recorded dump."""

from __future__ import annotations

import ast
import hashlib
import inspect
from pathlib import Path

from django.db.migrations import Migration


def digest_of(migration: Migration) -> str:
    return digest_of_file(Path(inspect.getfile(type(migration))))


def digest_of_file(path: Path) -> str:
    """SHA-256 of the statements in the file of a migration. The docstring, comments between statements, and
    imported code do not count."""
    source = path.read_text(encoding="utf-8")
    statements = [node for node in ast.parse(source).body if not _is_docstring(node)]
    text = "\n".join(str(ast.get_source_segment(source, node)) for node in statements)
    return hashlib.sha256(text.encode()).hexdigest()


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
