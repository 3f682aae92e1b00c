"""Archives a customer: guards, settlement of every balance, the end of all it owns."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import now

from accounts.services.closing import close_all
from billing.choices import EntryKind
from billing.models import Balance
from billing.services.maintenance import bring_to_zero
from billing.services.periods import periods_for
from customers.models import Customer
from customers.services.audit import record
from customers.services.customers import archive_row
from customers.services.tree import lock_tree_of
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from tariffs.services.assignments import end_assignment

SURPLUS = (EntryKind.PAY_OUT, EntryKind.FORFEIT)


def archive_customer(*, actor: Actor, customer: Customer, surplus: str, reason: str) -> None:
    """Take a direct customer out of service for good; it ends with every balance 0.

    Live sub-customers refuse (DomainError ``has_customers``, with the count). A debt is written
    off; a positive balance, accounts' too, is paid out or forfeited (``surplus``: pay_out or
    forfeit), each by its own entry with ``reason``. Accounts, trunks and hosts end, calls and
    ledger stay. One transaction, under the lock of the tree; archiving twice changes nothing.
    """
    if not customer.is_direct_of(actor) or not actor.can("customers.delete"):
        raise PermissionDenied
    if surplus not in SURPLUS:
        raise DomainError("surplus", "Choose what happens to the balance.", field="surplus")
    with transaction.atomic():
        fresh = lock_tree_of(customer.pk)
        if fresh.archived_at is not None:
            return
        live = Customer.objects.direct_of(customer.pk).count()
        if live:
            raise DomainError("has_customers", f"It has {live} live sub-customers.")
        at = now()
        _settle(actor, customer, surplus, reason)
        close_all(customer=customer, at=at)
        end_assignment(customer=customer, at=at)
        archive_row(customer=customer, at=at)
        record(
            actor=actor,
            customer=customer,
            action="customer_archived",
            subject=customer,
            changes={"reason": ["", reason]},
        )


def _settle(actor: Actor, customer: Customer, surplus: str, reason: str) -> None:
    """Periods are opened before the locks; debt or surplus is told under them."""
    balances = Balance.objects.filter(customer=customer)
    known, moment = balances.in_bulk(), now()
    periods_for(known, [(pk, moment) for pk in known])
    for balance in balances.order_by("pk").select_for_update(no_key=True, of=("self",)):
        kind = EntryKind.WRITE_OFF if balance.amount < 0 else surplus
        bring_to_zero(
            actor=actor, balance=balance, kind=kind, reason=reason, key=f"archive:{balance.pk}"
        )
