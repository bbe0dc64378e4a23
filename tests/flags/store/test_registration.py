"""Declared flags have rows after the migrations."""

import datetime as dt

import pytest

from apps.bus import dispatch
from apps.flags import hookimpls, queries
from apps.flags.commands import RegisterFlags
from apps.flags.models import Flag
from apps.kernel.actors import System
from apps.kernel.features import DECLARED, DeclaredFlag, declare_flag
from tests.support.served_flags import declared

pytestmark = pytest.mark.django_db


def test_every_declared_flag_has_a_row_after_the_migrations():
    assert queries.unregistered() == []
    assert set(DECLARED) == set(Flag.objects.values_list("key", flat=True))


def test_a_new_declaration_is_registered_once():
    with declared("tests.new", posting=True) as flag:
        hookimpls.register_flags()
        hookimpls.register_flags()

        row = Flag.objects.get(key="tests.new")
        assert (row.owner, row.expires_on, row.value_type) == (flag.owner, flag.expires_on, "boolean")
        assert row.posting
        assert dispatch(RegisterFlags(), actor=System("A test")) == ""


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"key": "no key"}, "no key of a flag"),
        ({"category": "toggle"}, "category"),
        ({"default": "yes"}, "of one type"),
        ({"owner": " "}, "no owner"),
        ({"type": str, "default": "y", "variants": {"default": "x"}}, "the name default"),
        ({"variants": {"yes": True, "no": False}}, "on and off"),
        ({"type": float, "default": float("nan")}, "finite|the name default"),
        ({"posting": True, "roles": ("controller",)}, "same for all roles"),
    ],
)
def test_a_wrong_declaration_is_refused_at_the_start(wrong, message):
    with pytest.raises(TypeError, match=message), declared(**{"key": "tests.wrong", **wrong}):
        pass


def test_a_key_is_declared_once():
    with declared("tests.twice"), pytest.raises(TypeError, match="twice"):
        declare_flag(
            key="tests.twice",
            category="ops",
            type=bool,
            default=True,
            description="",
            owner="tess@bursar.example",
            expires_on=dt.date(2099, 1, 1),
        )


def test_two_flags_have_two_variables_in_the_environment():
    with (
        declared("tests.new-screen"),
        pytest.raises(TypeError, match="FEATURE_FLAG_TESTS_NEW_SCREEN"),
        declared("tests-new.screen"),
    ):
        pass


def test_a_value_of_another_type_has_named_variants():
    with declared("tests.colour", type=str, default="blue", variants={"red": "red", "blue": "blue"}) as flag:
        assert isinstance(flag, DeclaredFlag)
        assert flag.document["default_variant"] == "blue"
        assert queries.value(flag) == "blue"
