"""Onboarding of a tenant."""

import contextlib
import datetime as dt
import threading
from dataclasses import replace

import pytest
from django.db import connection, connections

from apps.audit.models import Record
from apps.billing.commands import DefinePlan, RetirePlan
from apps.bus import dispatch, dry_run
from apps.bus.errors import PermissionDenied
from apps.companies.models import Company
from apps.identity.models import Invitation, User
from apps.kernel import clock
from apps.kernel.errors import Refusal, SeveralRefusals
from apps.kernel.tenant import activate
from apps.ledger.models import Journal
from apps.operations.commands import OnboardTenant
from apps.operations.errors import SagaRequestConflict
from apps.operations.sagas.onboarding import ONBOARDING
from apps.periods.models import Period
from apps.sagas import claims
from apps.sagas.models import LogEntry, Run
from apps.tenancy import directory
from apps.tenancy.errors import SlugTaken
from apps.tenancy.hooks import Contribution, set_up
from apps.tenancy.models import Domain, Tenant
from apps.tenancy.numbering import committed
from tests.support.failpoints import MAX_STRIDE, Killed, armed, crash_everywhere
from tests.support.plans import UNLIMITED
from tests.support.settling import settle
from tests.support.shards import settings_of

INITECH = OnboardTenant(
    slug="initech", name="Initech", owner_email="bill@initech.example", owner_name="Bill", currency="EUR"
)


@pytest.mark.physical_copy
def test_a_new_tenant_is_ready_to_use(operator):
    tenant = dispatch(INITECH, actor=operator)

    assert tenant.state == "active"
    assert Domain.objects.get(tenant=tenant).domain == "initech.localhost"
    assert directory.by_slug("initech") == tenant.info
    with activate(tenant.info):
        assert Company.objects.get().currency == "EUR"
        assert Period.objects.count() == 12
        assert Period.objects.order_by("starts_on").first().starts_on.year == clock.today().year
        assert Journal.objects.exists()
        invitation = Invitation.objects.get()
        assert (invitation.name, invitation.role, invitation.state) == ("Bill", "owner", "invited")
        assert not User.objects.exists()


@pytest.mark.physical_copy
def test_onboarding_is_audited_on_the_platform(operator):
    tenant = dispatch(INITECH, actor=operator)

    assert Record.objects.get(command="operations.onboard_tenant", request__slug="initech").outcome == "done"
    with activate(tenant.info):
        first = Record.objects.order_by("id").first()
        assert first.actor_name == f"Onboarding, started by {operator}"
        assert first.actor_id is None
        assert not Record.objects.filter(command__startswith="tenancy.").exists()


def test_a_dry_run_returns_all_refusals(operator):
    wrong = OnboardTenant(slug="Acme!", name=" ", owner_email="no-address", currency="XXQ")

    codes = [refusal.code for refusal in dry_run(wrong, actor=operator)]

    assert codes == [
        "operations.name_missing",
        "kernel.currency_unknown",
        "tenancy.slug_malformed",
        "identity.email_malformed",
    ]
    assert dry_run(INITECH, actor=operator) == ()
    assert Tenant.objects.count() == 2


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"plan": "nonesuch"}, "billing.plan_unknown"),
        ({"plan": "old"}, "billing.plan_not_offered"),
        ({"trial_days": -5}, "operations.trial_out_of_range"),
        ({"trial_days": 10**7}, "operations.trial_out_of_range"),
        ({"name": "x" * 121}, "operations.name_too_long"),
        ({"owner_name": "x" * 121}, "operations.name_too_long"),
        ({"region": "mars"}, "tenancy.no_database_has_capacity"),
    ],
)
def test_a_refusal_of_a_later_step_is_raised_before_the_run_starts(operator, more, code):
    dispatch(DefinePlan(code="old", name="Old", level=1, modules=(), limits=UNLIMITED), actor=operator)
    dispatch(RetirePlan(code="old"), actor=operator)

    wrong = replace(INITECH, **more)

    with settings_of(TENANT_DATABASE_STRATEGY="region"):
        assert [refusal.code for refusal in dry_run(wrong, actor=operator)] == [code]
        with pytest.raises(Refusal) as caught:
            dispatch(wrong, actor=operator)

    assert caught.value.code == code
    assert not runs().exists()


def test_a_taken_short_name_is_refused(operator):
    with pytest.raises(SlugTaken):
        dispatch(OnboardTenant(slug="acme", name="Another", owner_email="a@b.example"), actor=operator)


@pytest.mark.parametrize("slug", ["api", "public", "t", "x", "9lives", "a_b", "ends-", "ünder", "a" * 41])
def test_a_short_name_invalid_as_a_host_is_refused(operator, slug):
    with pytest.raises(Refusal) as caught:
        dispatch(OnboardTenant(slug=slug, name="X", owner_email="a@b.example"), actor=operator)

    assert caught.value.code in ("tenancy.slug_malformed", "tenancy.slug_reserved")


