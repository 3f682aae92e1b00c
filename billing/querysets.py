"""Named filters of balances, ledger, charges, periods, invoices, dunning: rows of two parties."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Self

from django.db.models import (
    Case,
    CharField,
    DateField,
    DateTimeField,
    F,
    Func,
    Q,
    Value,
    When,
)
from django.db.models.functions import Cast

from billing.choices import InvoiceKind, InvoiceState, InvoiceStatus, Mode
from customers.tenancy import Actor, TenantQuerySet, TwoPartyQuerySet

if TYPE_CHECKING:
    from billing.models import (  # noqa: F401
        Balance,
        BillingPeriod,
        Charge,
        DunningStep,
        Fee,
        Invoice,
        InvoiceSettings,
        LedgerEntry,
        PaymentTerm,
        Suspension,
        Tax,
        UsageEntry,
    )


def local_day(moment: datetime, zone: str = "period_timezone") -> Cast:
    """The day that ``moment`` falls on in the zone that a column names."""
    instant = Value(moment, output_field=DateTimeField())
    there = Func(F(zone), instant, function="timezone", output_field=DateTimeField())
    return Cast(there, DateField())


class BalanceQuerySet(TwoPartyQuerySet["Balance"]):
    """Balances of pairs; an account's user sees its account's own."""

    account = "account"

    def of_customers(self) -> Self:
        """What is between customers and their present owners, not with their accounts."""
        return self.filter(account=None, closed_at=None)

    def closed(self) -> Self:
        """What was between customers and owners that they have left."""
        return self.filter(closed_at__isnull=False)

    def in_use(self) -> Self:
        """Neither closed nor of what is archived."""
        live = Q(account=None) | Q(account__archived_at=None)
        return self.filter(live, closed_at=None, customer__archived_at=None)

    def ended(self) -> Self:
        """Closed ones, and those of customers and accounts that are archived."""
        archived = Q(customer__archived_at__isnull=False) | Q(account__archived_at__isnull=False)
        return self.filter(Q(closed_at__isnull=False) | archived)


class LedgerQuerySet(TwoPartyQuerySet["LedgerEntry"]):
    """Ledger entries between an owner and its customer, or a customer and its account."""

    account = "account"


class UsageQuerySet(TwoPartyQuerySet["UsageEntry"]):
    """Usage entries, seen like the ledger they are part of."""

    account = "account"


class ChargeQuerySet(TwoPartyQuerySet["Charge"]):
    """Charges: each sees what it pays and what those below it pay, never a price above."""

    account = "account"
    right = "cdrs.view"

    def paid_by(self, actor: Actor) -> Self:
        """What the actor's own customer pays: one row per call of its whole subtree."""
        return self.filter(customer_id=actor.customer_id, account=None)


class InvoiceSettingsQuerySet(TenantQuerySet["InvoiceSettings"]):
    """Invoice settings, by the owner who issues with them."""

    tenant = "owner"


class TaxQuerySet(TenantQuerySet["Tax"]):
    """Tax settings, by the owner who charges them."""

    tenant = "owner"


class PeriodQuerySet(TwoPartyQuerySet["BillingPeriod"]):
    """Billing periods, seen with their balance."""

    tenant = "balance__customer"
    parties = "balance__"
    account = "balance__account"


class FeeQuerySet(TwoPartyQuerySet["Fee"]):
    """Fees, seen with their balance."""

    tenant = "balance__customer"
    parties = "balance__"
    account = "balance__account"


class InvoiceQuerySet(TwoPartyQuerySet["Invoice"]):
    """Invoices and credit notes; a draft is seen on the side of who issues it alone."""

    account = "account"
    right = "invoices.view"
    hidden = Q(state=InvoiceState.DRAFT)

    def owing(self) -> Self:
        """What dunning looks at: issued to who pays afterwards, and not paid in full."""
        of_kind = self.filter(kind=InvoiceKind.INVOICE, state=InvoiceState.ISSUED)
        return of_kind.filter(mode=Mode.POSTPAID, open_amount__gt=0)

    def overdue(self, moment: datetime) -> Self:
        """Those of them whose due date has passed in the zone of their balance."""
        return self.owing().filter(due_on__lt=local_day(moment, "balance__period_timezone"))

    def with_status(self, today: date) -> Self:
        """Annotates ``status`` (InvoiceStatus) as it is on the day ``today``."""
        of_state = [
            When(state=state.value, then=Value(state.value))
            for state in (InvoiceState.DRAFT, InvoiceState.VOID)
        ]
        return self.annotate(
            status=Case(
                *of_state,
                When(open_amount=0, then=Value(InvoiceStatus.PAID.value)),
                When(due_on__lt=today, then=Value(InvoiceStatus.OVERDUE.value)),
                When(open_amount__lt=F("total"), then=Value(InvoiceStatus.PARTLY_PAID.value)),
                default=Value(InvoiceStatus.ISSUED.value),
                output_field=CharField(),
            )
        )


class PaymentTermQuerySet(TenantQuerySet["PaymentTerm"]):
    """Payment terms, by the owner who grants them."""

    tenant = "owner"


class SuspensionQuerySet(TwoPartyQuerySet["Suspension"]):
    """Suspensions, known on the side of who issues alone: the customer reads a notice instead."""

    tenant = "balance__customer"
    parties = "balance__"
    account = "balance__account"
    hidden = Q(pk__isnull=False)

    def standing(self) -> Self:
        """Neither lifted nor over; it may be put off by a promise."""
        return self.filter(lifted_at=None)

    def stopping(self) -> Self:
        """Those that stop calls now."""
        return self.standing().filter(promised_until=None, since__isnull=False)


class DunningStepQuerySet(TwoPartyQuerySet["DunningStep"]):
    """The log of dunning, with its internal notes: on the side of who issues alone."""

    tenant = "balance__customer"
    parties = "balance__"
    account = "balance__account"
    hidden = Q(pk__isnull=False)

    def in_force(self) -> Self:
        """Not undone."""
        return self.filter(undone_at=None)
