"""The uses of flags in code, by AST and by the tag of templates."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import pytest

from apps.flags import references

from . import flag_keys

DECLARATIONS = """
from apps.kernel.features import declare_flag
from apps.kernel.degradable import declare_degradable
NEW_SCREEN = declare_flag(key="sales.new-screen", owner="a@b.example")
REPORT = declare_degradable(flag=declare_flag(key="sales.report"), title="x")
UNUSED = declare_flag(key="sales.unused")
for name in ("a", "b"):
    declare_flag(key=name)
"""
USES = """
from apps.flags import queries as flags
from apps.kernel import features
from apps.kernel.features import is_on as is_it_on
from . import flag_declarations
from .flag_declarations import NEW_SCREEN as SCREEN, REPORT
from ..flag_declarations import UNUSED
from other import value

def screen():
    if flags.is_on(SCREEN):
        features.value("sales.by-key")
    is_it_on("sales.by-name", company=1)
    flags.is_on(flag_declarations.REPORT)
    value("not.a-flag")
    flags.is_on(name())
    "flags.is_on('in.a.text')"
"""


@pytest.fixture
def code(tmp_path):
    sales = tmp_path / "apps" / "sales"
    sales.mkdir(parents=True)
    (sales / "flag_declarations.py").write_text(DECLARATIONS)
    (sales / "screens.py").write_text(USES)
    templates = tmp_path / "templates" / "sales"
    templates.mkdir(parents=True)
    (templates / "order.html").write_text('<p>\n{% flag "sales.in-template" as is_new %}\n{% flagship "x" %}')
    return tmp_path


def test_uses_are_listed_by_key_with_their_places(code):
    by_key = references.by_key(references.references(code))

    assert {key: [str(use) for use in uses] for key, uses in by_key.items()} == {
        "sales.by-key": ["apps/sales/screens.py:12"],
        "sales.by-name": ["apps/sales/screens.py:13"],
        "sales.in-template": ["templates/sales/order.html:2"],
        "sales.new-screen": ["apps/sales/screens.py:11"],
        "sales.report": ["apps/sales/screens.py:14"],
    }


def test_a_key_that_no_flag_has_is_a_fault_with_its_place(code):
    uses = references.references(code)

    faults = flag_keys.unregistered_keys(uses, {"sales.by-key", "sales.in-template"})

    assert faults == [
        "apps/sales/screens.py:13: there is no flag 'sales.by-name'; declare it in the flag_declarations.py of the app."
    ]


def test_an_expired_flag_is_named_with_its_owner_and_its_uses(code):
    day = dt.date(2027, 3, 1)
    declared = {
        "sales.new-screen": SimpleNamespace(owner="a@b.example", expires_on=day - dt.timedelta(days=1)),
        "sales.report": SimpleNamespace(owner="a@b.example", expires_on=day),
    }

    assert flag_keys.expired_flags(declared, references.references(code), day) == [
        "The flag sales.new-screen of a@b.example has expired on 2027-02-28: retire it, or extend it and change the"
        " date of its declaration, which counts here."
        " Used in apps/sales/screens.py:11."
    ]


def test_the_uses_of_this_installation_have_declarations():
    from apps.kernel.features import DECLARED

    uses = references.references()
    assert flag_keys.unregistered_keys(uses, DECLARED) == []
    assert all((references.ROOT / use.path).is_file() for use in uses)


def test_a_declaration_without_an_address_or_with_too_long_a_life_is_named():
    day = dt.date(2026, 12, 1)
    declared = {
        "sales.short": SimpleNamespace(
            category="release", owner="a@b.example", expires_on=dt.date(2027, 1, 1)
        ),
        "sales.long": SimpleNamespace(
            category="release", owner="a@b.example", expires_on=dt.date(2028, 1, 1)
        ),
        "sales.team": SimpleNamespace(category="ops", owner="The team", expires_on=dt.date(2027, 1, 1)),
        "sales.over": SimpleNamespace(category="ops", owner="a@b.example", expires_on=dt.date(2026, 1, 1)),
    }

    faults = flag_keys.faulty_declarations(declared, day)

    assert [fault.split()[2] for fault in faults] == ["sales.long", "sales.team"]
    assert "2027-03-31" in faults[0]
