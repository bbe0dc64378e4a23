"""The internal names of django-allauth in use, one by one: fails on a release of allauth that changes them."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest
from allauth.account.middleware import AccountMiddleware
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.views.generic import FormView, TemplateView

from apps.identity import allauth_internals
from apps.identity.allauth_internals import (
    LoginRefused,
    password_login,
)
from apps.tenancy.sessions import SessionStore
from tests.support.database import PASSWORD

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTED = {
    "allauth.account.adapter.DefaultAccountAdapter",
    "allauth.account.adapter.get_adapter",
    "allauth.account.decorators.secure_admin_login",
    "allauth.headless.tokens.strategies.sessions.SessionTokenStrategy",
}


def imported_from_allauth(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "allauth":
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names if alias.name.partition(".")[0] == "allauth"}
    return names


def test_all_other_files_import_documented_names_only():
    files = [path for folder in ("apps", "config") for path in sorted((ROOT / folder).rglob("*.py"))]
    own = Path(allauth_internals.__file__)

    undocumented = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in files
        if path != own
        for name in imported_from_allauth(path) - DOCUMENTED
    }

    assert undocumented == set()


def test_the_parameters_of_the_internals_are_unchanged():
    def parameters(function):
        return list(inspect.signature(function).parameters)

    assert parameters(allauth_internals.perform_password_login) == ["request", "credentials", "login"]
    assert parameters(allauth_internals.mark_request_as_headless) == ["request", "client"]
    assert parameters(allauth_internals.authentication_context) == ["request"]
    assert parameters(allauth_internals.AuthenticationStatus) == ["request"]
    assert allauth_internals.Client.APP == "app"


def test_the_parts_of_its_pages_that_bursar_overrides_exist():
    assert issubclass(allauth_internals.LoginView, FormView)
    assert allauth_internals.LoginView.form_class(request=None).fields.keys() == {"login", "password"}
    assert issubclass(allauth_internals.LogoutView, TemplateView)


@pytest.fixture
def console_request(at_acme, rf):
    """A request with the session of a console."""
    request = rf.post("/t/acme/api/v1/identity/tokens/")
    request.user = AnonymousUser()
    request.session = SessionStore()
    request.session["page"] = "of the console"
    return request


def log_in(request, email, password):
    """password_login, inside of allauth's middleware as in the process."""
    results = []

    def view(request):
        results.append(password_login(request, email, password))
        return HttpResponse()

    AccountMiddleware(view)(request)
    return results[0]


def test_a_login_returns_tokens_and_leaves_the_session_of_the_console(console_request, accountant):
    console = console_request.session

    tokens = log_in(console_request, accountant.email, PASSWORD)

    assert {"access_token", "refresh_token"} <= tokens.keys()
    assert console_request.session is console
    assert dict(console.items()) == {"page": "of the console"}


def test_a_wrong_password_is_a_refused_login_without_reason(console_request, accountant):
    with pytest.raises(LoginRefused) as refused:
        log_in(console_request, accountant.email, "wrong")

    assert not refused.value.stage_pending
