"""A well-formed request succeeds or is refused; no request causes a server error."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal
from typing import Any, get_type_hints

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from apps.bus.api.serializers import serializer_for
from apps.bus.api.views import CommandEndpoint
from tests.support.endpoints import endpoints

ODD = {
    str: st.sampled_from(
        ["", " ", "x", "1000", "4000", "GEN", "USD", "asset", "JPY", "ß" * 300, "'; --", "a" * 2000]
    )
    | st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=60),
    int: st.sampled_from([0, 1, 2, -1, 13, 2026, 9999, 10**6, 2**31, 2**63 - 1, -(2**63) + 1]),
    Decimal: st.sampled_from(["0", "1", "-1", "0.001", "1e2", "9" * 19, "0.000000000001"]).map(Decimal),
    dt.date: st.sampled_from([dt.date.min, dt.date.max, dt.date(2026, 2, 28)]) | st.dates(),
}
ODD_INSTANTS = (
    "0001-01-01",
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00+10:00",
    "2026-05-28T02:00:26-20:10",
)
ODD_VALUES = ("", "x", "'", "ß" * 5000, "-1", "9" * 40, "\x00", "true", "%(x)s %\u202e", *ODD_INSTANTS)
POSTS = [
    (address, view)
    for address, view in endpoints("tenant")
    if view and issubclass(view, CommandEndpoint) and hasattr(view, "post") and not view.request_serializer
]


@pytest.mark.slow("150 drawn requests")
def test_no_command_fails_unexpectedly(api, owner, chart, sale):
    caller = api(owner)
    caller.client.raise_request_exception = False
    caller.post("ledger/entries/", sale)
    caller.post("ledger/entries/drafts/", sale)
    for shape, strategy in ODD.items():
        st.register_type_strategy(shape, strategy)
    seen: Counter[int] = Counter()

    @seed(1)
    @settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def check(data: Any) -> None:
        address, view = data.draw(st.sampled_from(POSTS))
        documents = {
            name: st.just({}) for name, hint in get_type_hints(view.command).items() if hint == dict[str, Any]
        }
        command = data.draw(st.builds(view.command, **documents))
        body = serializer_for(view.command, view.server_fields)(command).data
        response = caller.client.post(f"/t/acme{address}?dry_run=true", body, content_type="application/json")
        seen[response.status_code] += 1
        assert response.status_code in (200, 400), (address, body, response.content)

    check()
    assert seen[200] > 50, seen


@pytest.mark.exhaustive("every filter by every odd value", inside=True)
def test_no_filter_fails_unexpectedly(sample, api, owner):
    caller = api(owner)
    caller.client.raise_request_exception = False
    requests = [
        (address, name, value)
        for address, view in endpoints("tenant")
        for name in getattr(getattr(view, "filterset_class", None), "base_filters", ())
        for value in ODD_VALUES
    ]

    for address, name, value in sample.of(requests, 1, by=lambda request: request[:2]):
        response = caller.client.get(f"/t/acme{address}", {name: value})
        assert response.status_code in (200, 400), (address, name, value, response.content)
