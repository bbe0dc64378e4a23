"""Migration of all schemas: one plan, a canary first, and failures that do not stop the other schemas."""

from __future__ import annotations

import json
import re
import subprocess
import threading

import psycopg
import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import IntegrityError, connections
from django.test.utils import CaptureQueriesContext

from apps.bus import dispatch
from apps.kernel.tenant import activate
from apps.schema_migrations import rollout
from apps.schema_migrations.discovery import MIGRATED_KINDS, Kind, discover
from apps.schema_migrations.errors import (
    MigrationInProgress,
    SchemaNotMigrated,
    SchemasNotTried,
    TemplateLacksMigrations,
    TenantsUnknown,
)
from apps.schema_migrations.executor import apply
from apps.schema_migrations.options import MigrationOptions
from apps.schema_migrations.planning import Plan
from apps.schema_migrations.result import must_have_succeeded
from apps.schema_migrations.running import migrate_tenants
from apps.schema_migrations.schema_locks import LockPolicy
from apps.tenancy import provisioning, tenant_schemas
from apps.tenancy.commands import CreateTenant
from apps.tenancy.models import SchemaMigration, Spare, Tenant
from apps.tenancy.provisioning import TEMPLATE
from tests.support.database import SPARES
from tests.support.temporary_migrations import add

pytestmark = pytest.mark.exhaustive("each test migrates all schemas", one_in=3)

State = SchemaMigration.State
SCHEMA_COUNT = SPARES + 2
QUICK = LockPolicy(lock_timeout_ms=50, attempts=2, first_pause_s=0.01)

FAILS = """
FAILING_SLUGS = {slugs}

def run(apps, editor):
    if current_tenant().slug in FAILING_SLUGS:
        raise {error}
"""


def fails_at(*slugs: str, error: str = "ValueError('no such luck')") -> dict[str, str]:
    return {"before": FAILS.format(slugs=slugs, error=error)}


RUN = "migrations.RunPython(run)"


def migrate_template() -> None:
    provisioning.migrate_template(lambda message: None)


