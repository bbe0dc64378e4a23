"""Every response to a generated request conforms to the OpenAPI document.

Schemathesis derives valid and invalid requests from the document. Half of them contain values that exist in the test
data, so that many requests succeed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from django.conf import settings as django_settings
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
from tests.support.tiers import Sample

KEY = "Idempotency-Key"
EXAMPLES = {GenerationMode.POSITIVE: 3, GenerationMode.NEGATIVE: 2}
OPEN = ("identity_sign_in", "identity_refresh", "identity_sign_out")
"""Here 401 means wrong credentials in the body, not an expired session."""
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
    """A user with all permissions on one plane, signed in again after a sign-out."""

    def __init__(self, urlconf: str, sign_in: Callable[[], Device]) -> None:
        self.sign_in, self.device, self.request_count = sign_in, sign_in(), 0
        self.schema = schemathesis.openapi.from_dict(document(urlconf))
        self.schema.app = _local_application()
        self.schema.config.update(base_url="http://testserver" + self.device.base.removesuffix("/api/v1/"))
        self.schema.config.generation.update(with_security_parameters=False)

    def operations(self) -> Iterator[APIOperation]:
        return (operation.ok() for operation in self.schema.get_all_operations())

    def request(self, case: Case) -> Response:
        self.request_count += 1
        headers = {"Authorization": f"Bearer {self.device.tokens['access_token']}"}
        if case.method == "POST" and self.request_count % 2:
            headers[KEY] = f"fuzz-{self.request_count}"
        response = case.call(headers=headers)
        if response.status_code == 401 and _name(case.operation) not in OPEN:
            self.device = self.sign_in()
        return response


def _local_application() -> Callable[..., Any]:
    """The WSGI application, with requests from the loopback address."""
    application = get_wsgi_application()
    return lambda environ, start: application({**environ, "REMOTE_ADDR": "127.0.0.1"}, start)


def _name(operation: APIOperation) -> str:
    return str(operation.definition.raw["operationId"])


def with_known_values(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: KNOWN[name] if name in KNOWN else with_known_values(item) for name, item in value.items()
        }
    return [with_known_values(item) for item in value] if isinstance(value, list) else value


def faults(
    caller: Caller, operation: APIOperation, mode: GenerationMode, examples: int, seen: Counter[int]
) -> list[str]:
    messages = []

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
    def check(case: Case, known: bool, number: int) -> None:
        if known:
            case.body = with_known_values(case.body)
            case.path_parameters = {
                name: number if isinstance(value, int) else value
                for name, value in (case.path_parameters or {}).items()
            }
        response = caller.request(case)
        seen[response.status_code] += 1
        if response.status_code >= 500:
            messages.append(f"{_name(operation)} breaks: {response.text[:500]}\n{case.as_curl_command()}")
            return
        try:
            case.validate_response(response, checks=AS_DOCUMENTED)
        except AssertionError as failed:
            messages.append(f"{_name(operation)}: {failed}")

    try:
        check()
    except Unsatisfiable:
        # An operation without parameters has no invalid request.
        assert mode == GenerationMode.NEGATIVE, operation
    return messages


def examples_of(operation: APIOperation, sample: Sample) -> dict[GenerationMode, int]:
    """In the sample a single example, of one mode."""
    if not sample.is_small:
        return EXAMPLES
    ((_, mode),) = sample.of([(_name(operation), mode) for mode in EXAMPLES], 1)
    return {mode: 1}


@pytest.mark.physical_copy
@pytest.mark.exhaustive("every operation by drawn requests", inside=True)
@pytest.mark.parametrize("plane", ["tenant", "operator"])
def test_every_response_is_documented(sample, at_work, acme, owner, operator, plane):
    urlconf, user, where = (
        (django_settings.ROOT_URLCONF, owner, acme)
        if plane == "tenant"
        else (django_settings.OPERATOR_URLCONF, operator, None)
    )
    caller, seen = Caller(urlconf, lambda: Device(user.email, where)), Counter[int]()

    messages = [
        fault
        for operation in caller.operations()
        for mode, examples in examples_of(operation, sample).items()
        for fault in faults(caller, operation, mode, examples, seen)
    ]

    assert messages == []
    least = 1 if sample.is_small else caller.request_count / 8
    assert sum(count for status, count in seen.items() if status < 300) >= least, seen
