"""Commands behind a disabled feature or module are refused."""

import pytest

from apps.bus import dispatch, dry_run
from apps.bus.errors import FeatureOff
from apps.companies.commands import FoundCompany
from apps.companies.models import Company
from apps.modules import registry
from apps.periods.commands import AddFiscalYear
from apps.periods.module import MODULE

PLANT = FoundCompany(code="PLANT", name="Acme Plant", currency="EUR")


def test_a_command_of_a_disabled_feature_is_refused(at_acme, owner, settings, monkeypatch):
    monkeypatch.setattr(FoundCompany, "flag", "more-companies")
    settings.FEATURE_FLAGS = {"more-companies": False}

    with pytest.raises(FeatureOff) as caught:
        dispatch(PLANT, actor=owner)

    assert (caught.value.code, caught.value.status) == ("bus.feature_off", 403)
    assert [type(refusal) for refusal in dry_run(PLANT, actor=owner)] == [FeatureOff]
    assert not Company.objects.filter(code="PLANT").exists()


def test_the_commands_of_a_disabled_module_are_refused(at_acme, owner, settings, monkeypatch):
    monkeypatch.setattr(registry, "is_on", lambda module: module.name != MODULE.name)

    with pytest.raises(FeatureOff, match="periods is off"):
        dispatch(AddFiscalYear(year=2031), actor=owner)


def test_the_gate_is_the_class_named_in_the_settings(at_acme, owner, settings):
    settings.FEATURE_GATE = f"{__name__}.Closed"

    with pytest.raises(FeatureOff, match="everything is off"):
        dispatch(PLANT, actor=owner)


class Closed:
    def closed(self, command, actor):
        return "everything"