def columns(column: str) -> set[str]:
    """The schemas with a table that has the column."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT table_schema::text FROM information_schema.columns WHERE column_name = %s", [column]
        )
        return {schema for (schema,) in cursor.fetchall()}


def recorded(tenant, name: str) -> int:
    with activate(tenant), connections["owner"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_migrations WHERE name = %s", [name])
        count: int = cursor.fetchone()[0]
        return count


def migrated_schemas() -> set[str]:
    return {schema.name for schema in discover() if schema.kind in MIGRATED_KINDS}


@pytest.mark.physical_copy
def test_all_schemas_are_migrated(acme, globex, make_migration):
    name = make_migration("paint", add("colour", null="True"))
    migrate_template()

    result = migrate_tenants()

    assert columns("colour") == migrated_schemas() | {TEMPLATE.schema}
    assert recorded(acme, name) == recorded(globex, name) == 1
    assert {tuple(outcome.applied) for outcome in result.migrated} == {(f"ledger.{name}",)}
    assert len(result.migrated) == SCHEMA_COUNT


@pytest.mark.physical_copy
def test_fingerprints_and_outcomes_are_recorded(acme, make_migration):
    name = make_migration("paint", add("colour", null="True"))
    migrate_template()

    migrate_tenants()

    assert {schema.recorded_fingerprint for schema in discover() if schema.kind in MIGRATED_KINDS} == {
        schema.fingerprint for schema in discover() if schema.kind is Kind.TEMPLATE
    }
    rows = SchemaMigration.objects.all()
    assert {row.schema_name for row in rows} == set(Tenant.objects.values_list("schema_name", flat=True))
    assert {(row.state, row.migration) for row in rows} == {(State.DONE, f"ledger.{name}")}


@pytest.mark.physical_copy
def test_a_migrated_spare_can_be_claimed(operator, make_migration):
    make_migration("paint", add("colour", null="True"))
    migrate_template()
    migrate_tenants()

    tenant = dispatch(CreateTenant(slug="initech", name="I", owner_email="o@i.example"), actor=operator)

    assert Spare.objects.count() == SPARES - 1
    assert tenant.schema_name in columns("colour")


@pytest.mark.physical_copy
def test_an_up_to_date_run_needs_a_constant_number_of_queries(db):
    with CaptureQueriesContext(connections["owner"]) as few:
        result = migrate_tenants()
    tenant_schemas.refill(SPARES + 5)
    with CaptureQueriesContext(connections["owner"]) as more:
        migrate_tenants()

    assert (result.up_to_date, result.outcomes) == (SCHEMA_COUNT, [])
    assert len(few) == len(more)


@pytest.mark.physical_copy
def test_after_a_failed_canary_no_other_schema_is_tried(acme, globex, make_migration):
    make_migration("fail", RUN, add("colour", null="True"), **fails_at("acme"))
    migrate_template()

    result = migrate_tenants()

    assert columns("colour") == {TEMPLATE.schema}
    with pytest.raises(Exception, match="no such luck") as refused:
        must_have_succeeded(result)
    assert [type(refusal) for refusal in refused.value.refusals] == [SchemaNotMigrated, SchemasNotTried]
    assert f"{SPARES + 1} more were not tried, since the canary acme failed" in str(refused.value)
    assert SchemaMigration.objects.get(schema_name=globex.schema).state == State.WAITING


@pytest.mark.physical_copy
def test_the_canary_can_be_chosen(globex, make_migration):
    make_migration("fail", RUN, add("colour", null="True"), **fails_at("globex"))
    migrate_template()

    migrate_tenants(MigrationOptions(canary="globex"))

    assert columns("colour") == {TEMPLATE.schema}


@pytest.mark.physical_copy
def test_a_later_failure_does_not_stop_the_other_schemas(acme, globex, make_migration):
    name = make_migration("fail", RUN, add("colour", null="True"), **fails_at("globex"))
    migrate_template()

    result = migrate_tenants()

    assert columns("colour") == migrated_schemas() - {globex.schema} | {TEMPLATE.schema}
    assert [outcome.schema.slug for outcome in result.failed] == ["globex"]
    row = SchemaMigration.objects.get(schema_name=globex.schema)
    assert (row.state, row.migration, row.error) == (
        State.FAILED,
        f"ledger.{name}",
        "ValueError: no such luck",
    )


@pytest.mark.physical_copy
def test_the_next_run_retries_only_failed_schemas(acme, globex, make_migration):
    make_migration("paint", add("colour", null="True"))
    failing = make_migration("fail", RUN, add("shape", null="True"), **fails_at("globex"))
    migrate_template()
    migrate_tenants()

    make_migration.write(
        failing, (make_migration.folder / f"{failing}.py").read_text().replace("('globex',)", "()")
    )
    result = migrate_tenants()

    assert [(outcome.schema.slug, outcome.applied) for outcome in result.outcomes] == [
        ("globex", [f"ledger.{failing}"])
    ]
    assert columns("shape") == columns("colour") == migrated_schemas() | {TEMPLATE.schema}


@pytest.mark.physical_copy
def test_an_interrupted_run_is_resumed_by_the_next(globex, make_migration):
    failing = make_migration(
        "stop", RUN, add("colour", null="True"), **fails_at("globex", error="KeyboardInterrupt")
    )
    migrate_template()
    with pytest.raises(KeyboardInterrupt):
        migrate_tenants(MigrationOptions(workers=1))

    make_migration.write(
        failing, (make_migration.folder / f"{failing}.py").read_text().replace("('globex',)", "()")
    )
    migrate_tenants()

    assert columns("colour") == migrated_schemas() | {TEMPLATE.schema}


def test_an_unrecorded_fingerprint_is_recorded_by_the_next_run(acme, make_migration):
    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE tenancy_tenant SET fingerprint = 'of yesterday' WHERE slug = 'acme'")

    result = migrate_tenants()

    assert [(outcome.schema.slug, outcome.applied) for outcome in result.outcomes] == [("acme", [])]
    assert Tenant.objects.get(slug="acme").fingerprint == Tenant.objects.get(slug="globex").fingerprint


@pytest.mark.physical_copy
def test_a_locked_table_is_retried(acme, make_migration):
    make_migration("paint", add("colour", null="True"))
    migrate_template()
    with locked(acme, "ledger_journal") as other_session:
        threading.Timer(0.4, other_session.release).start()
        result = migrate_tenants(
            MigrationOptions(lock_policy=LockPolicy(lock_timeout_ms=50, attempts=8, first_pause_s=0.05))
        )

    assert result.failed == []
    assert columns("colour") == migrated_schemas() | {TEMPLATE.schema}


@pytest.mark.physical_copy
def test_a_table_that_stays_locked_fails_and_changes_nothing(globex, make_migration):
    make_migration("paint", add("colour", null="True"))
    migrate_template()

    with locked(globex, "ledger_journal"):
        result = migrate_tenants(MigrationOptions(lock_policy=QUICK))

    assert [outcome.schema.slug for outcome in result.failed] == ["globex"]
    assert "lock timeout" in result.failed[0].error
    assert globex.schema not in columns("colour")


class locked:  # noqa: N801 - reads as a sentence
    """Another session holds a lock on the tenant's table."""

    def __init__(self, tenant, table: str) -> None:
        self.statement = f'LOCK TABLE "{tenant.schema}".{table} IN ACCESS SHARE MODE'

    def __enter__(self) -> locked:
        self.connection = psycopg.connect(
            **connections["owner"].get_connection_params() | {"cursor_factory": None}
        )
        self.connection.execute(self.statement)
        return self

    def __exit__(self, *_) -> None:
        self.connection.close()

    def release(self) -> None:
        self.connection.rollback()


