"""Fees of a balance: added, changed and ended by who bills it; drafts to come go by them."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from billing.models import Balance, Fee
from billing.services.maintenance import check_pair, check_payer
from customers.services.audit import changed, record
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from softswitch.core.validation import check_columns

CHANGEABLE = frozenset(
    {"name", "price", "quantity", "starts_on", "ends_on", "is_prorated", "is_taxed"}
)
LARGEST = Decimal(10) ** 12


def add_fee(
    *,
    actor: Actor,
    balance: Balance,
    kind: str,
    name: str,
    price: Decimal,
    quantity: Decimal,
    starts_on: date,
    ends_on: date | None,
    is_prorated: bool,
    is_taxed: bool,
    key: UUID,
) -> Fee:
    """A fee of a balance that the actor's customer bills, in the balance's currency.

    ``key`` comes with the form: pressing twice adds one. Locks the balance; atomic with the audit.
    Raises PermissionDenied, DomainError ``invalid``, ``closed``, ``archived`` or ``key_reused``.
    """
    check_pair(actor, balance)
    fee = Fee(
        kind=kind,
        name=name,
        price=price,
        quantity=quantity,
        starts_on=starts_on,
        ends_on=ends_on,
        is_prorated=is_prorated,
        is_taxed=is_taxed,
        creation_key=key,
    )
    _check(fee)
    with transaction.atomic():
        fee.balance = _locked(balance.pk)
        if (made := _made(key, balance)) is not None:
            return made
        check_payer(fee.balance)
        fee.save(force_insert=True)
        _record(actor, fee, "fee_added", {"price": ["", fee.price]})
    return fee


def change_fee(*, actor: Actor, fee: Fee, values: Mapping[str, Any]) -> Fee:
    """Change columns of a fee (CHANGEABLE); what invoices say already stays as it is.

    Locks the balance; atomic with the audit row. Raises as add_fee.
    """
    check_pair(actor, fee.balance)
    wrong = set(values) - CHANGEABLE
    if wrong:
        raise DomainError("invalid", _("This cannot be changed."), field=min(wrong))
    with transaction.atomic():
        check_payer(_locked(fee.balance_id))
        fresh: Fee = Fee.objects.select_related("balance__customer").get(pk=fee.pk)
        differences = changed(fresh, dict(values))
        if differences:
            _check(fresh)
            fresh.save(update_fields=sorted(differences))
            _record(actor, fresh, "fee_changed", differences)
    return fresh


def end_fee(*, actor: Actor, fee: Fee, ends_on: date) -> Fee:
    """Bill a fee up to ``ends_on`` and no further; one that was never billed may end as it starts.

    Else as change_fee.
    """
    return change_fee(actor=actor, fee=fee, values={"ends_on": ends_on})


def _locked(balance_id: int) -> Balance:
    rows = Balance.objects.select_related("customer").select_for_update(no_key=True, of=("self",))
    balance: Balance = rows.get(pk=balance_id)
    return balance


def _made(key: UUID, balance: Balance) -> Fee | None:
    """The fee that this form added already."""
    made: Fee | None = Fee.objects.filter(creation_key=key).first()
    if made is not None and made.balance_id != balance.pk:
        raise DomainError("key_reused", _("This form was already used for another fee."))
    return made


def _check(fee: Fee) -> None:
    fee.name = " ".join(fee.name.split())
    if not fee.name:
        raise DomainError("invalid", _("Enter a name."), field="name")
    columns = ["kind", "name", "price", "quantity", "starts_on", "is_prorated", "is_taxed"]
    check_columns(fee, columns if fee.ends_on is None else [*columns, "ends_on"])
    for name in ("price", "quantity"):
        if not 0 < getattr(fee, name) < LARGEST:
            raise DomainError("invalid", _("Enter a number above 0."), field=name)
    if fee.ends_on is not None and fee.ends_on < fee.starts_on:
        raise DomainError("invalid", _("It cannot end before it starts."), field="ends_on")


def _record(actor: Actor, fee: Fee, action: str, changes: dict[str, list[Any]]) -> None:
    record(
        actor=actor,
        customer=fee.balance.customer,
        action=action,
        subject=fee,
        changes=changes,
    )
