"""What a connection refuses."""

from apps.kernel.errors import Unavailable


class OutsideTransaction(Unavailable):
    message = (
        "Behind a transaction pooler a tenant's data is reached inside a transaction only;"
        " this statement for tenant {tenant} is outside of one."
    )