@pytest.mark.physical_copy
def test_workers_do_not_share_mutable_operation_state(db, make_migration):
    """Some operations of Django set a default on the field temporarily."""
    make_migration(
        "paint",
        'Paint("journal", "colour", models.CharField(max_length=9, default="red"), preserve_default=False)',
        before="""
import time

class Paint(migrations.AddField):
    def database_forwards(self, app, editor, before, after):
        field = after.apps.get_model(app, "journal")._meta.get_field("colour")
        assert not hasattr(field, "in_use"), "another worker uses it"
        field.in_use = True
        time.sleep(0.05)
        super().database_forwards(app, editor, before, after)
        del field.in_use
""",
    )
    migrate_template()

    result = migrate_tenants(MigrationOptions(workers=4))

    assert result.failed == []
    assert len(result.migrated) == SCHEMA_COUNT


@pytest.mark.physical_copy
def test_run_python_sees_the_rows_of_the_current_tenant(acme, globex, make_migration):
    make_migration(
        "name",
        add("colour", null="True"),
        "migrations.RunPython(run)",
        before="""
def run(apps, editor):
    Journal = apps.get_model("ledger", "Journal")
    Journal.objects.using(editor.connection.alias).create(code=current_tenant().slug[:9], name="x", colour="red")
    # A related model refers to the new version of the model.
    assert apps.get_model("ledger", "Entry")._meta.get_field("journal").related_model is Journal
""",
    )
    migrate_template()

    result = migrate_tenants()

    assert result.failed == []
    for tenant in (acme, globex):
        with activate(tenant), connections["owner"].cursor() as cursor:
            cursor.execute("SELECT code FROM ledger_journal WHERE colour = 'red'")
            assert cursor.fetchall() == [(tenant.slug,)]


INDEX = 'AddIndexConcurrently("journal", models.Index(fields=["name"], name="by_name"))'


@pytest.mark.physical_copy
def test_a_non_atomic_migration_is_applied_to_all(acme, make_migration):
    name = make_migration("index", INDEX, add("colour", null="True"), atomic="False")
    migrate_template()

    result = migrate_tenants()

    assert result.failed == []
    assert recorded(acme, name) == 1
    assert indexes("by_name") == {True: len(migrated_schemas()) + 1}


@pytest.mark.physical_copy
def test_a_failed_non_atomic_migration_resumes_after_its_last_operation(acme, globex, make_migration):
    failing = make_migration(
        "index", INDEX, RUN, add("colour", null="True"), atomic="False", **fails_at("globex")
    )
    migrate_template()
    migrate_tenants()
    row = SchemaMigration.objects.get(schema_name=globex.schema)
    assert (row.migration, row.operation_count) == (f"ledger.{failing}", 1)

    make_migration.write(
        failing, (make_migration.folder / f"{failing}.py").read_text().replace("('globex',)", "()")
    )
    result = migrate_tenants()

    assert result.failed == []
    assert columns("colour") == migrated_schemas() | {TEMPLATE.schema}


@pytest.mark.physical_copy
def test_an_invalid_index_is_dropped_and_rebuilt(acme, globex, make_migration):
    make_migration("index", INDEX, atomic="False")
    migrate_template()
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {globex.schema}.ledger_journal (code, name) VALUES ('A', 'X'), ('B', 'X')"
        )
        with pytest.raises(IntegrityError):
            cursor.execute(
                f"CREATE UNIQUE INDEX CONCURRENTLY by_name ON {globex.schema}.ledger_journal (name)"
            )

    result = migrate_tenants()

    assert result.failed == []
    assert indexes("by_name") == {True: len(migrated_schemas()) + 1}


