"""Every schema is brought to the code's migrations: planned once, one goes first, and nobody waits for who fails."""

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
from apps.tenancy import provisioning
from apps.tenancy.commands import CreateTenant
from apps.tenancy.migrating import running
from apps.tenancy.migrating.applying import Patience, apply
from apps.tenancy.migrating.errors import (
    MigratedByAnother,
    SchemaNotMigrated,
    SchemasLeftOut,
    TemplateLacksMigrations,
    TenantsAreUnknown,
)
from apps.tenancy.migrating.planning import Plan
from apps.tenancy.migrating.running import Wish, migrate_tenants, must_have_gone_well
from apps.tenancy.migrating.surveying import Kind, survey
from apps.tenancy.models import SchemaMigration, Spare, Tenant
from apps.tenancy.provisioning import TEMPLATE
from tests.support.database import SPARES
from tests.support.made_up import add

State = SchemaMigration.State
EVERYBODY = SPARES + 2
QUICK = Patience(lock_timeout=50, tries=2, first_pause=0.01)

FAILS = """
TROUBLE = {slugs}

def run(apps, editor):
    if current_tenant().slug in TROUBLE:
        raise {error}
"""


def fails_at(*slugs: str, error: str = "ValueError('no such luck')") -> dict[str, str]:
    return {"before": FAILS.format(slugs=slugs, error=error)}


RUN = "migrations.RunPython(run)"


def migrate_template() -> None:
    provisioning.migrate_template(lambda said: None)


def columns(column: str) -> set[str]:
    """The schemas of which some table has it."""
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


def theirs() -> set[str]:
    return {each.name for each in survey() if each.kind in running.THEIRS}


@pytest.mark.physical_copy
def test_all_are_brought_to_the_code(acme, globex, made_up):
    name = made_up("paint", add("colour", null="True"))
    migrate_template()

    result = migrate_tenants()

    assert columns("colour") == theirs() | {TEMPLATE.schema}
    assert recorded(acme, name) == recorded(globex, name) == 1
    assert {tuple(each.applied) for each in result.migrated} == {(f"ledger.{name}",)}
    assert len(result.migrated) == EVERYBODY


@pytest.mark.physical_copy
def test_the_directory_knows_what_they_have_now(acme, made_up):
    name = made_up("paint", add("colour", null="True"))
    migrate_template()

    migrate_tenants()

    assert {each.noted for each in survey() if each.kind in running.THEIRS} == {
        each.found for each in survey() if each.kind is Kind.TEMPLATE
    }
    rows = SchemaMigration.objects.all()
    assert {row.schema_name for row in rows} == set(Tenant.objects.values_list("schema_name", flat=True))
    assert {(row.state, row.migration) for row in rows} == {(State.DONE, f"ledger.{name}")}


@pytest.mark.physical_copy
def test_a_spare_can_be_claimed_again(operator, made_up):
    made_up("paint", add("colour", null="True"))
    migrate_template()
    migrate_tenants()

    tenant = dispatch(CreateTenant(slug="initech", name="I", owner_email="o@i.example"), actor=operator)

    assert Spare.objects.count() == SPARES - 1
    assert tenant.schema_name in columns("colour")


@pytest.mark.physical_copy
def test_what_stands_is_asked_for_once(db):
    with CaptureQueriesContext(connections["owner"]) as few:
        result = migrate_tenants()
    provisioning.refill(SPARES + 5)
    with CaptureQueriesContext(connections["owner"]) as more:
        migrate_tenants()

    assert (result.standing, result.outcomes) == (EVERYBODY, [])
    assert len(few) == len(more)


@pytest.mark.physical_copy
def test_who_goes_first_and_fails_goes_alone(acme, globex, made_up):
    made_up("fail", RUN, add("colour", null="True"), **fails_at("acme"))
    migrate_template()

    result = migrate_tenants()

    assert columns("colour") == {TEMPLATE.schema}
    with pytest.raises(Exception, match="no such luck") as refused:
        must_have_gone_well(result)
    assert [type(refusal) for refusal in refused.value.refusals] == [SchemaNotMigrated, SchemasLeftOut]
    assert f"{SPARES + 1} more were not tried, since acme went first" in str(refused.value)
    assert SchemaMigration.objects.get(schema_name=globex.schema).state == State.WAITING


@pytest.mark.physical_copy
def test_another_can_be_named_to_go_first(globex, made_up):
    made_up("fail", RUN, add("colour", null="True"), **fails_at("globex"))
    migrate_template()

    migrate_tenants(Wish(canary="globex"))

    assert columns("colour") == {TEMPLATE.schema}


