"""Published flags, and programs with tokens that evaluate them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from apps.flags.module import EVALUATE, VIEW
from apps.flags.store import freshness
from apps.kernel.tenant import TenantInfo
from tests.support.evaluators import DOCUMENTS, Evaluator, token_of
from tests.support.published_flags import publish


@pytest.fixture
def flags(db: None) -> None:
    """Flags of the platform, published."""
    for served in DOCUMENTS:
        publish(served, served["key"])
    freshness.changed()


@pytest.fixture
def program(acme: TenantInfo) -> Evaluator:
    return Evaluator(token_of(acme, EVALUATE, VIEW), acme)


@pytest.fixture
def program_of() -> Callable[..., Evaluator]:
    """`program_of(globex)`; with `token=` another one."""
    return lambda tenant, token="": Evaluator(token or token_of(tenant, EVALUATE, VIEW), tenant)