def indexes(name: str) -> dict[bool, int]:
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT indisvalid, count(*) FROM pg_index JOIN pg_class ON indexrelid = pg_class.oid"
            " WHERE relname = %s GROUP BY 1",
            [name],
        )
        return dict(cursor.fetchall())


@pytest.mark.physical_copy
def test_sql_and_state_operations_are_combined(acme, make_migration):
    make_migration(
        "raw",
        'migrations.RunSQL("ALTER TABLE ledger_journal ADD colour text",'
        ' state_operations=[migrations.AddField("journal", "colour", models.TextField(null=True))])',
        'migrations.SeparateDatabaseAndState(state_operations=[migrations.AlterField("journal", "colour",'
        " models.TextField(null=True, blank=True))])",
        'migrations.RenameField("journal", "colour", "hue")',
    )
    migrate_template()

    migrate_tenants()

    assert columns("hue") == migrated_schemas() | {TEMPLATE.schema}


def squash(make_migration, first: str, second: str) -> str:
    name = f"{first}_squashed_{second}"
    page = (make_migration.folder / f"{first}.py").read_text()
    both = page.replace("operations = [", f"operations = [{add('shape', null='True')},")
    make_migration.write(
        name,
        both.replace(
            "    operations",
            f'    replaces = [("ledger", "{first}"), ("ledger", "{second}")]\n    operations',
            1,
        ),
    )
    return name


@pytest.mark.physical_copy
def test_a_squashed_migration_is_recorded_where_the_replaced_ones_are_applied(acme, globex, make_migration):
    first = make_migration("paint", add("colour", null="True"))
    second = make_migration("shape", add("shape", null="True"))
    migrate_template()
    migrate_tenants()

    squashed = squash(make_migration, first, second)
    migrate_template()
    result = migrate_tenants()

    assert {tuple(outcome.applied) for outcome in result.migrated} == {()}
    assert recorded(acme, squashed) == recorded(globex, squashed) == 1
    assert migrate_tenants().up_to_date == SCHEMA_COUNT


@pytest.mark.physical_copy
def test_a_squashed_migration_is_applied_instead_of_the_replaced_ones(acme, make_migration):
    first = make_migration("paint", add("colour", null="True"))
    second = make_migration("shape", add("shape", null="True"))
    squashed = squash(make_migration, first, second)
    migrate_template()

    result = migrate_tenants()

    assert {tuple(outcome.applied) for outcome in result.migrated} == {(f"ledger.{squashed}",)}
    assert [recorded(acme, name) for name in (first, second, squashed)] == [1, 1, 1]
    assert columns("shape") == migrated_schemas() | {TEMPLATE.schema}


@pytest.mark.physical_copy
@pytest.mark.slow("migrates a schema three ways")
def test_a_migrated_schema_equals_one_by_django_and_one_from_the_blueprint(
    acme, globex, operator, make_migration
):
    make_migration(
        "much",
        'migrations.CreateModel("Crate", [("id", models.BigAutoField(primary_key=True)),'
        ' ("journal", models.ForeignKey("ledger.Journal", models.PROTECT)), ("code", models.SlugField(unique=True)),'
        ' ("tags", models.ManyToManyField("ledger.Account"))])',
        add("colour", default="'red'", db_index="True"),
        'migrations.AddConstraint("crate", models.CheckConstraint(name="crate_code", condition=~Q(code="")))',
        'migrations.RunSQL("CREATE FUNCTION crate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;'
        ' CREATE TRIGGER crate BEFORE UPDATE ON ledger_crate FOR EACH ROW EXECUTE FUNCTION crate()")',
    )
    make_migration("index", INDEX, atomic="False")

    migrate_template()
    provisioning.migrate_tenant(globex, lambda message: None)
    migrate_tenants()
    tenant_schemas.refill(SPARES + 1)
    fresh = Spare.objects.order_by("-id")[0]

    assert dump(acme.schema) == dump(globex.schema)
    assert dump(acme.schema) == dump(fresh.schema_name)
    assert rows(acme.schema) == rows(globex.schema) == rows(fresh.schema_name)