@pytest.mark.physical_copy
def test_nobody_waits_for_who_fails_later(acme, globex, made_up):
    name = made_up("fail", RUN, add("colour", null="True"), **fails_at("globex"))
    migrate_template()

    result = migrate_tenants()

    assert columns("colour") == theirs() - {globex.schema} | {TEMPLATE.schema}
    assert [each.schema.slug for each in result.failed] == ["globex"]
    row = SchemaMigration.objects.get(schema_name=globex.schema)
    assert (row.state, row.migration, row.error) == (
        State.FAILED,
        f"ledger.{name}",
        "ValueError: no such luck",
    )


@pytest.mark.physical_copy
def test_another_run_tries_only_who_failed(acme, globex, made_up):
    made_up("paint", add("colour", null="True"))
    failing = made_up("fail", RUN, add("shape", null="True"), **fails_at("globex"))
    migrate_template()
    migrate_tenants()

    made_up.write(failing, (made_up.folder / f"{failing}.py").read_text().replace("('globex',)", "()"))
    result = migrate_tenants()

    assert [(outcome.schema.slug, outcome.applied) for outcome in result.outcomes] == [
        ("globex", [f"ledger.{failing}"])
    ]
    assert columns("shape") == columns("colour") == theirs() | {TEMPLATE.schema}


@pytest.mark.physical_copy
def test_an_interrupted_run_goes_on(globex, made_up):
    failing = made_up(
        "stop", RUN, add("colour", null="True"), **fails_at("globex", error="KeyboardInterrupt")
    )
    migrate_template()
    with pytest.raises(KeyboardInterrupt):
        migrate_tenants(Wish(workers=1))

    made_up.write(failing, (made_up.folder / f"{failing}.py").read_text().replace("('globex',)", "()"))
    migrate_tenants()

    assert columns("colour") == theirs() | {TEMPLATE.schema}


def test_what_was_done_and_not_noted_is_noted(acme, made_up):
    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE tenancy_tenant SET fingerprint = 'of yesterday' WHERE slug = 'acme'")

    result = migrate_tenants()

    assert [(outcome.schema.slug, outcome.applied) for outcome in result.outcomes] == [("acme", [])]
    assert Tenant.objects.get(slug="acme").fingerprint == Tenant.objects.get(slug="globex").fingerprint


@pytest.mark.physical_copy
def test_a_locked_table_is_tried_again(acme, made_up):
    made_up("paint", add("colour", null="True"))
    migrate_template()
    with locked(acme, "ledger_journal") as somebody:
        threading.Timer(0.4, somebody.let_go).start()
        result = migrate_tenants(Wish(patience=Patience(lock_timeout=50, tries=8, first_pause=0.05)))

    assert result.failed == []
    assert columns("colour") == theirs() | {TEMPLATE.schema}


@pytest.mark.physical_copy
def test_a_table_that_stays_locked_fails_and_changes_nothing(globex, made_up):
    made_up("paint", add("colour", null="True"))
    migrate_template()

    with locked(globex, "ledger_journal"):
        result = migrate_tenants(Wish(patience=QUICK))

    assert [each.schema.slug for each in result.failed] == ["globex"]
    assert "lock timeout" in result.failed[0].error
    assert globex.schema not in columns("colour")


class locked:  # noqa: N801 - reads as a sentence
    """Somebody has the tenant's table in hand, on a connection of his own."""

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

    def let_go(self) -> None:
        self.connection.rollback()


@pytest.mark.physical_copy
def test_workers_do_not_share_what_operations_write_into(db, made_up):
    """As Django's own do, which put a default on the field while they work and take it off again."""
    made_up(
        "paint",
        'Paint("journal", "colour", models.CharField(max_length=9, default="red"), preserve_default=False)',
        before="""
import time

class Paint(migrations.AddField):
    def database_forwards(self, app, editor, before, after):
        field = after.apps.get_model(app, "journal")._meta.get_field("colour")
        assert not hasattr(field, "in_hand"), "another has it"
        field.in_hand = True
        time.sleep(0.05)
        super().database_forwards(app, editor, before, after)
        del field.in_hand
""",
    )
    migrate_template()

    result = migrate_tenants(Wish(workers=4))

    assert result.failed == []
    assert len(result.migrated) == EVERYBODY


