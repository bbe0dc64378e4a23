"""One chain for all log lines: actor, tenant and request, without secrets."""

import io
import json
import logging
from dataclasses import dataclass, field

import pytest
import structlog
from django.test import RequestFactory

from apps.bus import dispatch
from apps.companies.commands import FoundCompany
from apps.companies.errors import CompanyCodeTaken
from apps.identity.commands import SetPassword
from apps.identity.models import User
from apps.kernel.actors import System, acting_as
from apps.kernel.correlation import correlated
from apps.kernel.observability.logs import current_request, formatter, log_context
from apps.kernel.plain import SECRET, secret
from apps.kernel.tenant import TenantInfo, activate
from apps.periods.commands import ClosePeriod
from apps.periods.models import Period
from apps.settings.commands import ChangeSetting

ACME = TenantInfo(id=1, slug="acme", name="Acme", schema="tenant_1", state="active")


@dataclass(frozen=True, kw_only=True)
class ChangePin:
    user_id: int
    pin: str = field(metadata=secret, repr=False)


@pytest.fixture(params=["stdlib", "structlog"])
def log(request):
    made = {"stdlib": logging.getLogger, "structlog": structlog.get_logger}[request.param]
    return made("bursar.test")


@pytest.fixture
def lines():
    """The JSON lines that were written, as dictionaries."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(formatter("json"))
    logging.getLogger().addHandler(handler)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    logging.getLogger().removeHandler(handler)


def test_a_line_of_either_logger_names_actor_with_request(log, lines):
    with (
        activate(ACME),
        acting_as(System("The suite")),
        correlated("request-1", causation="event:7", trace=f"00-{'a' * 32}-{'b' * 16}-00"),
        log_context(command="ledger.post_entry"),
    ):
        log.warning("Written %s.", "twice")

    (line,) = lines()
    assert line | {"timestamp": ""} == {
        "event": "Written twice.",
        "level": "warning",
        "logger": "bursar.test",
        "timestamp": "",
        "tenant": "acme",
        "correlation_id": "request-1",
        "causation_id": "event:7",
        "trace_id": "a" * 32,
        "actor": "The suite",
        "command": "ledger.post_entry",
    }


def test_a_line_without_a_context_names_the_platform(log, lines):
    log.warning("Written.")

    assert lines()[0]["tenant"] == "platform"
    assert "actor" not in lines()[0]


@pytest.mark.parametrize(
    "name",
    ["password", "api_key", "apiKey", "Authorization", "set-cookie", "access_token", "client_secret", "key"],
)
def test_a_field_named_as_a_secret_is_masked(lines, name):
    logging.getLogger("x").warning("x", extra={"deep": [{name: "hunter2", "plain": "seen"}], name: "hunter2"})

    (line,) = lines()
    assert "hunter2" not in json.dumps(line)
    assert line[name] == SECRET
    assert line["deep"] == [{name: SECRET, "plain": "seen"}]


def test_a_field_named_similar_to_a_secret_is_written(lines):
    logging.getLogger("x").warning("x", extra={"setting_key": "periods.reason_length", "monkey": "seen"})

    assert (lines()[0]["setting_key"], lines()[0]["monkey"]) == ("periods.reason_length", "seen")


def test_secret_fields_of_a_command_are_masked(log, lines):
    fields = {"request_fields": ChangePin(user_id=7, pin="1234")}
    log.warning("Requested.", **({"extra": fields} if isinstance(log, logging.Logger) else fields))

    assert lines()[0]["request_fields"] == {"user_id": 7, "pin": SECRET}


@pytest.mark.parametrize(
    "text",
    [
        "could not reach postgresql://bursar_app:hunter2@db:5432/bursar",
        "the header was Bearer hunter2hunter2",
        "GET /reset?token=hunter2&x=1",
        '{"password": "hunter2"}',
    ],
)
def test_secrets_in_texts_with_tracebacks_are_not_written(lines, text):
    try:
        raise ValueError(text)
    except ValueError:
        logging.getLogger("x").exception(text)

    assert "hunter2" not in json.dumps(lines())
    assert "ValueError" in lines()[0]["exception"]


def test_the_address_of_the_caller_is_never_written(lines):
    request = RequestFactory().get("/", REMOTE_ADDR="203.0.113.9")
    token = current_request.set(request)
    logging.getLogger("django.request").warning("Not found", extra={"request": request, "status_code": 404})
    current_request.reset(token)

    assert "203.0.113.9" not in json.dumps(lines())


def test_the_line_format_is_one_line():
    record = logging.LogRecord("bursar.test", logging.INFO, "", 0, "Written.", (), None)
    with activate(ACME), correlated("request-1"):
        line = formatter("line").format(record)

    assert line.endswith("INFO    acme request-1 bursar.test: Written.")


LONE_SURROGATE = "\ud800"  # never logged for real here: the report of a test could not be encoded
HOSTILE = "x\n12:00:00.000 ERROR acme - bursar: forged\r\x1b[2J\x9b1m\x85\u2028\u202e"


def test_line_breaks_and_escape_codes_are_escaped_in_both_formats(lines):
    record = logging.LogRecord("bursar.test", logging.INFO, "", 0, "Read %s.", (HOSTILE,), None)
    record.user_agent = HOSTILE
    line = formatter("line").format(record)
    try:
        raise ValueError(HOSTILE)
    except ValueError as error:
        failed = logging.LogRecord(
            "bursar.test", logging.ERROR, "", 0, "Failed.", (), (ValueError, error, error.__traceback__)
        )
    odd = logging.LogRecord("bursar.test", logging.INFO, "", 0, "Read %s.", (LONE_SURROGATE,), None)
    first, *traceback = formatter("line").format(failed).split("\n")
    logging.getLogger("bursar.test").warning("Read %s.", HOSTILE)

    assert line.isprintable()
    assert formatter("line").format(odd).isprintable()
    assert "\\u000a12:00:00.000 ERROR acme - bursar: forged\\u000d\\u001b[2J" in line
    assert first.endswith("Failed.")
    assert all(part.startswith("    ") and part.isprintable() for part in traceback)
    (written,) = lines()
    assert written["event"] == f"Read {HOSTILE}."
    assert formatter("json").format(record).isprintable()
    assert formatter("json").format(odd).isprintable()


def lines_of(lines, logger):
    return [line for line in lines() if line["logger"] == logger]


def test_a_changed_setting_is_written_at_info(lines, at_acme, owner):
    dispatch(ChangeSetting(key="periods.reason_length", value=12), actor=owner)

    (command,), (event,) = lines_of(lines, "bursar.commands"), lines_of(lines, "bursar.events")
    assert (command["level"], command["outcome"], command["actor"]) == ("info", "done", str(owner))
    assert (event["level"], event["event"], event["tenant"]) == ("info", "setting.changed", "acme")


def test_other_events_are_written_at_debug(lines, at_acme, owner):
    january, events = Period.objects.get(number=1), logging.getLogger("bursar.events")
    before = events.level
    events.setLevel(logging.DEBUG)
    try:
        dispatch(ClosePeriod(period_id=january.pk, reason="The month is over."), actor=owner)
    finally:
        events.setLevel(before)

    (event,) = lines_of(lines, "bursar.events")
    assert (event["level"], event["event"]) == ("debug", "period.closed")


def test_a_broken_rule_is_written_at_warning_with_its_codes(lines, at_acme, owner):
    with pytest.raises(CompanyCodeTaken):
        dispatch(FoundCompany(code="MAIN", name="Again", currency="EUR"), actor=owner)

    (line,) = lines_of(lines, "bursar.commands")
    assert (line["level"], line["outcome"]) == ("warning", "refused")
    assert line["refusals"] == ["companies.company_code_taken"]


def test_the_invalid_fields_of_a_request_are_written_at_warning(lines, client_for, controller):
    body = {"nmae": "hunter2"}
    client_for(controller).post("/t/acme/api/v1/periods/calendars/", body, content_type="application/json")

    (line,) = lines_of(lines, "apps.kernel.problems.rest")
    assert (line["level"], line["tenant"]) == ("warning", "acme")
    assert "name: required" in line["wrong"]
    assert "hunter2" not in json.dumps(line)


def test_an_exception_is_written_at_error_without_secrets(lines, at_acme, owner, monkeypatch):
    def explode(user, password):
        raise RuntimeError("the hash function is gone, token=hunter2")

    monkeypatch.setattr(User, "set_password", explode)
    with pytest.raises(RuntimeError), correlated("request-1"):
        dispatch(SetPassword(user_id=owner.pk, password="hunter2 hunter2"), actor=owner)

    (line,) = lines_of(lines, "bursar.commands")
    assert (line["level"], line["outcome"], line["command"]) == ("error", "failed", "identity.set_password")
    assert (line["tenant"], line["actor"], line["correlation_id"]) == ("acme", str(owner), "request-1")
    assert line["request_fields"] == {"user_id": owner.pk, "password": SECRET}
    assert "RuntimeError: the hash function is gone" in line["exception"]
    assert "hunter2" not in json.dumps(lines())
