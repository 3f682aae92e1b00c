"""Creates and edits accounts; the SIP password is stored only as a digest."""

import hashlib
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils.timezone import now

from accounts.choices import Charging
from accounts.models import Account, AccountTerms
from customers.models import Customer
from customers.services.audit import changed, record
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from tariffs.models import Tariff

EDITABLE = frozenset({"name", "status", "max_sessions", "cps_limit", "max_call_seconds"})


def create_account(
    *,
    actor: Actor,
    customer: Customer,
    auth_name: str,
    sip_password: str = "",
    tariff: Tariff | None = None,
    opened_at: datetime | None = None,
    **values: Any,
) -> Account:
    """A SIP account of ``customer``, charged by itself at ``tariff``, else with the customer.

    Atomic with the audit row; its balance, where it has one, is opened by
    ``billing.services.accounts``. Raises DomainError ``taken``, ``auth_name``, ``opened_at``.
    """
    check_editor(actor, customer, "accounts.add")
    clean = auth_name.strip()
    if not clean or clean.split() != [clean]:
        raise DomainError("auth_name", "Enter a name without spaces.", field="auth_name")
    start = service_start(customer, opened_at)
    account = Account(
        customer=customer,
        auth_name=clean,
        opened_at=start,
        digest_ha1=digest_ha1(clean, sip_password),
        **values,
    )
    try:
        with transaction.atomic():
            account.save(force_insert=True)
    except IntegrityError as error:
        raise DomainError("taken", "This auth name is taken.", field="auth_name") from error
    AccountTerms.objects.create(
        account=account,
        charging=Charging.BY_ITSELF if tariff else Charging.WITH_CUSTOMER,
        tariff=tariff,
        valid_from=start,
    )
    record(actor=actor, customer=customer, action="account_created", subject=account)
    return account


def edit_account(
    *, actor: Actor, account: Account, values: dict[str, Any], sip_password: str = ""
) -> Account:
    """Change an account; a new SIP password replaces the digest and is shown nowhere.

    Raises DomainError ``switched``: whoever acts as the customer changes none of its passwords.
    """
    check_editor(actor, account.customer, "accounts.edit")
    if sip_password and actor.is_switched:
        raise DomainError(
            "switched", "Passwords are not changed while switched.", field="sip_password"
        )
    differences = changed(account, {k: v for k, v in values.items() if k in EDITABLE})
    if sip_password:
        account.digest_ha1 = digest_ha1(account.auth_name, sip_password)
    with transaction.atomic():
        account.save(update_fields=[*sorted(differences), "digest_ha1"])
        if differences or sip_password:
            record(
                actor=actor,
                customer=account.customer,
                action="account_edited",
                subject=account,
                changes=differences,
            )
    return account


def service_start(customer: Customer, opened_at: datetime | None) -> datetime:
    """From when something of ``customer`` is in service: now, or earlier, but not before it."""
    start = opened_at or now()
    if not customer.is_root and start < customer.opened_at:
        raise DomainError(
            "opened_at", "This is before the customer's own start.", field="opened_at"
        )
    return start


def digest_ha1(auth_name: str, sip_password: str) -> str:
    """HA1 of RFC 2617, by which a switch checks a digest; empty without a password."""
    if not sip_password:
        return ""
    text = f"{auth_name}:{settings.SIP_REALM}:{sip_password}"
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def check_editor(actor: Actor, customer: Customer, right: str) -> None:
    """The customer itself or its owner, with ``right``; raises PermissionDenied."""
    near = customer.pk == actor.customer_id or customer.is_direct_of(actor)
    if not near or not actor.can(right):
        raise PermissionDenied