def test_onboarding_without_the_permission_is_refused(operator, db):
    clerk = User.objects.create(email="clerk@bursar.example", name="Clerk", joined_at=clock.now())

    with pytest.raises(PermissionDenied):
        dispatch(INITECH, actor=clerk)


@pytest.mark.physical_copy
@pytest.mark.parametrize("part", ["settings", "features", "structure", "people"])
def test_a_failed_step_removes_the_tenant_with_its_schema(operator, failing, part):
    failing(part, LookupError("step failed"))

    with pytest.raises(LookupError):
        dispatch(INITECH, actor=operator)

    assert not Tenant.objects.filter(slug="initech").exists()
    assert not Domain.objects.filter(domain__startswith="initech").exists()
    assert directory.by_slug("initech") is None
    assert [name for name in schemas() if name.startswith("tenant_")] == [
        tenant.schema_name for tenant in Tenant.objects.order_by("id")
    ]
    assert Record.objects.get(command="operations.onboard_tenant", outcome="failed")
    assert runs().get().state == "compensated"


@pytest.mark.physical_copy
def test_a_refusal_of_a_step_is_raised(operator, failing):
    failing("structure", SlugTaken(slug="initech"))

    with pytest.raises(SlugTaken):
        dispatch(INITECH, actor=operator)

    assert not Tenant.objects.filter(slug="initech").exists()


@pytest.mark.physical_copy
def test_onboarding_is_repeatable_after_a_failure(operator, failing):
    failing("people", LookupError("mail server unavailable"))
    with pytest.raises(LookupError):
        dispatch(INITECH, actor=operator)
    failing.mend()

    assert dispatch(INITECH, actor=operator).state == "active"
    assert list(runs().order_by("run_number").values_list("run_number", "state")) == [
        (1, "compensated"),
        (2, "done"),
    ]


@pytest.mark.physical_copy
@pytest.mark.exhaustive("a crash at every statement", inside=True)
def test_a_killed_onboarding_resumes_when_repeated(sample, operator, unlimited_retries):
    """A crash at each statement."""
    unlimited_retries(ONBOARDING)

    def onboard():
        with contextlib.suppress(SlugTaken):  # killed after the last step and before the response
            dispatch(INITECH, actor=operator)

    deaths = crash_everywhere(onboard, progress=committed_rows, stride=sample.stride(MAX_STRIDE))

    assert deaths > sample.at_least(100, MAX_STRIDE)
    assert_complete_tenant()


@pytest.fixture
def points(operator):
    """The number of failpoints in an onboarding."""
    with armed() as counted:
        dispatch(replace(INITECH, slug="counted"), actor=operator)
    return counted.passed


@pytest.mark.physical_copy
@pytest.mark.exhaustive("a kill at five points", by=())
@pytest.mark.parametrize("share", [0.2, 0.4, 0.6, 0.8, 0.9])
def test_workers_finish_a_killed_onboarding(operator, points, share):
    with pytest.raises(Killed), armed(int(points * share)):
        dispatch(INITECH, actor=operator)

    with clock.moved_to(clock.now() + dt.timedelta(minutes=1)):
        settle(impatient=True)

    assert_complete_tenant()


@pytest.mark.physical_copy
def test_onboarding_with_other_parameters_during_a_run_is_refused(operator, points):
    with pytest.raises(Killed), armed(points * 2 // 3):
        dispatch(INITECH, actor=operator)

    with pytest.raises(SagaRequestConflict):
        dispatch(replace(INITECH, currency="CHF"), actor=operator)


def runs():
    return Run.objects.filter(subject="tenant:initech")


def committed_rows():
    return LogEntry.objects.count(), Record.objects.filter(outcome="done").count(), len(schemas())


def assert_complete_tenant():
    tenant = Tenant.objects.get(slug="initech")
    run = runs().get()
    assert (tenant.state, run.state, run.progress) == ("active", "done", 100)
    assert [name for name in schemas() if name.startswith("tenant_")] == [
        tenant.schema_name for tenant in Tenant.objects.order_by("id")
    ]
    with activate(tenant.info):
        assert Company.objects.count() == Invitation.objects.count() == Journal.objects.count() == 1
        assert Period.objects.count() == 12
        done = Record.objects.filter(outcome="done").values_list("command", flat=True)
        assert len(done) == len(set(done)), "something was done twice"


@pytest.mark.physical_copy
def test_concurrent_onboardings_create_one_tenant(operator):
    """Each on a separate connection."""
    outcomes = at_once(4, operator)

    assert outcomes.count("active") == 1
    assert set(outcomes) <= {"active", "operations.saga_in_progress", "tenancy.slug_taken"}
    assert_complete_tenant()


@pytest.mark.physical_copy
@pytest.mark.exhaustive("a negative control that waits for a deadlock")
def test_control_without_the_lock_concurrent_onboardings_conflict(operator, monkeypatch):
    """The negative control: both run at the same time."""
    together = threading.Barrier(2)

    def first_part(new):
        together.wait(10)
        return ()

    monkeypatch.setattr(claims, "execution_lock", lambda run_id: contextlib.nullcontext(True))
    monkeypatch.setitem(set_up._by_part, "settings", [Contribution(first_part, 1, True)])

    outcomes = at_once(2, operator)

    assert sorted(outcomes) != ["active", "operations.saga_in_progress"]


def at_once(many, operator):
    outcomes = []

    @activate(None)
    def onboard():
        try:
            outcomes.append(dispatch(INITECH, actor=operator).state)
        except Refusal as refusal:
            outcomes.append(refusal.code)
        except Exception as error:
            outcomes.append(type(error).__name__)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=onboard) for _ in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@pytest.mark.physical_copy
