"""Moves a customer with all below it to another owner: tree, tariff, balance and period at once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.choices import FinalInvoice, Mode
from billing.models import Balance
from billing.selectors.lifecycle import live_calls
from billing.selectors.parties import payer_data
from billing.services.alerts import end_alerts
from billing.services.closing import close_ended
from billing.services.final_invoices import Ending, bill_rest, check_choices, settle_rest
from billing.services.maintenance import check_reason
from billing.services.periods import open_until
from billing.services.suspensions import end_dunning
from billing.services.tariffs import follow_tariff
from customers.models import Customer
from customers.selectors.moves import OWNER_KINDS, is_own_or_below, may_move
from customers.services.audit import record
from customers.services.handover import forget_owner
from customers.services.tree import lock_trees_of, move_node
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from tariffs.models import Tariff
from tariffs.services.assignments import replace_assignment

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class NewTerms:
    """What the customer pays its new owner by: one of that owner's tariffs, and its own balance.

    ``currency`` is the present one or the tariff's; ``credit_limit`` is in it. The present mode
    stays where ``mode`` is empty, and so does the currency. The calendar of periods goes on.
    """

    tariff: Tariff
    currency: str = ""
    mode: str = ""
    credit_limit: Decimal = Decimal(0)


def move_customer(
    *,
    actor: Actor,
    customer: Customer,
    owner: Customer,
    terms: NewTerms,
    surplus: str,
    reason: str,
    final_invoice: str = FinalInvoice.ISSUE,
) -> Customer:
    """Let ``owner`` own ``customer`` from this instant on; both stand below the actor's customer.

    The open period with the old owner closes at that instant; its drafts are issued or discarded
    (``final_invoice``), then its balance ends at 0 (a debt written off, a positive one paid out or
    forfeited: ``surplus``, with ``reason``) and closes; a new one opens. Under the locks of both
    trees, then of the balance. Raises PermissionDenied, DomainError of a field, ``same_owner``,
    ``into_own_subtree``, ``too_deep``, ``live_calls``, ``moved``, or what issuing refuses.
    """
    check_choices(surplus=surplus, final_invoice=final_invoice)
    with transaction.atomic():
        node, _parent = lock_trees_of(customer, owner)
        fresh = Customer.objects.get(pk=owner.pk)
        _check_parties(actor, node, fresh, expected_owner=customer.owner_id)
        _check_terms(fresh, terms)
        at, before = now(), node.owner
        node = move_node(customer=node, owner=fresh, at=at)
        _change_tariffs(actor, node, terms.tariff, at)
        old = _close_balance(actor, node, Ending(final_invoice, surplus, reason), at)
        kept = forget_owner(customer=node)  # after the invoice, which goes by what it forgets
        new = _open_balance(old, fresh, terms, at)
        kept |= {"reason": ["", reason], "final_invoice": ["", final_invoice]}
        _record_for_each(actor, node, at, terms, kept=kept)
        record(
            actor=actor,
            customer=actor.customer,
            action="customer_moved",
            subject=node,
            changes={"owner": [before, fresh], "currency": [old.currency_id, new.currency_id]},
        )
    return node


def _check_parties(
    actor: Actor, node: Customer, owner: Customer, *, expected_owner: int | None
) -> None:
    """Under the locks of both trees, so that what is true here stays true."""
    if not may_move(actor, node) or not is_own_or_below(actor, node.pk):
        raise PermissionDenied
    if node.owner_id == owner.pk:
        raise DomainError("same_owner", _("It belongs to this owner already."), field="owner")
    if node.owner_id != expected_owner:
        raise DomainError("moved", _("It has another owner by now. Open the page again."))
    is_able = owner.kind in OWNER_KINDS and owner.archived_at is None
    if not is_able or not is_own_or_below(actor, owner.pk):
        raise DomainError("owner", _("Choose yourself or one of your resellers."), field="owner")


def _check_terms(owner: Customer, terms: NewTerms) -> None:
    if terms.tariff.owner_id != owner.pk or terms.tariff.archived_at is not None:
        raise DomainError("tariff", _("Choose a tariff of the new owner."), field="tariff")
    if terms.mode and terms.mode not in Mode.values:
        raise DomainError("mode", _("Choose prepaid or postpaid."), field="mode")
    if terms.credit_limit < 0:
        raise DomainError("credit_limit", _("Enter 0 or more."), field="credit_limit")


def _change_tariffs(actor: Actor, customer: Customer, tariff: Tariff, at: datetime) -> None:
    """Before balances are locked: accounts are locked before their balances everywhere."""
    replace_assignment(customer=customer, tariff=tariff, at=at)
    follow_tariff(actor=actor, customer=customer, tariff=tariff, at=at)


def _close_balance(actor: Actor, customer: Customer, ending: Ending, at: datetime) -> Balance:
    """Close the periods with the old owner, bill them, bring the balance to 0 and close it.

    Its drafts are made while it is open, by the parameters; issued when it is closed, so that the
    events are the old owner's.
    """
    check_reason(ending.reason)
    pair = Balance.objects.of_customers().filter(customer=customer)
    end_alerts(actor=actor, balance=pair.select_related("customer").get())
    open_until(pair.in_bulk(), at)
    balance = pair.select_for_update(no_key=True).get()
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
    end_dunning(actor=actor, balance=balance, at=at)
    close_ended(balances=[balance], at=at)
    known = payer_data(balance)
    Balance.objects.filter(pk=balance.pk).update(closed_at=at, closed_as=known)
    bill_rest(actor=actor, balances=[balance], ending=ending)
    settle_rest(actor=actor, balance=balance, ending=ending, key=f"move:{balance.pk}", at=at)
    return balance


def _open_balance(old: Balance, owner: Customer, terms: NewTerms, at: datetime) -> Balance:
    """The balance with the new owner; the calendar of its periods is that of the old one."""
    currency = terms.currency or old.currency_id
    if currency not in (old.currency_id, terms.tariff.currency_id):
        raise DomainError(
            "currency", _("Choose the present currency or the tariff's."), field="currency"
        )
    return Balance.objects.create(
        customer=old.customer,
        issuer=owner,
        currency_id=currency,
        mode=terms.mode or old.mode,
        credit_limit=terms.credit_limit,
        period_type=old.next_period_type or old.period_type,
        period_timezone=str(old.next_period_timezone or old.period_timezone),
        opened_at=at,
    )


def _record_for_each(
    actor: Actor, customer: Customer, at: datetime, terms: NewTerms, *, kept: dict[str, Any]
) -> None:
    """An event that only the old owner reads, one that only the new one does, one for all.

    None of them names an owner: an event at the last instant before the move belongs to the old
    owner's time, and a private one is hidden from the customer.
    """
    parts: list[tuple[str, datetime, dict[str, Any], bool]] = [
        ("customer_moved_away", at - _INSTANT, kept, True),
        ("customer_moved_here", at, {"tariff": ["", terms.tariff]}, True),
        ("provider_changed", at, {}, False),
    ]
    for action, moment, changes, is_private in parts:
        record(
            actor=actor,
            customer=customer,
            action=action,
            subject=customer,
            changes=changes,
            is_private=is_private,
            at=moment,
        )
