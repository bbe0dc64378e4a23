import pytest

from apps.bus import dispatch
from apps.bus.errors import PermissionDenied
from apps.events.models import OutboxEvent
from apps.kernel.tenant import activate
from apps.periods.setting_definitions import REASON_LENGTH
from apps.settings import queries as settings_queries
from apps.settings.commands import ChangeSetting
from apps.settings.errors import SettingInvalid, SettingNotFound
from apps.settings.models import Setting


def set_to(value, actor):
    return dispatch(ChangeSetting(key="periods.reason_length", value=value), actor=actor)


def test_an_unset_setting_has_its_default(at_acme):
    assert settings_queries.value(REASON_LENGTH) == REASON_LENGTH.default


def test_a_changed_setting_applies_at_once_in_its_tenant(acme, globex, controller):
    with activate(acme):
        settings_queries.value(REASON_LENGTH)
        set_to(25, controller)
        assert settings_queries.value(REASON_LENGTH) == 25
    with activate(globex):
        assert settings_queries.value(REASON_LENGTH) == REASON_LENGTH.default


def test_a_change_publishes_the_previous_value(at_acme, controller):
    set_to(25, controller)
    set_to(30, controller)

    event = OutboxEvent.objects.filter(name="setting.changed").latest("id")
    assert event.payload == {"key": "periods.reason_length", "before": 25, "after": 30}
    assert [setting.value for setting in Setting.objects.get().history.order_by("history_id")] == [25, 30]


@pytest.mark.parametrize("value", ["twenty", 1.5, None, [1], True])
def test_a_value_of_another_type_is_refused(at_acme, controller, value):
    with pytest.raises(SettingInvalid):
        set_to(value, controller)


def test_an_undeclared_setting_is_refused(at_acme, controller):
    with pytest.raises(SettingNotFound):
        dispatch(ChangeSetting(key="no.such", value=1), actor=controller)


def test_a_change_without_permission_is_denied(at_acme, accountant):
    with pytest.raises(PermissionDenied):
        set_to(25, accountant)
