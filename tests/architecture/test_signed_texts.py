"""One file signs texts, and one the access tokens: elsewhere purpose, tenant and epoch would be missing."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.support.source_files import ROOT

SIGNING = {
    "django.core.signing": {"apps/kernel/signed.py"},
    "django.contrib.auth.tokens": set(),
    "django.utils.crypto.salted_hmac": set(),
    "allauth.account.forms": set(),
    "allauth.account.models": set(),
    "itsdangerous": set(),
    "jwt": {"apps/identity/tokens/access.py"},
}
"""Module → the files that may import it."""
ATTRIBUTES = {"get_signed_cookie", "set_signed_cookie"}


def signing_in(tree: ast.AST) -> set[str]:
    """What signs in the code: modules of `SIGNING`, and methods of requests and responses."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            names |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Attribute):
            names.add(node.attr)
    return names & (SIGNING.keys() | ATTRIBUTES)


def test_texts_are_signed_in_one_file():
    """If not: `apps.kernel.signed.Purpose`, and a row in tests/identity/test_signed_texts.py."""
    violations = {
        f"{path.relative_to(ROOT)}: {name}"
        for folder in ("apps", "config")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for name in signing_in(ast.parse(path.read_text()))
        if str(Path(path).relative_to(ROOT)) not in SIGNING.get(name, set())
    }

    assert violations == set()


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("from django.core import signing", "django.core.signing"),
        ("from django.core.signing import TimestampSigner", "django.core.signing"),
        ("from django.contrib.auth.tokens import default_token_generator", "django.contrib.auth.tokens"),
        ("import jwt", "jwt"),
        ("response.set_signed_cookie('a', 'b')", "set_signed_cookie"),
    ],
)
def test_each_way_to_sign_is_found(code, name):
    assert signing_in(ast.parse(code)) == {name}