@pytest.mark.physical_copy
def test_a_function_sees_the_rows_of_the_tenant_whose_turn_it_is(acme, globex, made_up):
    made_up(
        "name",
        add("colour", null="True"),
        "migrations.RunPython(run)",
        before="""
def run(apps, editor):
    Journal = apps.get_model("ledger", "Journal")
    Journal.objects.using(editor.connection.alias).create(code=current_tenant().slug[:9], name="x", colour="red")
    # A model that is reached from it knows it by its new shape.
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
def test_one_that_is_not_atomic(acme, made_up):
    name = made_up("index", INDEX, add("colour", null="True"), atomic="False")
    migrate_template()

    result = migrate_tenants()

    assert result.failed == []
    assert recorded(acme, name) == 1
    assert indexes("by_name") == {True: len(theirs()) + 1}


@pytest.mark.physical_copy
def test_one_that_is_not_atomic_goes_on_where_it_stopped(acme, globex, made_up):
    failing = made_up("index", INDEX, RUN, add("colour", null="True"), atomic="False", **fails_at("globex"))
    migrate_template()
    migrate_tenants()
    row = SchemaMigration.objects.get(schema_name=globex.schema)
    assert (row.migration, row.acts_done) == (f"ledger.{failing}", 1)

    made_up.write(failing, (made_up.folder / f"{failing}.py").read_text().replace("('globex',)", "()"))
    result = migrate_tenants()

    assert result.failed == []
    assert columns("colour") == theirs() | {TEMPLATE.schema}


@pytest.mark.physical_copy
def test_what_a_broken_index_left_is_dropped(acme, globex, made_up):
    made_up("index", INDEX, atomic="False")
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
    assert indexes("by_name") == {True: len(theirs()) + 1}


def indexes(name: str) -> dict[bool, int]:
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT indisvalid, count(*) FROM pg_index JOIN pg_class ON indexrelid = pg_class.oid"
            " WHERE relname = %s GROUP BY 1",
            [name],
        )
        return dict(cursor.fetchall())


@pytest.mark.physical_copy
def test_statements_and_what_only_the_state_knows(acme, made_up):
    made_up(
        "raw",
        'migrations.RunSQL("ALTER TABLE ledger_journal ADD colour text",'
        ' state_operations=[migrations.AddField("journal", "colour", models.TextField(null=True))])',
        'migrations.SeparateDatabaseAndState(state_operations=[migrations.AlterField("journal", "colour",'
        " models.TextField(null=True, blank=True))])",
        'migrations.RenameField("journal", "colour", "hue")',
    )
    migrate_template()

    migrate_tenants()

    assert columns("hue") == theirs() | {TEMPLATE.schema}


def squash(made_up, first: str, second: str) -> str:
    name = f"{first}_squashed_{second}"
    page = (made_up.folder / f"{first}.py").read_text()
    both = page.replace("operations = [", f"operations = [{add('shape', null='True')},")
    made_up.write(
        name,
        both.replace(
            "    operations",
            f'    replaces = [("ledger", "{first}"), ("ledger", "{second}")]\n    operations',
            1,
        ),
    )
    return name


@pytest.mark.physical_copy
def test_a_squashed_one_counts_as_done_where_the_ones_that_it_replaces_are(acme, globex, made_up):
    first = made_up("paint", add("colour", null="True"))
    second = made_up("shape", add("shape", null="True"))
    migrate_template()
    migrate_tenants()

    squashed = squash(made_up, first, second)
    migrate_template()
    result = migrate_tenants()

    assert {tuple(each.applied) for each in result.migrated} == {()}
    assert recorded(acme, squashed) == recorded(globex, squashed) == 1
    assert migrate_tenants().standing == EVERYBODY


@pytest.mark.physical_copy
def test_a_squashed_one_is_applied_instead_of_those_that_it_replaces(acme, made_up):
    first = made_up("paint", add("colour", null="True"))
    second = made_up("shape", add("shape", null="True"))
    squashed = squash(made_up, first, second)
    migrate_template()

    result = migrate_tenants()

    assert {tuple(each.applied) for each in result.migrated} == {(f"ledger.{squashed}",)}
    assert [recorded(acme, each) for each in (first, second, squashed)] == [1, 1, 1]
    assert columns("shape") == theirs() | {TEMPLATE.schema}


@pytest.mark.physical_copy
@pytest.mark.slow("migrates a schema three ways")
def test_the_same_as_by_django_and_as_from_the_blueprint(acme, globex, operator, made_up):
    made_up(
        "much",
        'migrations.CreateModel("Crate", [("id", models.BigAutoField(primary_key=True)),'
        ' ("journal", models.ForeignKey("ledger.Journal", models.PROTECT)), ("code", models.SlugField(unique=True)),'
        ' ("tags", models.ManyToManyField("ledger.Account"))])',
        add("colour", default="'red'", db_index="True"),
        'migrations.AddConstraint("crate", models.CheckConstraint(name="crate_code", condition=~Q(code="")))',
        'migrations.RunSQL("CREATE FUNCTION crate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;'
        ' CREATE TRIGGER crate BEFORE UPDATE ON ledger_crate FOR EACH ROW EXECUTE FUNCTION crate()")',
    )
    made_up("index", INDEX, atomic="False")

    migrate_template()
    provisioning.migrate_tenant(globex, lambda said: None)
    migrate_tenants()
    provisioning.refill(SPARES + 1)
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
    found = []
    with connections["owner"].cursor() as cursor:
        for what in (
            "app, name FROM {}.django_migrations",
            "* FROM {}.django_content_type",
            "* FROM {}.auth_permission",
        ):
            cursor.execute(f"SELECT {what.format(schema)} ORDER BY 1, 2")
            found.append(cursor.fetchall())
    return found


@pytest.mark.physical_copy
def test_a_schema_that_is_not_there_is_named_and_the_platforms_tables_stay(acme, globex, made_up):
    made_up("fail", add("colour", model="account", null="True"))
    migrate_template()
    known = {each.name: each for each in survey()}
    steps = Plan(known[globex.schema]).steps()
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"ALTER SCHEMA {globex.schema} RENAME TO elsewhere")

    gone = apply(known[globex.schema], steps, [], QUICK)
    result = migrate_tenants()

    assert (gone.error, gone.fingerprint) == ("", "")
    assert [each.error for each in result.failed] == [
        f"there is no schema {globex.schema} in the database home"
    ]
    assert "public" not in columns("colour")


@pytest.mark.physical_copy
def test_one_that_is_gone_for_a_moment_is_looked_for_again(acme, globex, made_up, monkeypatch):
    """As while it is moved to another database."""
    made_up("paint", add("colour", null="True"))
    migrate_template()
    real, away = running.apply, []

    def meanwhile(schema, *rest):
        if schema.name != globex.schema or away:
            return real(schema, *rest)
        away.append(rename(globex.schema, "elsewhere"))
        outcome = real(schema, *rest)
        rename("elsewhere", globex.schema)
        return outcome

    monkeypatch.setattr(running, "apply", meanwhile)
    result = migrate_tenants(Wish(workers=1))

    assert away
    assert result.failed == []
    assert columns("colour") == theirs() | {TEMPLATE.schema}


def rename(schema: str, to: str) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"ALTER SCHEMA {schema} RENAME TO {to}")


@pytest.mark.physical_copy
def test_only_some(acme, globex, made_up):
    made_up("paint", add("colour", null="True"))
    migrate_template()

    migrate_tenants(Wish(only=["globex"]))

    assert columns("colour") == {globex.schema, TEMPLATE.schema}
    with pytest.raises(TenantsAreUnknown, match="initech"):
        migrate_tenants(Wish(only=["globex", "initech"]))


def test_the_template_comes_before_all(acme, made_up):
    made_up("paint", add("colour", null="True"))

    with pytest.raises(TemplateLacksMigrations, match="9001_paint"):
        migrate_tenants()


def test_only_one_is_at_it(db):
    with connections["relay"].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended('migrations', 0))")

        with pytest.raises(MigratedByAnother):
            migrate_tenants()

        cursor.execute("SELECT pg_advisory_unlock(hashtextextended('migrations', 0))")


def test_the_command_says_what_it_would_do(acme, globex, made_up, capsys):
    name = made_up("paint", add("colour", null="True"))

    call_command("migrate_schemas", dry_run=True)
    said = capsys.readouterr().out
    call_command("migrate_tenants", dry_run=True, json=True)
    told = json.loads(capsys.readouterr().out)

    assert f"ledger.{name}\n    Add field colour to journal" in said
    assert said.splitlines()[0].startswith("acme, globex, ")
    assert columns("colour") == set()
    (group,) = told["plan"]
    assert group["migrations"] == [f"ledger.{name}"]
    assert {each["schema"] for each in group["schemas"]} == theirs()


@pytest.mark.physical_copy
def test_the_command_migrates_everything(acme, made_up, capsys):
    made_up("paint", add("colour", null="True"))

    call_command("migrate", json=True)

    told = json.loads(capsys.readouterr().out)
    assert {each["schema"] for each in told["migrated"]} == theirs()
    assert columns("colour") == theirs() | {TEMPLATE.schema}


def test_the_command_names_who_failed(acme, globex, made_up, capsys):
    name = made_up("fail", RUN, **fails_at("globex"))

    with pytest.raises(SystemExit) as ended:
        call_command("migrate_schemas")

    assert ended.value.code == 3
    said = capsys.readouterr().err
    assert f"tenancy.schema_not_migrated: globex at ledger.{name}: ValueError: no such luck" in said
    assert f"1 tenant and {SPARES} spares migrated" in said
