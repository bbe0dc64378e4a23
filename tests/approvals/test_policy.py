"""Where an approval is required, and what the digest of a request covers."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.approvals import hooks
from apps.approvals.contents import content_of, opened
from apps.approvals.errors import ContentChanged
from apps.approvals.gate import Gate
from apps.audit.commands import ErasePerson
from apps.bus.approval import ApprovalKind
from apps.kernel.secrets import SecretUnreadable

ERASURE = ErasePerson(texts=("Berta Bauer",), reason="By letter.")


@pytest.mark.parametrize(
    ("required", "environment", "expected"),
    [
        ("always", "development", True),
        ("in production", "production", True),
        ("in production", "staging", False),
        ("in production", "development", False),
        ("by setting", "production", False),
    ],
)
def test_an_approval_is_required_by_kind_and_environment(settings, required, environment, expected):
    settings.ENVIRONMENT = environment

    assert Gate().is_required(kind(required)) is expected


def test_an_approval_is_required_where_a_setting_or_a_hook_says_so(settings, monkeypatch):
    assert not Gate().is_required(kind("by setting"))
    settings.APPROVALS_REQUIRED = frozenset({"tests.kind"})
    assert Gate().is_required(kind("by setting"))

    settings.APPROVALS_REQUIRED = frozenset()
    monkeypatch.setattr(hooks, "_checks", [lambda checked: checked.name == "tests.kind"])
    assert Gate().is_required(kind("by setting"))


def test_a_content_with_another_digest_or_request_is_refused():
    content = content_of(ERASURE)
    sealed = content.sealed(7, 1)

    assert opened(sealed, content.digest, 7, 1) == content
    with pytest.raises(ContentChanged):
        opened(sealed, content_of(ERASURE).digest, 7, 1)
    with pytest.raises(SecretUnreadable):
        opened(sealed, content.digest, 8, 1)


def kind(required):
    return ApprovalKind(
        name="tests.kind", title="A kind", permission="x.y", required=required, valid_for=dt.timedelta(days=1)
    )
