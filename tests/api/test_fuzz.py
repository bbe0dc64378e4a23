"""Whatever a program asks that has read our document, or misread it, is answered as the document says.

Schemathesis draws the questions from it, those that fit and those that do not. Half of them say words and numbers that
are known here, so that many are answered with more than a refusal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from django.conf import settings as house
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode, Response
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.schemas import APIOperation

from apps.kernel.clock import today
from tests.support.devices import Device
from tests.support.openapi import document

KEY = "Idempotency-Key"
EXAMPLES = {GenerationMode.POSITIVE: 3, GenerationMode.NEGATIVE: 2}
OPEN = ("identity_sign_in", "identity_refresh", "identity_sign_out")
"""Where 401 is about what was said, not about who says it."""
KNOWN = {
    "account": "1000",
    "amount": "1.00",
    "code": "NEW-1",
    "currency": "USD",
    "customer": "ACAPULCO",
    "email": "new@acme.example",
    "events": [],
    "item": "SKU-ACAPULCO",
    "journal": "GEN",
    "owner_email": "owner@initech.example",
    "plan": "all",
    "posted_on": today().isoformat(),
    "provider": "sandbox",
    "quantity": 1,
    "reason": "For a reason that is long enough.",
    "role": "auditor",
    "roles": ["auditor"],
    "sku": "SKU-ACAPULCO",
    "slug": "initech",
    "tenant_id": 2,
    "token": "tok_ok",
    "url": "https://acapulco.example.com/another",
    "user_id": 2,
    "year": today().year + 2,
}
load_all_checks()
AS_DOCUMENTED = [
    CHECKS.get_one(name)
    for name in (
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    )
]


@pytest.fixture(scope="session")
def template(two_at_work: str) -> str:
    return two_at_work


class Caller:
    """Somebody who may everything on one plane. Who was signed out signs in again."""

    def __init__(self, urlconf: str, sign_in: Callable[[], Device]) -> None:
        self.sign_in, self.device, self.asked = sign_in, sign_in(), 0
        self.schema = schemathesis.openapi.from_dict(document(urlconf))
        self.schema.app = _from_here()
        self.schema.config.update(base_url="http://testserver" + self.device.base.removesuffix("/api/v1/"))
        self.schema.config.generation.update(with_security_parameters=False)

    def operations(self) -> Iterator[APIOperation]:
        return (operation.ok() for operation in self.schema.get_all_operations())

    def ask(self, case: Case) -> Response:
        self.asked += 1
        headers = {"Authorization": f"Bearer {self.device.tokens['access_token']}"}
        if case.method == "POST" and self.asked % 2:
            headers[KEY] = f"fuzz-{self.asked}"
        response = case.call(headers=headers)
        if response.status_code == 401 and _name(case.operation) not in OPEN:
            self.device = self.sign_in()
        return response


def _from_here() -> Callable[..., Any]:
    """Our application, asked from an address of this machine."""
    asked = get_wsgi_application()
    return lambda environ, start: asked({**environ, "REMOTE_ADDR": "127.0.0.1"}, start)


def _name(operation: APIOperation) -> str:
    return str(operation.definition.raw["operationId"])


def in_known_words(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: KNOWN[name] if name in KNOWN else in_known_words(each) for name, each in value.items()}
    return [in_known_words(each) for each in value] if isinstance(value, list) else value


def faults(
    caller: Caller, operation: APIOperation, mode: GenerationMode, examples: int, seen: Counter[int]
) -> list[str]:
    found = []

    @settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(
        case=operation.as_strategy(generation_mode=mode), known=st.booleans(), number=st.sampled_from([1, 2])
    )
    def ask(case: Case, known: bool, number: int) -> None:
        if known:
            case.body = in_known_words(case.body)
            case.path_parameters = {
                name: number if isinstance(value, int) else value
                for name, value in (case.path_parameters or {}).items()
            }
        response = caller.ask(case)
        seen[response.status_code] += 1
        if response.status_code >= 500:
            found.append(f"{_name(operation)} breaks: {response.text[:500]}\n{case.as_curl_command()}")
            return
        try:
            case.validate_response(response, checks=AS_DOCUMENTED)
        except AssertionError as failed:
            found.append(f"{_name(operation)}: {failed}")

    try:
        ask()
    except Unsatisfiable:
        assert mode == GenerationMode.NEGATIVE, operation  # who asks nothing asks nothing wrong
    return found


@pytest.mark.physical_copy
@pytest.mark.exhaustive("every operation by drawn requests", inside=True)
@pytest.mark.parametrize("plane", ["tenant", "operator"])
def test_every_answer_is_documented(sample, at_work, acme, owner, operator, plane):
    urlconf, user, where = (
        (house.ROOT_URLCONF, owner, acme) if plane == "tenant" else (house.OPERATOR_URLCONF, operator, None)
    )
    caller, seen = Caller(urlconf, lambda: Device(user.email, where)), Counter[int]()

    found = [
        fault
        for operation in caller.operations()
        for mode, examples in EXAMPLES.items()
        for fault in faults(caller, operation, mode, 1 if sample.is_small else examples, seen)
    ]

    assert found == []
    assert sum(count for status, count in seen.items() if status < 300) > caller.asked / 8, seen
