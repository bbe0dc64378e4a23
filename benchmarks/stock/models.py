"""The minimal models for stock django-tenants."""

from django.db import models
from django_tenants.models import DomainMixin, TenantMixin


class Client(TenantMixin):
    auto_create_schema = False

    class Meta:
        app_label = "stock"


class Domain(DomainMixin):
    class Meta:
        app_label = "stock"


class TenantName(models.Model):  # noqa: DJ008 - never displayed
    """One row in each tenant's schema: the schema's own name."""

    name = models.CharField(max_length=63)

    class Meta:
        app_label = "stock"