def test_a_schema_from_the_blueprint_equals_one_from_migrations(operator):
    """Same tables, columns, constraints, triggers, functions and rights, compared as the database describes them."""
    tenant = dispatch(INITECH, actor=operator)

    copy, template = described(tenant.schema_name), described("bursar_template")
    assert template.pop("schema_rights") == [("None",)]
    assert copy.pop("schema_rights") == [
        (f"{{bursar_owner=UC/bursar_owner,{tenant.role_name}=U/bursar_owner}}",)
    ]
    assert copy == template
    assert template["columns"]


@pytest.mark.physical_copy
def test_ids_of_content_types_and_permissions_are_the_same_everywhere(operator, acme, globex):
    tenant = dispatch(INITECH, actor=operator)
    ids = {}
    for schema in ("public", "bursar_template", acme.schema, globex.schema, tenant.schema_name):
        with connections["owner"].cursor() as cursor:
            cursor.execute(f"SELECT id, app_label, model FROM {schema}.django_content_type ORDER BY id")
            types = tuple(cursor.fetchall())
            cursor.execute(f"SELECT id, codename, content_type_id FROM {schema}.auth_permission ORDER BY id")
            ids[schema] = types, tuple(cursor.fetchall())

    assert len(set(ids.values())) == 1
    types, permissions = ids["public"]
    assert {f"{app}.{model}": number for number, app, model in types} == committed()["content_types"]
    apps = {number: app for number, app, _ in types}
    assert {
        f"{apps[content_type]}.{name}": number for number, name, content_type in permissions
    } == committed()["permissions"]


def test_a_drop_of_an_active_tenant_is_refused(acme):
    from django.db import DatabaseError

    with pytest.raises(DatabaseError, match="neither being set up nor due"), connection.cursor() as cursor:
        cursor.execute("SELECT tenancy_drop(%s)", [acme.id])


def test_a_change_of_the_blueprint_by_the_runtime_role_is_refused(db):
    from django.db import DatabaseError

    with pytest.raises(DatabaseError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute("UPDATE tenancy_blueprint SET ddl = 'DROP SCHEMA public'")


def test_several_refusals_are_raised_together(operator):
    with pytest.raises(SeveralRefusals):
        dispatch(OnboardTenant(slug="!", name="", owner_email=""), actor=operator)


def schemas():
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace ORDER BY oid")
        return [name for (name,) in cursor.fetchall()]


DESCRIPTIONS = {
    "columns": """
        SELECT table_name, column_name, data_type, is_nullable, column_default, is_identity,
               row_number() OVER (PARTITION BY table_name ORDER BY ordinal_position)
        FROM information_schema.columns WHERE table_schema = %(schema)s ORDER BY 1, 7""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), condeferrable, condeferred
        FROM pg_constraint WHERE connamespace = %(schema)s::regnamespace AND contype <> 'n' ORDER BY 1, 2""",
    "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = %(schema)s ORDER BY 1",
    "triggers": """
        SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
        WHERE c.relnamespace = %(schema)s::regnamespace AND NOT tgisinternal ORDER BY 1""",
    "functions": """
        SELECT proname, prosrc, proconfig FROM pg_proc
        WHERE pronamespace = %(schema)s::regnamespace ORDER BY 1""",
    "rights": """
        SELECT relname, relkind, relacl::text FROM pg_class
        WHERE relnamespace = %(schema)s::regnamespace AND relkind IN ('r', 'S') ORDER BY 1""",
    "schema_rights": "SELECT nspacl::text FROM pg_namespace WHERE nspname = %(schema)s",
    "default_rights": """
        SELECT defaclobjtype, defaclacl::text FROM pg_default_acl
        WHERE defaclnamespace = %(schema)s::regnamespace ORDER BY 1""",
    "migrations": "SELECT app, name FROM {schema}.django_migrations ORDER BY 1, 2",
}


def described(schema):
    with connections["owner"].cursor() as cursor:
        descriptions = {}
        for kind, query in DESCRIPTIONS.items():
            cursor.execute(query.replace("{schema}", schema), {"schema": schema})
            descriptions[kind] = sorted(
                tuple(str(value).replace(f"{schema}.", "") for value in row) for row in cursor.fetchall()
            )
    return descriptions
