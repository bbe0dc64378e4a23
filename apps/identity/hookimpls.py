"""The hooks of identity: the owner of a new tenant, PII, and the handlers in its subpackages, which autodiscovery does
not find."""

from collections.abc import Iterable

from apps.kernel.pii import EMAIL, NAME, SECRET, declare_pii, exclude_from_clones
from apps.tenancy.hooks import NewTenant, TenantRequest, request_check, set_up

from . import rules
from .accounts import handlers as _accounts  # noqa: F401 - registers itself on import
from .commands import InviteUser
from .invitations import handlers as _invitations  # noqa: F401 - registers itself on import


@request_check
def owner_email_must_be_well_formed(request: TenantRequest) -> None:
    rules.email_must_be_well_formed(request.owner_email)


@set_up("people")
def owner(new: NewTenant) -> Iterable[InviteUser]:
    yield InviteUser(email=new.owner_email, name=new.owner_name or new.owner_email, role="owner")


declare_pii("identity.User", email=EMAIL, new_email=EMAIL, name=NAME, password=SECRET)
declare_pii("identity.Invitation", email=EMAIL, name=NAME, invited_by=NAME)
declare_pii("account.EmailAddress", email=EMAIL)
exclude_from_clones("account.EmailConfirmation", "identity.ApiSession", "identity.RefreshToken")
exclude_from_clones("identity.Invitation")
