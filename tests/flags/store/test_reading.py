"""Evaluation of flags for the current tenant and actor."""

import datetime as dt
import logging

import pytest
from django.db import connections, transaction

from apps.billing.commands import ChangePlan, DefinePlan, PlanLimit
from apps.bus import dispatch
from apps.companies.commands import FoundCompany
from apps.flags import queries as flags
from apps.flags import testing
from apps.flags.commands import DisableFeatures, EnableFeatures
from apps.flags.queries import contexts
from apps.flags.store import counts, served, tenants
from apps.identity.commands import ChangeRoles
from apps.kernel import features
from apps.kernel.actors import System, acting_as
from apps.kernel.clock import now
from apps.kernel.limits import LIMITS, UNLIMITED
from apps.kernel.observability.logs import current_request
from apps.kernel.tenant import activate
from tests.support.served_flags import KEY, declared, document, kill, narrow, serve

pytestmark = pytest.mark.django_db


@pytest.fixture
def flag(db):
    with declared() as declaration:
        served.SERVED.forget()
        yield declaration
    served.SERVED.forget()


def reason(key=KEY, **attributes):
    return flags.evaluation(key, **attributes).reason


def test_a_declared_flag_serves_its_default_until_a_revision_is_published(flag):
    assert flags.is_on(flag) is False
    assert flags.evaluation(flag).reason == "DEFAULT"

    revision = serve(document())

    assert flags.evaluation(flag)[:3] == (True, "on", "DEFAULT")
    assert flags.evaluation(flag).revision == revision.pk


def test_a_retired_flag_serves_its_declared_default(flag):
    serve(document())
    serve(None)

    assert flags.evaluation(flag)[:3] == (False, "off", "DEFAULT")


class TestClosedFlags:
    """A flag whose default is on, and that is closed, stays closed whatever happens to its revisions."""

    @pytest.fixture(params=["dated", "retired", "none"])
    def revisions(self, request, db):
        with declared(default=True, entitlement="payroll"):
            if request.param == "dated":
                serve(document(entitlement="payroll"), effective_at=now() + dt.timedelta(days=1))
            if request.param == "retired":
                serve(document(entitlement="payroll"))
                serve(None)
            served.SERVED.forget()
            yield
        served.SERVED.forget()

    def test_a_kill_holds(self, revisions, acme):
        kill()

        with activate(acme):
            assert flags.evaluation(KEY)[::2][:2] == (False, "KILLED")
            assert not flags.is_open(KEY)

    def test_the_environment_holds(self, revisions, settings, acme):
        settings.FEATURE_FLAGS = {"sales-new-order-screen": False}

        with activate(acme):
            assert reason() == "DISABLED_BY_ENVIRONMENT"
            assert not flags.is_open(KEY)

    def test_the_plan_holds(self, revisions, acme, operator):
        limits = tuple(PlanLimit(name, UNLIMITED) for name in LIMITS)
        small = DefinePlan(code="small", name="Small", level=1, modules=(), limits=limits)
        dispatch(small, actor=operator)
        dispatch(ChangePlan(tenant_id=acme.id, plan="small", reason="It is small."), actor=operator)

        with activate(acme):
            assert reason() == "NOT_ENTITLED"
            assert not flags.is_open(KEY)

    def test_a_suspension_holds(self, revisions, acme):
        with activate(acme):
            dispatch(DisableFeatures(reason="It is suspended."), actor=System("A test"))

            assert reason() == "NARROWED_BY_TENANT"
            assert not flags.is_open(KEY)


def test_a_killed_flag_of_no_app_is_off_also_when_it_is_retired(db):
    serve(document())
    kill()
    serve(None)

    assert flags.rule_set().evaluate(KEY, True, {})[:3] == (False, None, "KILLED")


def test_an_unknown_flag_is_off(db):
    assert flags.is_on("no.such-flag") is False
    assert reason("no.such-flag") == "UNKNOWN_FLAG"


def test_a_revision_of_the_future_is_not_served_yet(flag):
    serve(document(), effective_at=now() + dt.timedelta(days=1))

    assert flags.is_on(flag) is False
    assert not flags.explain(KEY).evaluation.value


def test_a_past_instant_is_replayed_by_its_revisions_and_kills(flag):
    serve(document())
    before_the_kill = now()
    kill()

    assert reason() == "KILLED"
    assert flags.explain(KEY, as_of=before_the_kill).evaluation.value is True
    assert flags.explain(KEY, as_of=now()).evaluation.reason == "KILLED"


def test_a_past_instant_of_a_tenant_has_its_overrides_and_kills(flag, acme):
    serve(document())
    with activate(acme):
        before = now()
        narrow(enabled=False)
        narrowed = now()
        narrow(enabled=True)
        widened = now()
        kill()

        reasons = [
            flags.explain(KEY, as_of=at).evaluation.reason for at in (before, narrowed, widened, now())
        ]

    assert reasons == ["DEFAULT", "NARROWED_BY_TENANT", "DEFAULT", "NARROWED_BY_TENANT"]


