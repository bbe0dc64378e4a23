"""Other sources of flags: a file, and a server that speaks OFREP."""

import json
import logging

import pytest
from werkzeug import Response

from apps.billing.commands import ChangePlan, DefinePlan, PlanLimit
from apps.bus import dispatch
from apps.flags import queries as flags
from apps.flags.store import providers
from apps.flags.store.providers import file, ofrep
from apps.kernel.limits import LIMITS, UNLIMITED
from apps.kernel.tenant import activate
from tests.support.served_flags import KEY, declared, document, kill, narrow, serve

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_provider_of_another_test(settings):
    providers._of.cache_clear()
    yield
    if settings.FLAG_SOURCE and isinstance(provider := providers.current(), ofrep.OfrepProvider):
        provider.close()
    providers._of.cache_clear()


class TestFile:
    @pytest.fixture
    def path(self, tmp_path, settings, monkeypatch):
        monkeypatch.setattr(file, "CHECKED_AFTER_S", -1.0)  # at each comparison, which happens once a second
        settings.FLAG_SOURCE = str(tmp_path / "flags.json")
        return tmp_path / "flags.json"

    def write(self, path, *documents, **more):
        path.write_text(json.dumps({"format": 1, "flags": documents, **more}))
        for held in getattr(providers.current(), "_held", {}).values():
            held.until = 0.0  # a second later

    def test_the_flags_of_the_file_replace_those_of_the_database(self, path):
        serve(document("of.the-database"))
        self.write(path, document())

        assert flags.is_on(KEY)
        assert not flags.is_on("of.the-database")

    def test_a_changed_file_is_read_again(self, path):
        self.write(path, document())
        assert flags.is_on(KEY)

        self.write(path, document(enabled=False))

        assert flags.evaluation(KEY).reason == "DISABLED"

    def test_a_tenant_narrows_its_flags(self, path, acme, globex):
        self.write(path, document())
        with activate(acme):
            narrow(enabled=False)
            assert not flags.is_on(KEY)
        with activate(globex):
            assert flags.is_on(KEY)

    def test_kills_and_the_environment_close_its_flags(self, path, acme, settings):
        self.write(path, document(), document("other"))
        assert flags.is_on(KEY)

        kill()
        settings.FEATURE_FLAGS = {"other": False}

        assert flags.evaluation(KEY)[::2][:2] == (False, "KILLED")
        assert flags.evaluation("other").reason == "DISABLED_BY_ENVIRONMENT"
        with activate(acme):
            assert flags.evaluation(KEY).reason == "KILLED"

    def test_the_epoch_of_a_file_is_that_of_the_database_in_which_kills_arrive(self, path):
        self.write(path, document())
        assert flags.is_on(KEY)
        before = providers.current().epoch_of(None)

        kill()
        assert flags.evaluation(KEY).reason == "KILLED"

        assert before < flags.epoch() == providers.current().epoch_of(None)

    def test_a_broken_file_changes_nothing(self, path, caplog):
        self.write(path, document())
        assert flags.is_on(KEY)

        self.write(path, document(default_variant="no-such-variant"))

        with caplog.at_level(logging.ERROR, logger="bursar.flags"):
            assert flags.is_on(KEY)
        assert "no-such-variant" in caplog.text

    def test_without_a_file_declared_defaults_are_served_with_the_reason_error(self, path):
        with declared(default=True) as flag:
            assert flags.evaluation(flag)[::2][:2] == (True, "ERROR")

    def test_a_document_of_flagd_is_read(self, path):
        of_flagd = {"state": "ENABLED", "variants": {"yes": True, "no": False}, "defaultVariant": "yes"}
        path.write_text(json.dumps({"flags": {KEY: of_flagd}}))

        assert flags.is_on(KEY)


