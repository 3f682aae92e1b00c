"""Creates, edits and archives accounts; the SIP password is stored only as a digest."""

import hashlib
import secrets
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.choices import AccountKind, Charging
from accounts.models import Account, AccountTerms
from accounts.services.closing import close_accounts
from accounts.services.editing import (
    CEILINGS,
    check_account_kind,
    check_ceiling,
    check_editor,
    service_start,
)
from customers.models import Customer, User
from customers.services.audit import changed, record
from customers.services.holding import hold
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from tariffs.models import Tariff

EDITABLE = frozenset(
    {"name", "status", "max_sessions", "cps_limit", "max_call_seconds", "expires_at"}
)
LONGEST_AUTH_NAME = 80
# Without the letters and digits that people take for each other.
_ALPHABET = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789"
_PASSWORD_LENGTH = 20


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

    Atomic with the audit row; holds the customer. Its balance, where it has one, is opened by
    ``billing.services.accounts``. Raises DomainError ``taken``, ``auth_name``, ``opened_at``,
    ``above_ceiling``, ``archived``, ``switched`` for a SIP password, or ``kind`` for a customer
    that cannot have SIP accounts.
    """
    check_editor(actor, customer, "accounts.add")
    if sip_password:
        check_not_switched(actor)
    check_account_kind(customer, AccountKind.SIP)
    check_ceiling(actor, customer, values)
    clean = clean_auth_name(auth_name)
    start = service_start(customer, opened_at)
    account = Account(
        customer=customer,
        auth_name=clean,
        opened_at=start,
        digest_ha1=digest_ha1(clean, sip_password),
        **values,
    )
    with transaction.atomic():
        hold(actor=actor, customers=[customer])
        _insert(account)
        charging = Charging.BY_ITSELF if tariff else Charging.WITH_CUSTOMER
        AccountTerms.objects.create(
            account=account, charging=charging, tariff=tariff, valid_from=start
        )
        record(actor=actor, customer=customer, action="account_created", subject=account)
    return account


def edit_account(*, actor: Actor, account: Account, values: dict[str, Any]) -> Account:
    """Change name, status, limits or expiry of an account. Atomic with the audit row.

    Raises DomainError ``above_ceiling``: limits that the customer sets stay within its own.
    """
    check_editor(actor, account.customer, "accounts.edit")
    differences = changed(account, {k: v for k, v in values.items() if k in EDITABLE})
    limits = {name: differences[name][1] for name in CEILINGS.keys() & differences.keys()}
    check_ceiling(actor, account.customer, limits)
    if differences:
        with transaction.atomic():
            account.save(update_fields=sorted(differences))
            record(
                actor=actor,
                customer=account.customer,
                action="account_edited",
                subject=account,
                changes=differences,
            )
    return account


def set_status(*, actor: Actor, account: Account, status: str) -> Account:
    """Activate or deactivate an account; a card so is unblocked or blocked."""
    return edit_account(actor=actor, account=account, values={"status": status})


def set_sip_password(*, actor: Actor, account: Account, sip_password: str = "") -> str:
    """Replace the SIP password, by a generated one where none is given; returns it.

    It is stored as HA1 only, so this is the one time that anybody sees it. Raises DomainError
    ``switched`` (whoever acts as a customer changes none of its passwords), ``no_password`` for a
    card, or ``weak_password`` below 8 characters.
    """
    check_editor(actor, account.customer, "accounts.edit")
    check_not_switched(actor)
    if account.kind != AccountKind.SIP:
        raise DomainError("no_password", _("A card has a PIN and no SIP password."))
    if sip_password and len(sip_password) < 8:
        raise DomainError("weak_password", _("Enter at least 8 characters."), field="sip_password")
    password = sip_password or generate_password()
    account.digest_ha1 = digest_ha1(account.auth_name, password)
    with transaction.atomic():
        account.save(update_fields=["digest_ha1"])
        record(actor=actor, customer=account.customer, action="sip_password_set", subject=account)
    return password


def archive_account(
    *, actor: Actor, account: Account, at: datetime, reason: str = "", final_invoice: str = ""
) -> bool:
    """Take an account and its logins out of service at ``at``; whether that was still to do.

    Part of the caller's transaction, which bills it and settles its balance
    (``billing.services.accounts``); ``final_invoice`` is what the event says of that. The auth
    name stays taken, calls and ledger stay.
    """
    check_editor(actor, account.customer, "accounts.delete")
    rows = Account.objects.filter(pk=account.pk)
    if not rows.filter(archived_at=None).select_for_update(no_key=True).exists():
        return False
    close_accounts(rows, at=at)
    User.objects.filter(account=account).update(is_active=False)
    said = {"reason": reason, "final_invoice": final_invoice}
    record(
        actor=actor,
        customer=account.customer,
        action="account_archived",
        subject=account,
        changes={name: ["", text] for name, text in said.items() if text},
    )
    return True


def replace_tariffs(*, terms: QuerySet[AccountTerms], tariff: Tariff, at: datetime) -> int:
    """Charge the accounts of those of ``terms`` that are in force at ``tariff`` from ``at`` on.

    Returns how many. What came into force only after ``at``, while the caller waited for it, is
    replaced from its own start. Part of the caller's transaction, before it locks balances; locks
    the accounts.
    """
    in_force = terms.filter(valid_till=None).exclude(tariff=tariff)
    accounts = Account.objects.filter(terms__in=in_force).order_by("pk")
    locked = list(accounts.select_for_update(no_key=True, of=("self",)))
    rows = list(in_force.filter(account__in=locked).select_related("account"))
    before = [row for row in rows if row.valid_from < at]
    AccountTerms.objects.filter(pk__in=[row.pk for row in before]).update(valid_till=at)
    AccountTerms.objects.filter(pk__in=[row.pk for row in rows], valid_till=None).update(
        tariff=tariff
    )
    by_itself = Charging.BY_ITSELF
    AccountTerms.objects.bulk_create(
        [
            AccountTerms(account=row.account, charging=by_itself, tariff=tariff, valid_from=at)
            for row in before
        ]
    )
    return len(rows)


def check_not_switched(actor: Actor) -> None:
    """Raise DomainError ``switched``: whoever acts as a customer sets none of its SIP passwords."""
    if actor.is_switched:
        raise DomainError(
            "switched", _("Passwords are not set while switched."), field="sip_password"
        )


def clean_auth_name(text: str) -> str:
    """An auth name without spaces around it; raises DomainError ``auth_name``."""
    clean = text.strip()
    if not clean or clean.split() != [clean] or len(clean) > LONGEST_AUTH_NAME:
        raise DomainError("auth_name", _("Enter a name without spaces."), field="auth_name")
    return clean


def generate_password() -> str:
    """A random SIP password, some 115 bits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_PASSWORD_LENGTH))


def digest_ha1(auth_name: str, sip_password: str) -> str:
    """HA1 of RFC 2617, by which a switch checks a digest; empty without a password."""
    if not sip_password:
        return ""
    text = f"{auth_name}:{settings.SIP_REALM}:{sip_password}"
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _insert(account: Account) -> None:
    try:
        with transaction.atomic():
            account.save(force_insert=True)
    except IntegrityError as error:
        raise DomainError("taken", _("This auth name is taken."), field="auth_name") from error
