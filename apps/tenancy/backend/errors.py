"""Refusals of a connection."""

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Unavailable


class OutsideTransaction(Unavailable):
    message = _(
        "Behind a transaction pooler a tenant's data is reached inside a transaction only;"
        " this statement for tenant {tenant} is outside of one."
    )


class TenantNotSet(Unavailable):
    message = _(
        "This thread has no current tenant. Start it with copy_context().run,"
        " or call activate(None) for the platform."
    )
