"""A migration that the running version would not survive is refused, unless it says which release lets it."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command

from apps.tenancy.migrating import judging
from tests.support.made_up import add

DROPS = 'migrations.RemoveField("journal", "name")'


@pytest.fixture(autouse=True)
def _all_are_released(tmp_path, monkeypatch):
    """The house's own; what a test makes up comes behind them."""
    monkeypatch.setattr(judging, "FILE", tmp_path / "released.json")
    judging.release()


def whys() -> list[str]:
    return [fault.why for fault in judging.judged()[1]]


def alter(model: str, name: str, kind: str, **options: str) -> str:
    said = ", ".join(f"{key}={value}" for key, value in options.items())
    return f'migrations.AlterField("{model}", "{name}", models.{kind}({said}))'


@pytest.mark.exhaustive("each operation that takes away", by=())
@pytest.mark.parametrize(
    ("operation", "why"),
    [
        (DROPS, "Remove field name from journal: the running version still asks for that column."),
        ('migrations.RenameField("journal", "name", "title")', "still asks for that column"),
        ('migrations.DeleteModel("JournalImport")', "still asks for that table"),
        ('migrations.RenameModel("JournalImport", "Import")', "still asks for that table"),
        ('migrations.AlterModelTable("journal", "journals")', "still asks for that table"),
        (add("colour", default="'red'"), "does not write it. Let it be null, or give it a db_default."),
        (alter("entry", "number", "PositiveBigIntegerField"), "may write NULL"),
        (alter("entry", "payee", "CharField", max_length="200", unique="True"), "may write a value twice"),
        (alter("journal", "name", "CharField", max_length="20"), "what the new type does not hold"),
        (alter("journal", "name", "IntegerField"), "what the new type does not hold"),
        (alter("journal", "name", "CharField", max_length="120", db_column="'title'"), "by its old name"),
        (
            'migrations.AddConstraint("journal", models.CheckConstraint(name="x", condition=~Q(name="")))',
            "may write what it forbids",
        ),
        ('migrations.AlterUniqueTogether("journal", {("code", "name")})', "may write code, name twice"),
        ('migrations.RunSQL("ALTER TABLE ledger_journal DROP COLUMN name")', "SQL with DROP COLUMN"),
        ('migrations.RunSQL(["SELECT 1", "ALTER TABLE ledger_journal RENAME name TO x"])', "SQL with RENAME"),
        ('migrations.RunSQL("ALTER TABLE ledger_journal ALTER name SET  NOT NULL")', "SQL with SET NOT NULL"),
        (
            'migrations.SeparateDatabaseAndState(database_operations=[migrations.DeleteModel("JournalImport")])',
            "still asks for that table",
        ),
    ],
)
def test_what_takes_away_is_refused(made_up, operation, why):
    made_up("step", operation)

    (said,) = whys()

    assert why in said


CRATE = 'migrations.CreateModel("Crate", [("id", models.BigAutoField(primary_key=True)), ("code", models.SlugField())])'


@pytest.mark.exhaustive("each operation that adds", by=())
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
        [f"migrations.SeparateDatabaseAndState(state_operations=[{DROPS}])"],
        ["migrations.RunPython(migrations.RunPython.noop)"],
    ],
)
def test_what_adds_is_not(made_up, operations):
    made_up("step", *operations)

    assert whys() == []


def test_what_says_which_release_lets_it_may(made_up):
    made_up("step", DROPS, contracts="'1.4: nobody reads the name since 1.3'")

    assert whys() == []


def test_saying_yes_is_no_reason(made_up):
    made_up("step", DROPS, contracts="True")

    (said,) = whys()

    assert "`contracts` names the release and why" in said


def test_what_is_released_is_not_judged_again(made_up):
    made_up("step", DROPS)

    judging.release()

    assert judging.judged() == ([], [])


def test_a_released_migration_that_was_changed_is_refused(made_up):
    name = made_up("step", add("colour", null="True"))
    judging.release()
    page = (made_up.folder / f"{name}.py").read_text()

    made_up.write(name, page.replace('"colour"', '"shade"'))

    (said,) = whys()
    assert "it has been released and was changed since" in said


def test_a_released_migration_of_which_only_the_comments_changed_is_accepted(made_up):
    name = made_up("step", add("colour", null="True"))
    judging.release()
    page = (made_up.folder / f"{name}.py").read_text()

    made_up.write(name, f'"""What it is for."""\n# And why.\n{page}')

    assert whys() == []


def test_the_command_does_not_release_over_a_changed_migration(made_up, capsys):
    name = made_up("step", add("colour", null="True"))
    judging.release()
    made_up.write(name, (made_up.folder / f"{name}.py").read_text().replace('"colour"', '"shade"'))
    before = judging.FILE.read_text()

    with pytest.raises(SystemExit):
        call_command("check_migrations", release=True)

    assert judging.FILE.read_text() == before
    assert f"ledger.{name}: it has been released" in capsys.readouterr().err


def test_what_was_squashed_is_released_with_what_it_replaces(made_up):
    first = made_up("step", DROPS)
    judging.release()
    page = (made_up.folder / f"{first}.py").read_text()

    made_up.write(
        f"{first}_squashed",
        page.replace("    operations", f'    replaces = [("ledger", "{first}")]\n    operations'),
    )

    assert whys() == []


def test_the_command_refuses_with_what_to_do(made_up, capsys):
    name = made_up("step", DROPS, add("colour", default="'red'"))

    with pytest.raises(SystemExit) as ended:
        call_command("check_migrations")

    assert ended.value.code == 3
    said = capsys.readouterr().err
    assert f"tenancy.step_not_compatible: ledger.{name}: Remove field name from journal" in said
    assert "give it a db_default" in said


def test_the_command_says_what_is_new(made_up, capsys):
    name = made_up("step", DROPS, contracts="'1.4: nobody reads the name since 1.3'")

    call_command("check_migrations", json=True)

    told = json.loads(capsys.readouterr().out)
    assert told == {"new": [f"ledger.{name}"], "contracting": [f"ledger.{name}"]}