class TestOfrep:
    @pytest.fixture
    def server(self, receiver, settings):
        settings.FLAG_SOURCE = receiver.url_for("").rstrip("/")
        settings.FLAG_SOURCE_TOKEN = "a-token"
        return receiver

    def expect(self, server, *served, **more):
        body = json.dumps({"flags": served})
        server.expect_ordered_request(ofrep.PATH, method="POST", **more).respond_with_response(
            Response(body, 200, {"ETag": '"1"', "Content-Type": "application/json"})
        )

    def test_all_flags_of_a_tenant_are_asked_for_once(self, server, acme):
        self.expect(
            server,
            {"key": KEY, "value": True, "variant": "on", "reason": "TARGETING_MATCH"},
            headers={"Authorization": "Bearer a-token"},
            json={"context": {"targetingKey": str(acme.id), "tenant": str(acme.id), "tenant_slug": "acme"}},
        )
        with activate(acme):
            for _ in range(100):
                assert flags.evaluation(KEY)[:3] == (True, "on", "TARGETING_MATCH")
            assert flags.evaluate_all()[KEY].value is True
            assert flags.evaluation("no.such-flag").reason == "UNKNOWN_FLAG"

        assert len(server.log) == 1
        server.check()

    def test_an_unchanged_response_is_not_sent_again(self, server):
        self.expect(server, {"key": KEY, "value": True, "variant": "on", "reason": "STATIC"})
        server.expect_ordered_request(ofrep.PATH, headers={"If-None-Match": '"1"'}).respond_with_data("", 304)
        assert flags.is_on(KEY)

        providers.current().refresh()

        assert flags.is_on(KEY)
        server.check()

    def test_a_change_is_served_after_the_next_poll(self, server):
        self.expect(server, {"key": KEY, "value": True, "variant": "on", "reason": "STATIC"})
        self.expect(server, {"key": KEY, "value": False, "variant": "off", "reason": "DISABLED"})
        assert flags.is_on(KEY)

        providers.current().refresh()

        assert not flags.is_on(KEY)

    def test_while_the_server_fails_the_earlier_response_is_served(self, server, caplog):
        self.expect(server, {"key": KEY, "value": True, "variant": "on", "reason": "STATIC"})
        server.expect_ordered_request(ofrep.PATH).respond_with_data("", 500)
        assert flags.is_on(KEY)

        with caplog.at_level(logging.ERROR, logger="bursar.flags"):
            providers.current().refresh()

        assert flags.is_on(KEY)
        assert "status 500" in caplog.text

    def test_without_a_response_the_default_is_served_with_the_reason_error(self, server):
        server.expect_ordered_request(ofrep.PATH).respond_with_data("", 401)
        with declared(default=True) as flag:
            assert flags.evaluation(flag)[::2][:2] == (True, "ERROR")

    def test_a_flag_without_a_value_or_of_another_type_serves_the_default(self, server):
        self.expect(
            server,
            {"key": KEY, "value": "yes", "variant": "on", "reason": "STATIC"},
            {"key": "without.value", "reason": "DISABLED"},
            {"key": "failed", "errorCode": "PARSE_ERROR", "errorDetails": "…"},
        )
        with declared() as flag, declared("without.value", default=True) as without:
            assert flags.value(flag) is False
            assert flags.evaluation(without)[:3] == (True, None, "DISABLED")
            assert flags.evaluation("failed").reason == "UNKNOWN_FLAG"

    @pytest.fixture
    def served(self, server):
        for _ in range(3):
            self.expect(server, {"key": KEY, "value": True, "variant": "on", "reason": "TARGETING_MATCH"})
        assert flags.evaluation(KEY)[:3] == (True, "on", "TARGETING_MATCH")

    def test_a_kill_closes_a_flag_of_the_server_at_once(self, served, acme):
        kill()

        assert flags.evaluation(KEY)[::2][:2] == (False, "KILLED")
        assert flags.evaluate_all()[KEY].reason == flags.explain(KEY).evaluation.reason == "KILLED"
        assert providers.current().epoch_of(None) == flags.epoch()
        with activate(acme):
            assert flags.evaluation(KEY)[::2][:2] == (False, "KILLED")

    def test_a_tenant_narrows_and_kills_flags_of_the_server(self, served, acme, globex):
        with activate(acme):
            narrow(enabled=False)
            assert flags.evaluation(KEY).reason == "NARROWED_BY_TENANT"
        with activate(globex):
            assert flags.is_on(KEY)
            kill()
            assert flags.evaluation(KEY)[::2][:2] == (False, "NARROWED_BY_TENANT")

    def test_the_environment_closes_a_flag_of_the_server(self, served, settings):
        settings.FEATURE_FLAGS = {KEY: False}

        assert flags.evaluation(KEY)[::2][:2] == (False, "DISABLED_BY_ENVIRONMENT")

    def test_the_plan_of_a_tenant_closes_a_declared_flag_of_the_server(self, server, acme, operator):
        limits = tuple(PlanLimit(name, UNLIMITED) for name in LIMITS)
        plan = DefinePlan(code="small", name="Small", level=1, modules=(), limits=limits)
        dispatch(plan, actor=operator)
        dispatch(ChangePlan(tenant_id=acme.id, plan="small", reason="It is small."), actor=operator)
        self.expect(server, {"key": KEY, "value": True, "variant": "on", "reason": "STATIC"})
        with declared(entitlement="fixed-assets") as flag, activate(acme):
            assert flags.evaluation(flag)[::2][:2] == (False, "NOT_ENTITLED")
