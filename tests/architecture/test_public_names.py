"""The committed registry of public names: what the check notices, and how an explicit name outlasts a move."""

from __future__ import annotations

import sys
from types import new_class

import pytest
from celery import Celery
from django.conf import settings

from apps.bus import Command
from apps.events import listens_to
from apps.events.base import SUBSCRIBERS
from apps.kernel.errors import Conflict, code_of
from apps.kernel.queues.periodic import PERIODIC
from apps.kernel.queues.tasks import DefaultTask
from apps.periods.events import PeriodClosed
from config.celery import app as celery

from . import collected_names, public_names
from .collected_names import NameTaken, gathered, import_all, is_of_an_app, refusals

NAMES = {
    "commands": {
        "ledger.post_entry": {"permission": "ledger.post_entry", "queue": "default"},
        "ledger.reverse_entry": {"permission": "ledger.reverse_entry", "queue": "default"},
    },
    "tasks": {"audit.seal": {"queue": "audit"}},
}
WRITTEN = """{
"commands": {
 "ledger.post_entry": {"permission": "ledger.post_entry", "queue": "default"},
 "ledger.reverse_entry": {"permission": "ledger.reverse_entry", "queue": "default"}
},
"tasks": {
 "audit.seal": {"queue": "audit"}
}
}
"""


def names_with(**commands):
    return {**NAMES, "commands": {**NAMES["commands"], **commands}}


class TestCheck:
    """`python -m tests.architecture.public_names`, with a made-up registry."""

    @pytest.fixture
    def file(self, tmp_path, monkeypatch):
        file = tmp_path / "public_names.json"
        file.write_text(WRITTEN)
        monkeypatch.setattr(public_names, "FILE", file)
        return file

    @pytest.fixture
    def code(self, monkeypatch):
        return lambda names: monkeypatch.setattr(public_names, "collected", lambda: names)

    def test_unchanged_names_pass(self, file, code, capsys):
        code(NAMES)

        assert public_names.main([]) == 0
        assert capsys.readouterr() == ("", "")

    def test_a_rename_is_refused_with_both_names_and_the_command_to_run(self, file, code, capsys):
        commands = dict(NAMES["commands"])
        commands["ledger.book_entry"] = commands.pop("ledger.post_entry")
        code({**NAMES, "commands": commands})

        assert public_names.main([]) == 1
        assert capsys.readouterr().err.splitlines() == [
            "commands:",
            "  + ledger.book_entry",
            "  - ledger.post_entry",
            "Public names changed. If that is intended: python -m tests.architecture.public_names --write,"
            " and commit the diff.",
        ]
        assert file.read_text() == WRITTEN

    def test_an_added_name_is_refused(self, file, code, capsys):
        code(names_with(**{"ledger.import_journal": {}}))

        assert public_names.main([]) == 1
        assert "  + ledger.import_journal" in capsys.readouterr().err

    def test_a_removed_kind_is_refused(self, file, code, capsys):
        code({"commands": NAMES["commands"]})

        assert public_names.main([]) == 1
        assert capsys.readouterr().err.startswith("tasks:\n  - audit.seal\n")

    def test_a_changed_permission_of_the_same_name_is_refused_with_both_values(self, file, code, capsys):
        code(names_with(**{"ledger.post_entry": {"permission": "books.post_entry", "queue": "default"}}))

        assert public_names.main([]) == 1
        expected = '  ~ ledger.post_entry: permission was "ledger.post_entry", is "books.post_entry"'
        assert expected in capsys.readouterr().err

    def test_a_file_in_another_order_is_refused(self, file, code, capsys):
        first, second = WRITTEN.splitlines()[2:4]
        file.write_text(WRITTEN.replace(f"{first}\n{second}", f"{second},\n{first.rstrip(',')}"))
        code(NAMES)

        assert public_names.main([]) == 1
        assert "sorted, one name in a line" in capsys.readouterr().err

    def test_write_writes_the_names_and_then_the_check_passes(self, file, code):
        file.unlink()
        code(NAMES)
        assert public_names.main([]) == 1

        assert public_names.main(["--write"]) == 0

        assert file.read_text() == WRITTEN
        assert public_names.main([]) == 0

    def test_an_unknown_option_writes_nothing(self, file, code, capsys):
        code({})

        assert public_names.main(["--wirte"]) == 2
        assert file.read_text() == WRITTEN

    def test_a_name_that_two_commands_have_is_refused(self):
        twice = [("ledger.post_entry", {}), ("ledger.post_entry", {})]

        with pytest.raises(NameTaken, match=r"commands: ledger\.post_entry is declared twice"):
            gathered({"commands": lambda: twice})


