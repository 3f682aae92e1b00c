"""Archives a customer: guards, settlement of every balance, the end of all it owns."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils.timezone import now
from django.utils.translation import ngettext

from accounts.models import Account
from accounts.selectors.vouchers import VoucherSum
from accounts.services.closing import close_accounts, close_all
from accounts.services.vouchers import forfeit_unused
from billing.choices import FinalInvoice
from billing.models import Balance, Suspension
from billing.selectors.lifecycle import live_calls
from billing.services.closing import close_ended
from billing.services.final_invoices import Ending, bill_rest, check_choices, settle_rest
from billing.services.maintenance import check_reason
from billing.services.periods import open_until
from billing.services.suspensions import end_dunning
from customers.models import Customer, User
from customers.services.audit import record
from customers.services.customers import archive_row
from customers.services.tree import lock_tree_of
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from tariffs.services.assignments import end_assignment

BATCH = 100  # accounts


def archive_customer(
    *,
    actor: Actor,
    customer: Customer,
    surplus: str,
    reason: str,
    final_invoice: str = FinalInvoice.ISSUE,
) -> None:
    """Take a direct customer out of service for good; it ends with every balance 0.

    Live sub-customers and live calls refuse (DomainError ``has_customers``, ``live_calls``, with
    the count). The open periods, accounts' too, close at that instant, and all drafts are issued or
    discarded (``final_invoice``: issue or discard). After that a debt is written off, a positive
    balance paid out or forfeited (``surplus``: pay_out or forfeit), each by its own entry with
    ``reason``; its unused vouchers are forfeited, which the event says, as no balance holds their
    value. Accounts, trunks and hosts end; calls and ledger stay. One transaction, under the locks
    of the tree, its accounts, the balances, then the vouchers, as charging and redemption lock
    them; archiving twice changes nothing.

    Of more than BATCH accounts with balances the first end before that, each batch in a transaction
    of its own, so that charging waits for none of it for long: what stops it on the way leaves
    those archived, and archiving again goes on.
    """
    if not customer.is_direct_of(actor) or not actor.can("customers.delete"):
        raise PermissionDenied
    check_choices(surplus=surplus, final_invoice=final_invoice)
    ending = Ending(final_invoice, surplus, reason)
    while _end_accounts(actor, customer, ending):
        continue
    _archive(actor, customer, ending)


def _archive(actor: Actor, customer: Customer, ending: Ending) -> None:
    """The customer, with what is left of its accounts; nothing where it is archived already."""
    with transaction.atomic():
        if not _lock(actor, customer):
            return
        at = now()
        archive_row(customer=customer, at=at)
        close_all(customer=customer, at=at)
        end_assignment(customer=customer, at=at)
        balances = Balance.objects.filter(customer=customer, closed_at=None)
        _settle(actor, customer, balances, ending, at)
        forfeited = forfeit_unused(customer=customer, at=at)
        record(
            actor=actor,
            customer=customer,
            action="customer_archived",
            subject=customer,
            changes={"reason": ["", ending.reason], "final_invoice": ["", ending.final_invoice]}
            | _forfeited(forfeited),
        )


def _end_accounts(actor: Actor, customer: Customer, ending: Ending) -> bool:
    """End a batch of accounts with balances where there are more; whether it did."""
    accounts = Account.objects.live().filter(customer=customer, balance__isnull=False)
    if accounts.count() <= BATCH:
        return False
    with transaction.atomic():
        if not _lock(actor, customer):
            return False
        at, ids = now(), list(accounts.order_by("pk").values_list("pk", flat=True)[:BATCH])
        close_accounts(Account.objects.filter(pk__in=ids), at=at)
        User.objects.filter(account__in=ids).update(is_active=False)
        _settle(actor, customer, Balance.objects.filter(account__in=ids), ending, at)
        record(
            actor=actor,
            customer=customer,
            action="accounts_archived",
            subject=customer,
            changes={"reason": ["", ending.reason], "accounts": ["", len(ids)]},
        )
    return True


def _lock(actor: Actor, customer: Customer) -> bool:
    """Lock the tree; whether archiving is still to do, and nothing below or above forbids it."""
    fresh = lock_tree_of(customer.pk)
    if fresh.archived_at is not None:
        return False
    if not fresh.is_direct_of(actor):  # it moved away meanwhile
        raise PermissionDenied
    live = Customer.objects.direct_of(customer.pk).count()
    if live:
        raise DomainError(
            "has_customers",
            ngettext(
                "It has %(count)s live sub-customer.",
                "It has %(count)s live sub-customers.",
                live,
            )
            % {"count": live},
        )
    return True


def _settle(
    actor: Actor, customer: Customer, balances: QuerySet[Balance], ending: Ending, at: datetime
) -> None:
    """Periods are opened before the locks; debt or surplus is told under them, after the invoices.

    What is between the customer and an owner that it has left stays that owner's. The keys are of
    this moment: what late calls leave on an account that ended in a batch is settled once more.
    """
    check_reason(ending.reason)
    open_until(balances.in_bulk(), at)
    locked = list(balances.order_by("pk").select_for_update(no_key=True, of=("self",)))
    live = live_calls(customer)
    if live:
        raise DomainError(
            "live_calls",
            ngettext(
                "Calls are going on: they hold money of %(count)s balance. Try later.",
                "Calls are going on: they hold money of %(count)s balances. Try later.",
                live,
            )
            % {"count": live},
        )
    close_ended(balances=locked, at=at)
    bill_rest(actor=actor, balances=locked, ending=ending)
    dunned = Suspension.objects.standing().values("balance")
    for balance in balances.filter(pk__in=dunned):
        end_dunning(actor=actor, balance=balance, at=at)
    for balance in balances.exclude(amount=0).order_by("pk"):
        key = f"archive:{balance.pk}:{at.timestamp()}"
        settle_rest(actor=actor, balance=balance, ending=ending, key=key, at=at)


def _forfeited(sums: list[VoucherSum]) -> dict[str, list[object]]:
    """How many vouchers were forfeited, and their value in each currency; nothing for none."""
    if not sums:
        return {}
    worth = ", ".join(f"{row.total.normalize():f} {row.currency}" for row in sums)
    count = sum(row.count for row in sums)
    return {"vouchers_forfeited": ["", count], "value_forfeited": ["", worth]}
