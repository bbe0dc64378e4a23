"""E-mails about changes of accounts."""

from __future__ import annotations

from apps.events import listens_to

from .accounts import mails
from .events import AddressChanged, AddressChangeRequested
from .models import User


@listens_to(AddressChangeRequested)
def send_address_link(event: AddressChangeRequested) -> None:
    """To the new address the link, to the present one a notice. A change that was replaced or has lapsed sends
    none."""
    user = User.objects.filter(pk=event.user_id, new_email=event.new_email, is_active=True).first()
    if user is not None:
        mails.send_address_link(user)
        mails.notify_of_address_change(user)


@listens_to(AddressChanged)
def notify_former_address(event: AddressChanged) -> None:
    user = User.objects.filter(pk=event.user_id).first()
    if user is not None:
        mails.notify_former_address(user, event.former_email)
