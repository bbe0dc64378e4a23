import pytest
from django.db import DatabaseError, connection

from apps.bus import dispatch
from apps.bus.errors import PermissionDenied
from apps.events.models import OutboxEvent
from apps.kernel.tenant import activate
from apps.periods.setting_definitions import REASON_LENGTH
from apps.settings import queries as settings_queries
from apps.settings.commands import ChangeSetting
from apps.settings.definitions import all_definitions, declare, declared
from apps.settings.errors import SettingInvalid, SettingNotFound, SettingOutOfRange
from apps.settings.models import Setting
from tests.support.console_pages import edit


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


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("periods.reason_length", -1),
        ("periods.reason_length", 0),
        ("periods.reason_length", 5000),
        ("ledger.retention_years", 0),
        ("operations.grace_days", -1),
    ],
)
def test_a_value_outside_of_the_range_is_refused(at_acme, controller, key, value):
    with pytest.raises(SettingOutOfRange, match=declared(key).range.partition(" ")[0]):
        dispatch(ChangeSetting(key=key, value=value), actor=controller)
    assert not Setting.objects.exists()


def test_the_page_of_a_setting_shows_its_range_and_refuses_other_values(client_for, acme, controller):
    browser = client_for(controller, acme)

    page = browser.get("/t/acme/settings/periods.reason_length/change/").content.decode()
    refused = edit(browser, "/t/acme/settings/periods.reason_length/change/", {"value": "5000"})

    assert "1 to 500" in page
    assert "periods.reason_length must be 1 to 500." in refused.content.decode()


def test_every_range_is_enforced_by_the_database_with_the_declared_numbers(at_acme):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT encode(tgargs, 'escape') FROM pg_trigger"
            " WHERE tgrelid = 'settings_setting'::regclass AND tgfoid = 'settings_range_guard'::regproc"
        )
        enforced = {tuple(row[0].split("\\000")[:3]) for row in cursor.fetchall()}

    declared_ranges = {
        (setting.key, str(setting.minimum), str(setting.maximum))
        for setting in all_definitions()
        if setting.minimum is not None and not setting.key.startswith("operations.")  # without tables
    }
    assert enforced == declared_ranges
    for key, minimum, maximum in enforced:
        for value in (f"{int(minimum) - 1}", f"{int(maximum) + 1}", '"5"'):
            with pytest.raises(DatabaseError) as caught, connection.cursor() as cursor:
                cursor.execute("INSERT INTO settings_setting (key, value) VALUES (%s, %s)", [key, value])
            assert caught.value.__cause__.sqlstate == "BG001"


def test_a_whole_number_without_a_range_is_not_declared():
    with pytest.raises(TypeError, match="without a minimum"):
        declare(key="tests.without_range", type=int, default=1, description="")


def test_an_undeclared_setting_is_refused(at_acme, controller):
    with pytest.raises(SettingNotFound):
        dispatch(ChangeSetting(key="no.such", value=1), actor=controller)


def test_a_change_without_permission_is_denied(at_acme, accountant):
    with pytest.raises(PermissionDenied):
        set_to(25, accountant)
