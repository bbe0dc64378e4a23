"""Attachments of objects of a module that is outside the plan of the tenant."""

from __future__ import annotations

import pytest

from apps.attachments import queries
from apps.attachments.commands import RemoveAttachment
from apps.attachments.errors import AttachmentNotFound, SubjectNotFound
from apps.billing.commands import ChangePlan, DefinePlan
from apps.bus import dispatch
from apps.kernel.actors import System
from apps.kernel.tenant import activate
from tests.support.attaching import attached
from tests.support.plans import UNLIMITED
from tests.support.shop import ordered

PLATFORM = System("Tests")


@pytest.fixture
def core_plan(acme):
    """Changes the plan of acme to one without licensed modules."""

    def change() -> None:
        plan = DefinePlan(code="core", name="Core", level=1, modules=(), limits=UNLIMITED)
        with activate(None):
            dispatch(plan, actor=PLATFORM)
            dispatch(ChangePlan(tenant_id=acme.id, plan="core", reason="test"), actor=PLATFORM)

    return change


def test_an_attachment_of_an_unavailable_module_is_neither_listed_nor_served(
    shop, controller, accountant, client_for, core_plan
):
    order = dispatch(ordered(), actor=controller)
    number = attached(order.pk, accountant, subject_type="sales.order").pk
    client, content = client_for(accountant), f"/t/acme/api/v1/attachments/{number}/content/"
    page = f"/t/acme/attachments/attachment/{number}/download/"
    assert client.get(content).status_code == client.get(page).status_code == 200

    core_plan()

    assert queries.visible_subject(accountant, "sales.order", order.pk) is None
    assert client.get("/t/acme/api/v1/attachments/").json()["results"] == []
    assert client.get(content).status_code == client.get(page).status_code == 404
    assert client.get(f"/t/acme/attachments/of/sales.order/{order.pk}/attach/").status_code == 404


def test_nothing_is_attached_to_an_object_of_an_unavailable_module_or_removed(
    shop, controller, accountant, core_plan
):
    order = dispatch(ordered(), actor=controller)
    attachment = attached(order.pk, accountant, subject_type="sales.order")

    core_plan()

    with pytest.raises(SubjectNotFound):
        attached(order.pk, accountant, subject_type="sales.order")
    with pytest.raises(AttachmentNotFound):
        dispatch(RemoveAttachment(attachment_id=attachment.pk, reason="wrong"), actor=accountant)
