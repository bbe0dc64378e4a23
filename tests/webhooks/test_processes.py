"""Relay, worker and beat processes: an event reaches a receiver at the second attempt."""

from __future__ import annotations

import pytest
from pytest_httpserver import HTTPServer
from standardwebhooks import Webhook

from apps.bus import dispatch
from apps.kernel.correlation import correlated
from apps.kernel.observability.request_trace import entries_here
from apps.settings.commands import ChangeSetting
from apps.webhooks.commands import RegisterEndpoint
from apps.webhooks.models import Message
from tests.support.processes import eventually, running, worker

RUNTIME = "DATABASE_OWNER_URL DATABASE_RELAY_URL"


@pytest.mark.exhaustive("a relay and a worker, and the delay of a retry")
def test_a_message_is_delivered_at_its_second_attempt(
    at_acme,
    owner,
    receiver: HTTPServer,
    environment,
    tmp_path,
):
    receiver.expect_oneshot_request("/hook").respond_with_data("not yet", 503)
    endpoint = dispatch(
        RegisterEndpoint(url=receiver.url_for("/hook"), events=("setting.changed",)), actor=owner
    )
    beat = ("celery", "-A", "config", "beat", "-s", f"{tmp_path}/beat", "-l", "WARNING")

    with (
        running(environment, "django", "relay", without="DATABASE_OWNER_URL"),
        worker(environment, "billing,default"),
        running(environment, *beat, without=RUNTIME),
    ):
        with correlated("request-of-a-person"):
            dispatch(ChangeSetting(key="periods.reason_length", value=12), actor=owner)
        eventually(lambda: len(receiver.log) == 1)
        receiver.expect_request("/hook").respond_with_data("now")
        eventually(lambda: Message.objects.filter(state="delivered").exists())

    first, second = (request for request, _ in receiver.log)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.data == second.data
    assert second.headers["X-Correlation-ID"] == "request-of-a-person"
    payload = Webhook(endpoint.new_secret).verify(second.data, dict(second.headers))
    assert payload["type"] == "setting.changed"
    (entry,) = (line for line in entries_here("request-of-a-person") if line.kind == "webhook")
    assert "delivered after 2 attempts" in entry.text
