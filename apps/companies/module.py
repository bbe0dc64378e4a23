from django.utils.translation import gettext_lazy as _

from apps.kernel.manifest import Module

MODULE = Module(
    name="companies",
    version="1.0.0",
    description=_("The companies of a tenant, and their hierarchy."),
    dependencies=("audit", "identity"),
    router="apps.companies.api.urls",
    grants={
        "owner": ("companies.manage_companies", "companies.view_company"),
        "controller": ("companies.view_company",),
        "accountant": ("companies.view_company",),
        "auditor": ("companies.view_company",),
    },
)
