"""The journal of erasures. It outlives the tenant, and holds only the data needed to erase the tenant again."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext


class Erasure(models.Model):
    """The erasure of a tenant. Inserted before any data is deleted, and append-only.

    number      the id of the tenant; it exists again after a restore of the database
    created_at  creation of the tenant, to distinguish it from a later tenant with the same id
    dropped     the footprint of the tenant
    """

    number = models.BigIntegerField()
    slug = models.CharField(max_length=40)
    schema_name = models.CharField(max_length=63)
    role_name = models.CharField(max_length=63, blank=True)
    database = models.CharField(max_length=40)
    created_at = models.DateTimeField()
    requested_by = models.CharField(max_length=200)
    reason = models.TextField()
    dropped = models.JSONField()
    erased_at = models.DateTimeField()

    class Meta:
        app_label = "tenancy"
        default_permissions = ("view",)
        constraints = [models.UniqueConstraint(name="tenant_erased_once", fields=["number", "created_at"])]

    def __str__(self) -> str:
        return gettext("tenant {number} ({slug})").format(number=self.number, slug=self.slug)
