"""The handlers of service accounts. Each token is made here, inside the transaction that stores its digest, so a
repeated request has none to show."""

from __future__ import annotations

import datetime as dt

from apps.bus import handles
from apps.events import publish
from apps.kernel.actors import Actor, acting
from apps.kernel.clock import now
from apps.kernel.errors import together
from apps.kernel.reasons import reason_must_be_given
from apps.kernel.tenant import current_tenant

from . import events, rules, tokens
from .commands import CreateServiceAccount, RevokeServiceAccount, RotateServiceAccountToken
from .errors import ReasonMissing
from .models import ServiceAccount, ServiceToken


@handles(CreateServiceAccount, emits=(events.ServiceAccountCreated,))
def create_service_account(command: CreateServiceAccount) -> ServiceAccount:
    """The result has the `new_token`, once."""
    with together() as checks:
        checks.check(rules.name_must_be_given, command.name, command.purpose)
        checks.check(rules.name_must_be_free, command.name)
        owner = checks.check(rules.owner_must_be_active, command.owner_id)
        scopes = checks.check(rules.scopes_must_be_grantable, command.scopes, _granter())
        expires_at = checks.check(rules.expiry_must_be_in_range, command.expires_on)

    account = ServiceAccount.objects.create(
        name=command.name, purpose=command.purpose, owner=owner, scopes=scopes, created_at=now()
    )
    _add_token(account, expires_at)

    publish(
        events.ServiceAccountCreated(
            service_account_id=account.pk,
            service_account_name=account.name,
            owner_id=owner.pk,
            scopes=tuple(scopes),
            expires_at=expires_at,
        )
    )
    return account


@handles(RotateServiceAccountToken, emits=(events.ServiceAccountTokenRotated,))
def rotate_service_account_token(command: RotateServiceAccountToken) -> ServiceAccount:
    """The result has the `new_token`, once."""
    account = rules.account_must_be_active(command.service_account_id)
    with together() as checks:
        checks.check(rules.scopes_must_be_grantable, account.scopes, _granter())
        expires_at = checks.check(rules.expiry_must_be_in_range, command.expires_on)
        overlap = checks.check(rules.overlap_must_be_in_range, command.overlap_hours)

    former_until = now() + overlap
    account.tokens.all().end_by(former_until)
    _add_token(account, expires_at)

    publish(
        events.ServiceAccountTokenRotated(
            service_account_id=account.pk,
            service_account_name=account.name,
            expires_at=expires_at,
            former_until=former_until,
        )
    )
    return account


@handles(RevokeServiceAccount, emits=(events.ServiceAccountRevoked,))
def revoke_service_account(command: RevokeServiceAccount) -> ServiceAccount:
    reason = reason_must_be_given(command.reason, ReasonMissing)
    account = rules.account_must_be_active(command.service_account_id)

    account.revoke(reason)

    publish(
        events.ServiceAccountRevoked(
            service_account_id=account.pk, service_account_name=account.name, reason=reason
        )
    )
    return account


def _add_token(account: ServiceAccount, expires_at: dt.datetime) -> None:
    tenant = current_tenant()
    account.new_token = tokens.new_token()
    ServiceToken.objects.create(
        account=account,
        digest=tokens.digest_of(account.new_token),
        tenant_epoch=tenant.epoch if tenant else 0,
        issued_at=now(),
        expires_at=expires_at,
    )


def _granter() -> Actor:
    actor = acting()
    if actor is None:
        raise RuntimeError("A command of service accounts is handled by the bus only.")
    return actor