def class_in(module, class_name, *bases, **keywords):
    return new_class(class_name, bases, keywords, lambda body: body.update(__module__=module))


def function_in(module, name):
    def function(*_):
        """Does nothing."""

    function.__module__, function.__name__, function.__qualname__ = module, name, name
    return function


class TestExplicitName:
    """It stays when the class or function moves to another app under another name; a derived one changes."""

    def test_a_moved_command_keeps_its_explicit_name(self):
        before = class_in("apps.ledger.commands", "PostEntry", Command)
        moved = class_in("apps.books.posting", "BookEntry", Command, name="ledger.post_entry")
        moved_without = class_in("apps.books.posting", "BookEntry", Command)

        assert before.command_name() == moved.command_name() == "ledger.post_entry"
        assert moved_without.command_name() == "books.book_entry"

    def test_a_command_within_its_app_keeps_its_derived_name(self):
        assert (
            class_in("apps.ledger.posting.commands", "PostEntry", Command).command_name()
            == "ledger.post_entry"
        )

    def test_an_explicit_command_name_is_not_inherited(self):
        named = class_in("apps.ledger.commands", "_Post", Command, name="ledger.post")

        assert class_in("apps.ledger.commands", "PostEntry", named).command_name() == "ledger.post_entry"

    def test_a_moved_error_keeps_its_explicit_code(self):
        before = class_in("apps.periods.errors", "PeriodIsClosed", Conflict)
        moved = class_in("apps.calendar.errors", "DayIsLocked", Conflict, code="periods.period_is_closed")
        moved_without = class_in("apps.calendar.errors", "DayIsLocked", Conflict)

        assert code_of(before) == code_of(moved) == moved().code == "periods.period_is_closed"
        assert code_of(moved_without) == "calendar.day_is_locked"

    def test_an_explicit_error_code_is_not_inherited(self):
        named = class_in("apps.ledger.errors", "LedgerConflict", Conflict, code="ledger.conflict")

        assert code_of(class_in("apps.ledger.errors", "EntryIsPosted", named)) == "ledger.entry_is_posted"

    def test_a_moved_subscriber_keeps_its_explicit_name(self, monkeypatch):
        subscribers = {}
        monkeypatch.setattr("apps.events.base.SUBSCRIBERS", subscribers)

        listens_to(PeriodClosed, name="audit.seal_period")(function_in("apps.archive.seals", "seal"))
        listens_to(PeriodClosed)(function_in("apps.archive.seals", "seal"))

        assert [*subscribers] == ["audit.seal_period", "archive.seal"]
        assert subscribers["audit.seal_period"].app == "archive"

    def test_a_moved_task_keeps_its_explicit_name(self):
        made_up = Celery("made up", set_as_current=False)

        moved = made_up.task(base=DefaultTask, shared=False, name="audit.seal")(
            function_in("apps.archive.jobs", "run")
        )
        moved_without = made_up.task(base=DefaultTask, shared=False)(function_in("apps.archive.jobs", "run"))

        assert (moved.name, moved_without.name) == ("audit.seal", "apps.archive.jobs.run")

    def test_an_explicit_name_of_another_form_is_refused(self):
        with pytest.raises(TypeError, match="'PostEntry' is no public name"):
            class_in("apps.ledger.commands", "PostEntry", Command, name="PostEntry")
        with pytest.raises(TypeError, match="'closed' is no public name"):
            class_in("apps.ledger.errors", "PeriodIsClosed", Conflict, code="closed")
        with pytest.raises(TypeError, match="'seal' is no public name"):
            listens_to(PeriodClosed, name="seal")(function_in("apps.archive.seals", "seal"))
        assert "seal" not in SUBSCRIBERS

    def test_a_move_within_an_app_passes_the_check_and_an_unnoticed_rename_fails_it(self):
        def names(*commands):
            collect = lambda: [(command.command_name(), {"app": command.app()}) for command in commands]  # noqa: E731
            return gathered({"commands": collect})

        before = names(class_in("apps.ledger.commands", "PostEntry", Command))
        moved = names(class_in("apps.ledger.posting.commands", "PostEntry", Command))
        renamed = names(class_in("apps.ledger.commands", "BookEntry", Command))
        pinned = names(class_in("apps.ledger.commands", "BookEntry", Command, name="ledger.post_entry"))

        text = public_names.rendered(before)
        assert public_names.faults(text, moved) == public_names.faults(text, pinned) == []
        assert public_names.faults(text, renamed) == [
            "commands:",
            "  + ledger.book_entry",
            "  - ledger.post_entry",
        ]


