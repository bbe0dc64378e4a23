"""What identity plugs in: the owner of a new tenant."""

from collections.abc import Iterable

from apps.tenancy.hooks import NewTenant, set_up

from .commands import InviteUser


@set_up("people")
def owner(new: NewTenant) -> Iterable[InviteUser]:
    yield InviteUser(email=new.owner_email, name=new.owner_name or new.owner_email, role="owner")
