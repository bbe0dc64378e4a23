"""What is off for a tenant is not done for it."""

import pytest

from apps.bus import dispatch, dry_run
from apps.bus.errors import FeatureOff
from apps.companies.commands import FoundCompany
from apps.companies.models import Company
from apps.modules import registry
from apps.periods.commands import AddFiscalYear
from apps.periods.module import MODULE

PLANT = FoundCompany(code="PLANT", name="Acme Plant", currency="EUR")


def test_refuses_a_command_whose_feature_is_off(at_acme, owner, settings, monkeypatch):
    monkeypatch.setattr(FoundCompany, "flag", "more-companies")
    settings.FEATURE_FLAGS = {"more-companies": False}

    with pytest.raises(FeatureOff) as caught:
        dispatch(PLANT, actor=owner)

    assert (caught.value.code, caught.value.status) == ("bus.feature_off", 403)
    assert [type(each) for each in dry_run(PLANT, actor=owner)] == [FeatureOff]
    assert not Company.objects.filter(code="PLANT").exists()


def test_refuses_the_commands_of_a_module_that_is_off(at_acme, owner, settings, monkeypatch):
    monkeypatch.setattr(registry, "is_on", lambda module: module.name != MODULE.name)

    with pytest.raises(FeatureOff, match="periods is off"):
        dispatch(AddFiscalYear(year=2031), actor=owner)


def test_asks_whichever_gate_the_settings_name(at_acme, owner, settings):
    settings.FEATURE_GATE = f"{__name__}.Closed"

    with pytest.raises(FeatureOff, match="everything is off"):
        dispatch(PLANT, actor=owner)


class Closed:
    def closed(self, command, actor):
        return "everything"