def test_the_address_of_a_request_is_an_attribute(flag, rf):
    rule = {
        "name": "office",
        "when": {"attribute": "ip", "op": "cidr", "values": ["10.1.0.0/16"]},
        "serve": "on",
    }
    serve(document(default_variant="off", rules=[rule]))
    assert flags.is_on(flag) is False

    for address, expected in (("10.1.2.3", True), ("10.2.2.3", False)):
        token = current_request.set(rf.get("/", REMOTE_ADDR=address))
        try:
            assert flags.is_on(flag) is flags.is_open(KEY) is expected
        finally:
            current_request.reset(token)
    assert "ip" not in flags.context_of(None)


def test_lower_layers_read_the_same_value(flag):
    serve(document())

    assert features.is_on(flag) is flags.is_on(flag) is True


def test_two_tenants_with_the_same_keys_and_ids_have_values_of_their_own(flag, acme, globex):
    """Both have an override with the same id and key."""
    serve(document())
    with activate(acme):
        narrow(enabled=False)
    with activate(globex):
        narrow(enabled=True)

    for tenant, expected in ((acme, False), (globex, True), (None, True), (acme, False)):
        with activate(tenant):
            assert flags.is_on(flag) is expected


def test_a_kill_of_a_tenant_is_its_own(flag, acme, globex):
    serve(document())
    with activate(acme):
        kill()

    with activate(acme):
        assert flags.is_on(flag) is False
    with activate(globex):
        assert flags.is_on(flag) is True


def test_a_tenant_never_revives_what_the_platform_killed(flag, acme):
    serve(document())
    with activate(acme):
        narrow(enabled=True)
    kill()

    with activate(acme):
        assert reason() == "KILLED"


def test_the_environment_closes_a_flag(flag, settings):
    serve(document())
    assert flags.is_on(flag)

    settings.FEATURE_FLAGS = {"sales-new-order-screen": False}

    assert reason() == "DISABLED_BY_ENVIRONMENT"


def test_roles_are_those_of_the_actor(flag, acme, owner, auditor):
    serve(document(roles=["auditor"]))

    with activate(acme):
        for actor, expected in ((auditor, True), (owner, False), (System("Beat"), True)):
            with acting_as(actor):
                assert flags.is_on(flag) is expected


def test_a_change_of_roles_is_visible_at_once(flag, acme, owner, auditor):
    """https://github.com/django-waffle/django-waffle/issues/298: a change of membership left the cache as it was."""
    serve(document(roles=["controller"]))

    with activate(acme):
        with acting_as(auditor):
            assert reason() == "ROLE_MISSING"
        dispatch(ChangeRoles(user_id=auditor.pk, roles=("controller",)), actor=owner)
        with acting_as(auditor):
            assert flags.is_on(flag) is True


def test_a_change_of_a_segment_is_visible_at_once(flag, acme):
    serve({"format": 1, "key": "testers", "when": _tenant(0)}, "testers", kind="segment")
    serve(
        document(default_variant="off", rules=[{"name": "t", "when": {"segment": "testers"}, "serve": "on"}])
    )
    with activate(acme):
        assert flags.is_on(flag) is False

    serve({"format": 1, "key": "testers", "when": _tenant(acme.id)}, "testers", kind="segment")

    with activate(acme):
        assert flags.is_on(flag) is True


def _tenant(tenant_id):
    return {"attribute": "tenant", "op": "in", "values": [str(tenant_id)]}


class TestPlans:
    """The plan of a tenant is the ceiling."""

    @pytest.fixture
    def subscribe(self, acme, operator):
        def put(**limits):
            plan = DefinePlan(
                code="small",
                name="Small",
                level=1,
                modules=limits.pop("modules", ()),
                limits=tuple(PlanLimit(name, limits.get(name, UNLIMITED)) for name in LIMITS),
            )
            dispatch(plan, actor=operator)
            dispatch(ChangePlan(tenant_id=acme.id, plan="small", reason="It is small."), actor=operator)

        return put

    def test_a_downgrade_closes_a_flag_of_a_module(self, flag, acme, subscribe, monkeypatch):
        serve(document(entitlement="payroll"))
        with activate(acme):
            assert flags.is_on(flag) is True

        subscribe()

        with activate(acme):
            assert reason() == "NOT_ENTITLED"

    def test_a_flag_of_a_limit_is_off_when_the_limit_is_reached(self, flag, acme, owner, subscribe):
        name = "companies.companies"
        serve(document(entitlement=name))
        with activate(acme):
            used = LIMITS[name].count()
        subscribe(**{name: used + 1})
        with activate(acme):
            assert flags.is_on(flag) is True

        subscribe(**{name: used})

        with activate(acme):
            assert reason() == "LIMIT_REACHED"

    def test_the_last_one_that_a_limit_allows_closes_its_flag_at_once(
        self, flag, acme, owner, operator, subscribe
    ):
        name = "companies.companies"
        serve(document(entitlement=name))
        with activate(acme):
            used = LIMITS[name].count()
        subscribe(**{name: used + 1})
        with activate(acme):
            assert flags.is_on(flag) is True
            dispatch(FoundCompany(code="MILL", name="Mill", currency="EUR"), actor=owner)
            assert reason() == "LIMIT_REACHED"


