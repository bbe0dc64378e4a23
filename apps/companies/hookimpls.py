"""Implementation of a hook: the first company of a new tenant."""

from collections.abc import Iterable

from apps.tenancy.hooks import NewTenant, set_up

from .commands import FoundCompany


@set_up("structure", order=10)
def first_company(new: NewTenant) -> Iterable[FoundCompany]:
    yield FoundCompany(code="MAIN", name=new.tenant.name, currency=new.currency)