class TestCommittedRegistry:
    """What can be dispatched, run or raised has a committed name, whatever registry it is or is not in."""

    @pytest.fixture
    def committed(self):
        import_all("apps")
        return public_names.committed()

    def test_the_registry_has_every_kind(self, committed):
        assert [*committed] == sorted(collected_names.KINDS)
        assert [kind for kind, names in committed.items() if not names] == []

    def test_every_command_class_is_in_it(self, committed):
        declared = {command for command in below(Command) if is_declared(command)}
        bases = {base for command in declared for base in command.__bases__}
        classes = declared - bases

        assert {class_.command_name() for class_ in classes} == {*committed["commands"]}

    def test_every_error_class_and_all_that_enforces_it_is_in_it(self, committed):
        classes = [*filter(is_declared, refusals())]

        assert sorted(code_of(class_) for class_ in classes) == [*committed["errors"]]
        enforced = {
            name: code_of(class_) for class_ in classes for name in vars(class_).get("enforced_by", ())
        }
        assert enforced == {
            name: constraint["error"] for name, constraint in committed["enforced_by"].items()
        }

    def test_every_task_is_in_it_under_an_explicit_name(self, committed):
        celery.loader.import_default_modules()
        tasks = {
            name: task.run for name, task in celery.tasks.items() if task.run.__module__.startswith("apps.")
        }

        assert {*tasks} == {*committed["tasks"]}
        assert [name for name, run in tasks.items() if name == f"{run.__module__}.{run.__name__}"] == []

    def test_every_schedule_is_in_it_and_names_a_task_that_exists(self, committed):
        declared = {
            name for name in PERIODIC if name in celery.tasks and is_of_an_app(celery.tasks[name].run)
        }

        assert {*settings.CELERY_BEAT_SCHEDULE, *declared} == {*committed["schedules"]}
        assert {schedule["task"] for schedule in committed["schedules"].values()} <= {*committed["tasks"]}

    def test_every_permission_of_a_command_is_in_it(self, committed):
        required = {command["permission"] for command in committed["commands"].values()}

        assert required - {*committed["permissions"]} == set()

    def test_every_subscriber_is_in_it(self, committed):
        names = {name for name, subscriber in SUBSCRIBERS.items() if is_declared(subscriber.listener)}

        assert names == {*committed["subscribers"]}


def below(family):
    return {name for child in family.__subclasses__() for name in (child, *below(child))}


def is_declared(declared):
    """By a module of the apps, and not made up by a test under such a module's name."""
    module = sys.modules.get(declared.__module__)
    return is_of_an_app(declared) and getattr(module, declared.__name__, None) is declared
