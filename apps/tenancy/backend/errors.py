"""What a connection refuses."""

from apps.kernel.errors import Unavailable


class OutsideTransaction(Unavailable):
    message = (
        "Behind a transaction pooler a tenant's data is reached inside a transaction only;"
        " this statement for tenant {tenant} is outside of one."
    )


class TenantNotSet(Unavailable):
    message = (
        "In this thread nobody has said whose data it is. Start it with copy_context().run,"
        " or say activate(None) where it is the platform's."
    )