def dump(schema: str) -> list[str]:
    text = subprocess.run(
        [django_settings.PG_DUMP, "--schema", schema, "--schema-only"],
        env=provisioning._libpq_environment(),
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    text = re.sub(r"bursar_t_\d+_\d+", "its_role", text.replace(schema, "its_schema"))
    return [line for line in text.splitlines() if not line.startswith(("\\", "--"))]


def rows(schema: str) -> list[list[tuple[object, ...]]]:
    contents = []
    with connections["owner"].cursor() as cursor:
        for selection in (
            "app, name FROM {}.django_migrations",
            "* FROM {}.django_content_type",
            "* FROM {}.auth_permission",
        ):
            cursor.execute(f"SELECT {selection.format(schema)} ORDER BY 1, 2")
            contents.append(cursor.fetchall())
    return contents


@pytest.mark.physical_copy
def test_a_missing_schema_is_reported_and_public_tables_are_unchanged(acme, globex, make_migration):
    make_migration("fail", add("colour", model="account", null="True"))
    migrate_template()
    known = {schema.name: schema for schema in discover()}
    steps = Plan(known[globex.schema]).steps()
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"ALTER SCHEMA {globex.schema} RENAME TO elsewhere")

    gone = apply(known[globex.schema], steps, [], QUICK)
    result = migrate_tenants()

    assert (gone.error, gone.fingerprint) == ("", "")
    assert [outcome.error for outcome in result.failed] == [
        f"there is no schema {globex.schema} in the database home"
    ]
    assert "public" not in columns("colour")


@pytest.mark.physical_copy
def test_a_schema_missing_for_a_moment_is_migrated_in_a_later_pass(acme, globex, make_migration, monkeypatch):
    """As during a move to another database."""
    make_migration("paint", add("colour", null="True"))
    migrate_template()
    real, away = rollout.apply, []

    def meanwhile(schema, *rest):
        if schema.name != globex.schema or away:
            return real(schema, *rest)
        away.append(rename(globex.schema, "elsewhere"))
        outcome = real(schema, *rest)
        rename("elsewhere", globex.schema)
        return outcome

    monkeypatch.setattr(rollout, "apply", meanwhile)
    result = migrate_tenants(MigrationOptions(workers=1))

    assert away
    assert result.failed == []
    assert columns("colour") == migrated_schemas() | {TEMPLATE.schema}


def rename(schema: str, to: str) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"ALTER SCHEMA {schema} RENAME TO {to}")


@pytest.mark.physical_copy
def test_only_the_named_tenants_are_migrated(acme, globex, make_migration):
    make_migration("paint", add("colour", null="True"))
    migrate_template()

    migrate_tenants(MigrationOptions(only=["globex"]))

    assert columns("colour") == {globex.schema, TEMPLATE.schema}
    with pytest.raises(TenantsUnknown, match="initech"):
        migrate_tenants(MigrationOptions(only=["globex", "initech"]))


def test_an_outdated_template_is_refused(acme, make_migration):
    make_migration("paint", add("colour", null="True"))

    with pytest.raises(TemplateLacksMigrations, match="9001_paint"):
        migrate_tenants()


def test_a_second_concurrent_run_is_refused(db):
    with connections["relay"].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended('migrations', 0))")

        with pytest.raises(MigrationInProgress):
            migrate_tenants()

        cursor.execute("SELECT pg_advisory_unlock(hashtextextended('migrations', 0))")


def test_a_dry_run_of_the_command_lists_the_plan(acme, globex, make_migration, capsys):
    name = make_migration("paint", add("colour", null="True"))

    call_command("migrate_schemas", dry_run=True)
    text = capsys.readouterr().out
    call_command("migrate_tenants", dry_run=True, json=True)
    output = json.loads(capsys.readouterr().out)

    assert f"ledger.{name}\n    Add field colour to journal" in text
    assert text.splitlines()[0].startswith("acme, globex, ")
    assert columns("colour") == set()
    (group,) = output["plan"]
    assert group["migrations"] == [f"ledger.{name}"]
    assert {schema["schema"] for schema in group["schemas"]} == migrated_schemas()


@pytest.mark.physical_copy
def test_the_command_migrates_template_and_tenants(acme, make_migration, capsys):
    make_migration("paint", add("colour", null="True"))

    call_command("migrate", json=True)

    output = json.loads(capsys.readouterr().out)
    assert {schema["schema"] for schema in output["migrated"]} == migrated_schemas()
    assert columns("colour") == migrated_schemas() | {TEMPLATE.schema}


def test_the_command_reports_failed_schemas(acme, globex, make_migration, capsys):
    name = make_migration("fail", RUN, **fails_at("globex"))

    with pytest.raises(SystemExit) as ended:
        call_command("migrate_schemas")

    assert ended.value.code == 3
    errors = capsys.readouterr().err
    assert f"tenancy.schema_not_migrated: globex at ledger.{name}: ValueError: no such luck" in errors
    assert f"1 tenant and {SPARES} spares migrated" in errors
