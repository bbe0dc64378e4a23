"""A restore under a former short name: allowed under the former id of the tenant, and refused beside another tenant."""

from __future__ import annotations

import pytest

from apps.backups.restores.planning import Target, valid_plan
from apps.kernel.clock import now
from apps.kernel.tenant import activate
from apps.tenancy.errors import SlugWasUsed
from apps.tenancy.models import FormerSlug, Tenant

NOVEL = Target(slug="novel", database="home")


@pytest.fixture
def renamed_and_gone(db):
    """The id of a tenant that had the name, was renamed, and whose row was lost."""
    with activate(None):
        tenant = Tenant.objects.create(
            id=90,
            slug="novel",
            name="X",
            owner_email="x@x.example",
            schema_name="tenant_90",
            created_at=now(),
        )
        tenant.slug = "ballad"
        tenant.save(update_fields=["slug"])
        Tenant.objects.filter(pk=tenant.pk).delete()
        assert FormerSlug.objects.get().slug == "novel"
        yield 90


def manifest_of(tenant_id, slug="novel"):
    source = {
        "id": tenant_id,
        "slug": slug,
        "name": "X",
        "owner_email": "x@x.example",
        "region": "",
        "epoch": 0,
        "state": "active",
        "trial_ends_on": None,
        "created_at": "2025-01-01T00:00:00+00:00",
    }
    return {"made_at": "2026-01-09T12:00:00+00:00", "domains": [], "tenant": source}


def test_a_tenant_has_its_former_name_again_after_a_restore_under_its_former_id(renamed_and_gone):
    assert valid_plan(manifest_of(renamed_and_gone), NOVEL).number == renamed_and_gone


def test_a_restore_under_another_id_does_not_get_the_former_name(renamed_and_gone):
    for manifest in (manifest_of(91), manifest_of(renamed_and_gone, slug="ballad")):
        with pytest.raises(SlugWasUsed):
            valid_plan(manifest, NOVEL)