def test_disabled_features_of_a_tenant_are_all_off(flag, acme, globex):
    serve(document())
    with activate(acme):
        dispatch(DisableFeatures(reason="It is suspended."), actor=System("A test"))
        assert flags.is_on(flag) is False
        dispatch(EnableFeatures(reason="It is active."), actor=System("A test"))
        assert flags.is_on(flag) is True


class TestTransactions:
    """A change is visible at its commit, in every process, and never before."""

    def test_a_change_that_is_rolled_back_is_never_served(self, flag):
        """As of https://github.com/django-waffle/django-waffle/issues/296: the cache had the value of a transaction."""
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            serve(document())
            assert flags.is_on(flag) is True  # inside, the transaction sees its own change
            raise ZeroDivisionError

        assert flags.is_on(flag) is False

    def test_another_reader_has_the_earlier_value_before_the_commit(self, flag, acme):
        with transaction.atomic():
            serve(document())
            assert _in_another_thread(lambda: flags.is_on(flag)) is False
        assert _in_another_thread(lambda: flags.is_on(flag)) is True


def _in_another_thread(work):
    from concurrent.futures import ThreadPoolExecutor

    def run():
        with activate(None):
            try:
                return work()
            finally:
                connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()


class TestFailures:
    def test_a_failure_returns_the_default_is_logged_and_counted(self, flag, monkeypatch, caplog):
        monkeypatch.setattr(tenants, "layer", None)
        monkeypatch.setattr(served.SERVED, "_load", lambda: 1 / 0)
        served.SERVED.forget()
        before = counts.TALLY.errors

        with caplog.at_level(logging.ERROR, logger="bursar.flags"):
            evaluation = flags.evaluation(flag)

        assert evaluation == (False, None, "ERROR", None, 0)
        assert counts.TALLY.errors == before + 1
        assert KEY in caplog.text

    @pytest.mark.parametrize("broken", ["context", "tenant", "rules"])
    def test_a_failure_opens_no_closed_flag_and_raises_nothing(self, acme, monkeypatch, settings, broken):
        with (
            declared(default=True),
            declared("sales.other", default=True),
            declared("sales.third", default=True),
        ):
            served.SERVED.forget()
            kill()
            settings.FEATURE_FLAGS = {"sales-other": False}
            assert flags.is_on("sales.third")  # the platform's rules are in memory
            if broken == "context":
                monkeypatch.setattr(contexts, "_of_tenant", lambda: 1 / 0)
            elif broken == "tenant":
                monkeypatch.setattr(tenants.cached, "load", lambda key: 1 / 0)
                monkeypatch.setattr(tenants.cached, "get", lambda key: 1 / 0)
            else:
                monkeypatch.setattr(served.SERVED, "_load", lambda: 1 / 0)
            with activate(acme):
                results = [(flags.evaluation(key).value, flags.is_open(key)) for key in (KEY, "sales.other")]
                open_one = flags.evaluation("sales.third")

        assert results == [(False, False), (False, False)]
        assert open_one[::2][:2] == (True, "ERROR")

    def test_the_environment_holds_before_anything_was_loaded(self, monkeypatch, settings):
        settings.FEATURE_FLAGS = {"sales-new-order-screen": False}
        monkeypatch.setattr(served.SERVED, "_load", lambda: 1 / 0)
        with declared(default=True):
            served.SERVED.forget()
            assert flags.is_on(KEY) is False
            assert flags.is_open(KEY) is False

    def test_a_full_memory_forgets_one_tenant(self, flag, acme, globex, monkeypatch):
        monkeypatch.setattr(served, "MAX_TENANTS", 2)
        for tenant in (None, acme, globex):
            with activate(tenant):
                flags.is_on(flag)

        assert served.SERVED.epoch_of(globex) is not None
        assert sum(served.SERVED.epoch_of(tenant) is not None for tenant in (None, acme)) == 1

    def test_rules_in_memory_are_served_while_the_database_fails(self, flag, monkeypatch):
        serve(document())
        assert flags.is_on(flag)

        monkeypatch.setattr(served.SERVED, "_load", lambda: 1 / 0)
        monkeypatch.setattr(served.time, "monotonic", lambda: 1e12)

        assert flags.is_on(flag) is True


class TestOverrides:
    """`with flags.override(…)` in tests."""

    def test_overrides_nest_and_end(self, flag):
        with testing.override(flag, True):
            with testing.override(flag, False):
                assert flags.is_on(flag) is False
            assert flags.evaluation(flag)[::2][:2] == (True, "OVERRIDDEN")
            assert flags.evaluate_all()[KEY].value is True
        assert flags.is_on(flag) is False

    def test_a_value_of_another_type_is_refused(self, flag):
        with pytest.raises(TypeError, match="boolean"), testing.override(flag, "yes"):
            pass
