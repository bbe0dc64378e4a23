"""What identity plugs in: the owner of a new tenant, and the handlers of its rooms, which are found by name only in the
app itself."""

from collections.abc import Iterable

from apps.kernel.personal import EMAIL, NAME, SECRET, personal, stays_home
from apps.tenancy.hooks import NewTenant, set_up

from .commands import InviteUser
from .impersonation import handlers as _support  # noqa: F401


@set_up("people")
def owner(new: NewTenant) -> Iterable[InviteUser]:
    yield InviteUser(email=new.owner_email, name=new.owner_name or new.owner_email, role="owner")


personal("identity.User", email=EMAIL, name=NAME, password=SECRET)
personal("account.EmailAddress", email=EMAIL)
stays_home("account.EmailConfirmation", "identity.ApiSession", "identity.RefreshToken")
stays_home("identity.Impersonation", "identity.Visit")
