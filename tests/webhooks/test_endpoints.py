"""Endpoints and their secrets."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection

from apps.audit.models import Record
from apps.bus import dispatch, dry_run
from apps.bus.errors import PermissionDenied
from apps.kernel import clock
from apps.kernel.errors import SeveralRefusals
from apps.kernel.outbound.errors import AddressRefused
from apps.webhooks.commands import (
    ChangeEndpoint,
    DisableEndpoint,
    EnableEndpoint,
    RegisterEndpoint,
    RetireSecret,
    RotateSecret,
)
from apps.webhooks.errors import (
    EndpointIsActive,
    EndpointIsDisabled,
    EndpointNotFound,
    EventUnknown,
    LastSecret,
    OverlapOutOfRange,
    ReasonMissing,
    SecretIsRetired,
    SecretNotFound,
)
from apps.webhooks.models import Endpoint

URL = "https://hooks.example/bursar"


def register(actor, **more):
    return dispatch(RegisterEndpoint(**{"url": URL, **more}), actor=actor)


def test_the_secret_of_a_new_endpoint_is_shown_once(at_acme, owner):
    endpoint = register(owner, events=("entry.posted", "entry.posted"))

    assert endpoint.new_secret.startswith("whsec_")
    assert endpoint.secrets.get().opened() == endpoint.new_secret
    assert endpoint.events == ["entry.posted"]
    assert Endpoint.objects.get().new_secret == ""


def test_no_table_contains_the_secret_in_the_clear(at_acme, owner):
    endpoint = register(owner)

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(
                f'SELECT count(*) FROM "{table}" AS t WHERE t::text LIKE %s', [f"%{endpoint.new_secret}%"]
            )
            assert cursor.fetchone() == (0,), table


def test_a_secret_of_another_endpoint_cannot_be_decrypted(at_acme, owner):
    from apps.kernel.secrets import SecretUnreadable

    secret, other = register(owner).secrets.get(), register(owner).secrets.get()
    secret.sealed = other.sealed

    with pytest.raises(SecretUnreadable):
        secret.opened()


def test_a_private_address_with_an_unknown_event_is_two_refusals(at_acme, owner):
    with pytest.raises(SeveralRefusals) as refused:
        register(owner, url="http://10.0.0.1/", events=("entry.exploded",))

    assert {type(refusal) for refusal in refused.value.refusals} == {AddressRefused, EventUnknown}


def test_registering_without_the_permission_is_refused(at_acme, accountant):
    with pytest.raises(PermissionDenied):
        register(accountant)


def test_a_dry_run_registers_no_endpoint(at_acme, owner):
    assert dry_run(RegisterEndpoint(url=URL), actor=owner) == ()
    assert not Endpoint.objects.exists()


def test_a_change_of_an_endpoint_is_recorded_by_field(at_acme, owner):
    endpoint = register(owner)

    dispatch(
        ChangeEndpoint(
            endpoint_id=endpoint.pk, url=URL + "/2", description="the shop", events=("entry.posted",)
        ),
        actor=owner,
    )

    record = Record.objects.get(command="webhooks.change_endpoint")
    assert {change["field"] for change in record.changes} == {"url", "description", "events"}
    assert endpoint.history.count() == 2


def test_an_endpoint_is_disabled_with_a_reason(at_acme, owner):
    endpoint = register(owner)
    with pytest.raises(EndpointIsActive):
        dispatch(EnableEndpoint(endpoint_id=endpoint.pk), actor=owner)
    with pytest.raises(ReasonMissing):
        dispatch(DisableEndpoint(endpoint_id=endpoint.pk, reason=" "), actor=owner)

    disabled = dispatch(DisableEndpoint(endpoint_id=endpoint.pk, reason="Shop closed."), actor=owner)

    assert (disabled.state, disabled.disabled_reason) == ("disabled", "Shop closed.")
    with pytest.raises(EndpointIsDisabled):
        dispatch(DisableEndpoint(endpoint_id=endpoint.pk, reason="Again."), actor=owner)
    assert dispatch(EnableEndpoint(endpoint_id=endpoint.pk), actor=owner).is_active


def test_enabling_restarts_the_five_days_of_silence(at_acme, owner):
    endpoint = register(owner)
    with clock.moved_to(clock.now() + dt.timedelta(days=9)):
        endpoint.disable("No message was accepted for 5 days.")
        endpoint.enable()

        assert endpoint.silent_since == clock.now()


def test_an_unknown_endpoint_is_not_found(at_acme, owner):
    with pytest.raises(EndpointNotFound):
        dispatch(EnableEndpoint(endpoint_id=99), actor=owner)


def test_a_rotated_secret_is_valid_during_the_overlap(at_acme, owner):
    endpoint = register(owner)
    first = endpoint.secrets.get()

    second = dispatch(RotateSecret(endpoint_id=endpoint.pk, overlap_hours=24), actor=owner)

    assert second.new_secret != endpoint.new_secret
    assert endpoint.secrets.valid().count() == 2
    with clock.moved_to(clock.now() + dt.timedelta(hours=25)):
        assert [secret.pk for secret in endpoint.secrets.valid()] != [first.pk]
        assert endpoint.secrets.valid().count() == 1


def test_a_second_rotation_does_not_extend_the_first_secret(at_acme, owner):
    endpoint = register(owner)
    dispatch(RotateSecret(endpoint_id=endpoint.pk, overlap_hours=1), actor=owner)
    dispatch(RotateSecret(endpoint_id=endpoint.pk, overlap_hours=48), actor=owner)

    with clock.moved_to(clock.now() + dt.timedelta(hours=2)):
        assert endpoint.secrets.valid().count() == 2


def test_without_an_overlap_the_old_secret_ends_at_once(at_acme, owner):
    endpoint = register(owner)

    dispatch(RotateSecret(endpoint_id=endpoint.pk, overlap_hours=0), actor=owner)

    assert endpoint.secrets.valid().count() == 1


@pytest.mark.parametrize("hours", [-1, 24 * 30 + 1])
def test_an_overlap_out_of_range_is_refused(at_acme, owner, hours):
    endpoint = register(owner)

    with pytest.raises(OverlapOutOfRange):
        dispatch(RotateSecret(endpoint_id=endpoint.pk, overlap_hours=hours), actor=owner)


def test_a_leaked_secret_is_retired_at_once(at_acme, owner):
    endpoint = register(owner)
    leaked = endpoint.secrets.get()
    with pytest.raises(LastSecret):
        dispatch(RetireSecret(secret_id=leaked.pk, reason="It was in a log."), actor=owner)
    dispatch(RotateSecret(endpoint_id=endpoint.pk), actor=owner)

    dispatch(RetireSecret(secret_id=leaked.pk, reason="It was in a log."), actor=owner)

    assert leaked.pk not in {secret.pk for secret in endpoint.secrets.valid()}
    with pytest.raises(SecretIsRetired):
        dispatch(RetireSecret(secret_id=leaked.pk, reason="Again."), actor=owner)
    with pytest.raises(SecretNotFound):
        dispatch(RetireSecret(secret_id=99, reason="None."), actor=owner)


def test_retiring_the_only_permanent_secret_is_refused(at_acme, owner):
    """After the overlap no secret would remain."""
    endpoint = register(owner)
    dispatch(RotateSecret(endpoint_id=endpoint.pk), actor=owner)
    new = endpoint.secrets.permanent().get()

    with pytest.raises(LastSecret):
        dispatch(RetireSecret(secret_id=new.pk, reason="It was in a log."), actor=owner)
