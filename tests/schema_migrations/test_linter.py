"""The linter refuses migrations that the running version would not survive, unless they declare `contracts`."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command

from apps.schema_migrations import linter, released
from tests.support.temporary_migrations import add

REMOVE_FIELD = 'migrations.RemoveField("journal", "name")'


@pytest.fixture(autouse=True)
def _existing_migrations_are_released(tmp_path, monkeypatch):
    """Only the migrations of a test are unreleased."""
    monkeypatch.setattr(released, "RELEASED_FILE", tmp_path / "released.json")
    released.release()


def faults() -> list[str]:
    return [fault.why for fault in linter.lint()[1]]


def alter(model: str, name: str, kind: str, **options: str) -> str:
    arguments = ", ".join(f"{key}={value}" for key, value in options.items())
    return f'migrations.AlterField("{model}", "{name}", models.{kind}({arguments}))'


@pytest.mark.exhaustive("each destructive operation", by=())
@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        (REMOVE_FIELD, "Remove field name from journal: the running version still uses that column."),
        ('migrations.RenameField("journal", "name", "title")', "still uses that column"),
        ('migrations.DeleteModel("JournalImport")', "still uses that table"),
        ('migrations.RenameModel("JournalImport", "Import")', "still uses that table"),
        ('migrations.AlterModelTable("journal", "journals")', "still uses that table"),
        (add("colour", default="'red'"), "does not write it. Let it be null, or give it a db_default."),
        (alter("entry", "number", "PositiveBigIntegerField"), "may write NULL"),
        (alter("entry", "payee", "CharField", max_length="200", unique="True"), "may write a value twice"),
        (alter("journal", "name", "CharField", max_length="20"), "values that the new type cannot hold"),
        (alter("journal", "name", "IntegerField"), "values that the new type cannot hold"),
        (alter("journal", "name", "CharField", max_length="120", db_column="'title'"), "under its old name"),
        (
            'migrations.AddConstraint("journal", models.CheckConstraint(name="x", condition=~Q(name="")))',
            "may write rows that violate it",
        ),
        ('migrations.AlterUniqueTogether("journal", {("code", "name")})', "may write code, name twice"),
        ('migrations.RunSQL("ALTER TABLE ledger_journal DROP COLUMN name")', "SQL with DROP COLUMN"),
        ('migrations.RunSQL(["SELECT 1", "ALTER TABLE ledger_journal RENAME name TO x"])', "SQL with RENAME"),
        ('migrations.RunSQL("ALTER TABLE ledger_journal ALTER name SET  NOT NULL")', "SQL with SET NOT NULL"),
        (
            'migrations.SeparateDatabaseAndState(database_operations=[migrations.DeleteModel("JournalImport")])',
            "still uses that table",
        ),
    ],
)
def test_a_destructive_operation_is_refused(make_migration, operation, reason):
    make_migration("step", operation)

    (message,) = faults()

    assert reason in message


CRATE = 'migrations.CreateModel("Crate", [("id", models.BigAutoField(primary_key=True)), ("code", models.SlugField())])'


@pytest.mark.exhaustive("each additive operation", by=())
@pytest.mark.parametrize(
    "operations",
    [
        [CRATE],
        [CRATE, add("colour", model="crate"), 'migrations.RemoveField("crate", "code")'],
        [CRATE, 'migrations.RenameModel("Crate", "Box")', 'migrations.DeleteModel("Box")'],
        [add("colour", null="True"), 'migrations.RemoveField("journal", "colour")'],
        [add("colour", db_default="'red'")],
        [
            add("colour", null="True"),
            'migrations.AddConstraint("journal", models.CheckConstraint(name="x", condition=~Q(colour="")))',
        ],
        ['migrations.AddField("journal", "tags", models.ManyToManyField("ledger.Account"))'],
        [alter("journal", "name", "CharField", max_length="200")],
        [alter("journal", "name", "TextField")],
        ['AddIndexConcurrently("journal", models.Index(fields=["name"], name="by_name"))'],
        [
            'migrations.RunSQL("CREATE FUNCTION x() RETURNS void LANGUAGE sql AS $$ DROP TABLE ledger_journal $$")'
        ],
        [f"migrations.SeparateDatabaseAndState(state_operations=[{REMOVE_FIELD}])"],
        ["migrations.RunPython(migrations.RunPython.noop)"],
    ],
)
def test_an_additive_operation_is_accepted(make_migration, operations):
    make_migration("step", *operations)

    assert faults() == []


def test_a_destructive_operation_with_a_reason_is_accepted(make_migration):
    make_migration("step", REMOVE_FIELD, contracts="'1.4: the name is not read since 1.3'")

    assert faults() == []


def test_contracts_without_a_reason_is_refused(make_migration):
    make_migration("step", REMOVE_FIELD, contracts="True")

    (message,) = faults()

    assert "`contracts` names the release and the reason" in message


def test_a_released_migration_is_not_checked_again(make_migration):
    make_migration("step", REMOVE_FIELD)

    released.release()

    assert linter.lint() == ([], [])


def test_a_released_migration_that_was_changed_is_refused(make_migration):
    name = make_migration("step", add("colour", null="True"))
    released.release()
    page = (make_migration.folder / f"{name}.py").read_text()

    make_migration.write(name, page.replace('"colour"', '"shade"'))

    (message,) = faults()
    assert "it was changed after its release" in message


def test_a_released_migration_of_which_only_the_comments_changed_is_accepted(make_migration):
    name = make_migration("step", add("colour", null="True"))
    released.release()
    page = (make_migration.folder / f"{name}.py").read_text()

    make_migration.write(name, f'"""What it is for."""\n# And why.\n{page}')

    assert faults() == []


def test_the_command_does_not_release_over_a_changed_migration(make_migration, capsys):
    name = make_migration("step", add("colour", null="True"))
    released.release()
    make_migration.write(
        name, (make_migration.folder / f"{name}.py").read_text().replace('"colour"', '"shade"')
    )
    before = released.RELEASED_FILE.read_text()

    with pytest.raises(SystemExit):
        call_command("check_migrations", release=True)

    assert released.RELEASED_FILE.read_text() == before
    assert f"ledger.{name}: it was changed after its release" in capsys.readouterr().err


def test_a_squashed_migration_of_released_ones_is_accepted(make_migration):
    first = make_migration("step", REMOVE_FIELD)
    released.release()
    page = (make_migration.folder / f"{first}.py").read_text()

    make_migration.write(
        f"{first}_squashed",
        page.replace("    operations", f'    replaces = [("ledger", "{first}")]\n    operations'),
    )

    assert faults() == []


def test_the_command_reports_faults_and_alternatives(make_migration, capsys):
    name = make_migration("step", REMOVE_FIELD, add("colour", default="'red'"))

    with pytest.raises(SystemExit) as ended:
        call_command("check_migrations")

    assert ended.value.code == 3
    errors = capsys.readouterr().err
    assert f"tenancy.step_not_compatible: ledger.{name}: Remove field name from journal" in errors
    assert "give it a db_default" in errors


def test_the_command_lists_unreleased_migrations(make_migration, capsys):
    name = make_migration("step", REMOVE_FIELD, contracts="'1.4: the name is not read since 1.3'")

    call_command("check_migrations", json=True)

    output = json.loads(capsys.readouterr().out)
    assert output == {"new": [f"ledger.{name}"], "contracting": [f"ledger.{name}"]}
