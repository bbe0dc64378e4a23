"""Features in the lifecycle of a tenant: set up at onboarding, disabled by suspension, enabled by activation."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from apps.audit.models import Record
from apps.bus import dispatch
from apps.flags import queries
from apps.flags.models import FeatureConfiguration
from apps.kernel.tenant import activate
from apps.operations.commands import ActivateTenant, ArchiveTenant, OnboardTenant, SuspendTenant
from apps.webhooks.flag_declarations import SENDING
from tests.support.published_flags import KEY, document, publish

WHY = "Three invoices are unpaid."


@pytest.mark.physical_copy
def test_onboarding_makes_the_feature_configuration_of_the_tenant(operator):
    command = OnboardTenant(slug="initech", name="Initech", owner_email="ida@initech.example")

    tenant = dispatch(command, actor=operator)

    with activate(tenant.info):
        configuration = FeatureConfiguration.objects.get()
        assert (configuration.plan, configuration.disabled_at) == ("all", None)
        assert Record.objects.filter(command="flags.set_up_features").exists()
        assert queries.is_on(SENDING)


def test_features_are_off_while_a_tenant_is_suspended_and_come_back(operator, acme, globex):
    publish(document())
    dispatch(SuspendTenant(tenant_id=acme.id, reason=WHY), actor=operator)

    with activate(acme):
        assert FeatureConfiguration.objects.get().reason == WHY
        assert (queries.evaluation(KEY).value, queries.evaluation(KEY).reason) == (
            False,
            "NARROWED_BY_TENANT",
        )
        assert not queries.is_on(SENDING)
    with activate(globex):
        assert queries.evaluation(KEY).value is True

    dispatch(ActivateTenant(tenant_id=acme.id, reason="All is paid."), actor=operator)

    with activate(acme):
        assert FeatureConfiguration.objects.get().disabled_at is None
        assert queries.evaluation(KEY).value is True
        assert queries.is_on(SENDING)


@pytest.mark.parametrize("is_suspended", [False, True])
def test_an_archived_tenant_reads_its_modules_and_changes_nothing(
    operator, acme, owner, client_for, is_suspended
):
    publish(document())
    if is_suspended:
        dispatch(SuspendTenant(tenant_id=acme.id, reason=WHY), actor=operator)
    dispatch(ArchiveTenant(tenant_id=acme.id, reason="The contract has ended."), actor=operator)

    client = client_for(owner)

    for module in ("sales/orders", "payments/payments", "inventory/items", "webhooks/endpoints"):
        assert client.get(f"/t/acme/api/v1/{module}/").status_code == 200, module
    response = client.post(
        "/t/acme/api/v1/sales/customers/",
        {"code": "A", "name": "A", "email": "", "address": ""},
        content_type="application/json",
    )
    assert response.status_code == 403
    assert response.json()["code"].startswith("tenancy.")
    with activate(acme):
        assert queries.evaluation(KEY).value is True


@pytest.mark.parametrize(
    "row",
    ["(2, 'all', now(), NULL, '')", "(1, 'all', now(), now(), '')", "(1, 'all', now(), NULL, 'why')"],
)
def test_raw_sql_stores_one_configuration_with_a_reason_only_while_it_is_disabled(row, at_acme):
    statement = (
        f"INSERT INTO flags_featureconfiguration (id, plan, made_at, disabled_at, reason) VALUES {row}"
    )

    with transaction.atomic(), connection.cursor() as cursor, pytest.raises(IntegrityError):
        cursor.execute(statement)
