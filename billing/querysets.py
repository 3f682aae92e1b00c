"""Named filters of money: balances, ledger, charges, periods, invoices, payments, dunning."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Self

from django.db.models import (
    Case,
    CharField,
    DateField,
    DateTimeField,
    F,
    Func,
    OuterRef,
    Q,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast

from billing.choices import (
    MAY_BE_PAID_IN,
    ONLINE,
    PAID_IN,
    EntryKind,
    InvoiceKind,
    InvoiceState,
    InvoiceStatus,
    Mode,
)
from customers.tenancy import Actor, M_co, TenantQuerySet, TwoPartyQuerySet

if TYPE_CHECKING:
    from billing.models import (  # noqa: F401
        AlertState,
        Balance,
        BillingPeriod,
        Charge,
        DunningStep,
        Fee,
        Invoice,
        InvoiceSettings,
        LedgerEntry,
        OnlinePayment,
        PaymentProvider,
        PaymentTerm,
        Reservation,
        Suspension,
        Tax,
        TopUp,
        UsageEntry,
    )


# A part of an online payment that its payer got back.
GIVEN_BACK = Q(kind=EntryKind.PAY_OUT, source=ONLINE)


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

    def ended(self) -> Self:
        """Closed ones, and those of customers and accounts that are archived."""
        archived = Q(customer__archived_at__isnull=False) | Q(account__archived_at__isnull=False)
        return self.filter(Q(closed_at__isnull=False) | archived)

    def in_use(self) -> Self:
        """Neither closed nor of what is archived."""
        live = Q(account=None) | Q(account__archived_at=None)
        return self.filter(live, closed_at=None, customer__archived_at=None)


class OfBalanceQuerySet(TwoPartyQuerySet[M_co]):
    """Rows that belong to one balance, and are seen by who sees it."""

    tenant = "balance__customer"
    parties = "balance__"
    account = "balance__account"


class LedgerQuerySet(TwoPartyQuerySet["LedgerEntry"]):
    """Ledger entries between an owner and its customer, or a customer and its account."""

    account = "account"

    def with_reversed(self) -> Self:
        """With the kind and the amount of what an entry took back, told entry by entry.

        A join would read the whole ledger beside itself, for the few that took something back.
        """
        reversed_entry = self.model.objects.filter(pk=OuterRef("reverses_id")).order_by()
        return self.alias(
            reversed_kind=Subquery(reversed_entry.values("kind")[:1]),
            reversed_amount=Subquery(reversed_entry.values("amount")[:1]),
        )

    def payments(self) -> Self:
        """Money that was paid in, and what took it back or gave it back, so that they add up."""
        in_kinds = (EntryKind.OPENING, EntryKind.TRANSFER)
        paid = Q(kind__in=PAID_IN) | Q(kind__in=in_kinds, amount__gt=0) | GIVEN_BACK
        of_paid = Q(reversed_kind__in=PAID_IN)
        of_paid |= Q(reversed_kind__in=in_kinds, reversed_amount__gt=0)
        found = paid | (Q(kind=EntryKind.REVERSAL) & of_paid)
        return self.with_reversed().filter(found, kind__in=MAY_BE_PAID_IN)

    def between(self, actor: Actor) -> Self:
        """What the actor's customer bills, and what it pays itself."""
        return self.filter(Q(issuer_id=actor.customer_id) | Q(customer_id=actor.customer_id))


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


class PeriodQuerySet(OfBalanceQuerySet["BillingPeriod"]):
    """Billing periods, seen with their balance."""


class FeeQuerySet(OfBalanceQuerySet["Fee"]):
    """Fees, seen with their balance."""


class InvoiceQuerySet(TwoPartyQuerySet["Invoice"]):
    """Invoices and credit notes; a draft is seen on the side of who issues it alone."""

    account = "account"
    right = "invoices.view"
    hidden = Q(state=InvoiceState.DRAFT)

    def in_status(self, status: str, today: date) -> Self:
        """Those that ``with_status`` calls ``status``, in conditions that indexes serve."""
        if status in (InvoiceState.DRAFT, InvoiceState.VOID):
            return self.filter(state=status)
        issued = self.filter(state=InvoiceState.ISSUED)
        if status == InvoiceStatus.CREDITED:
            return issued.filter(kind=InvoiceKind.CREDIT_NOTE)
        if status == InvoiceStatus.PAID:
            return issued.filter(open_amount=0, kind=InvoiceKind.INVOICE)
        owed, late = issued.filter(open_amount__gt=0), Q(due_on__lt=today)
        if status == InvoiceStatus.OVERDUE:
            return owed.filter(late)
        in_time = owed.filter(Q(due_on__gte=today) | Q(due_on=None))
        is_partly = Q(open_amount__lt=F("total"))
        return in_time.filter(is_partly if status == InvoiceStatus.PARTLY_PAID else ~is_partly)

    def with_status(self, today: date) -> Self:
        """Annotates ``status`` (InvoiceStatus) as it is on the day ``today``."""
        of_state = [
            When(state=state.value, then=Value(state.value))
            for state in (InvoiceState.DRAFT, InvoiceState.VOID)
        ]
        return self.annotate(
            status=Case(
                *of_state,
                When(kind=InvoiceKind.CREDIT_NOTE, then=Value(InvoiceStatus.CREDITED.value)),
                When(open_amount=0, then=Value(InvoiceStatus.PAID.value)),
                When(due_on__lt=today, then=Value(InvoiceStatus.OVERDUE.value)),
                When(open_amount__lt=F("total"), then=Value(InvoiceStatus.PARTLY_PAID.value)),
                default=Value(InvoiceStatus.ISSUED.value),
                output_field=CharField(),
            )
        )

    def owing(self) -> Self:
        """What dunning looks at: issued to who pays afterwards, and not paid in full."""
        of_kind = self.filter(kind=InvoiceKind.INVOICE, state=InvoiceState.ISSUED)
        return of_kind.filter(mode=Mode.POSTPAID, open_amount__gt=0)

    def overdue(self, moment: datetime) -> Self:
        """Those of them whose due date has passed in the zone of their balance."""
        return self.owing().filter(due_on__lt=local_day(moment, "balance__period_timezone"))


class PaymentTermQuerySet(TenantQuerySet["PaymentTerm"]):
    """Payment terms, by the owner who grants them."""

    tenant = "owner"


class ReservationQuerySet(OfBalanceQuerySet["Reservation"]):
    """Reservations, seen with their balance."""


class ProviderQuerySet(TenantQuerySet["PaymentProvider"]):
    """Payment providers, by the owner who is paid through them."""

    tenant = "owner"


class OnlinePaymentQuerySet(OfBalanceQuerySet["OnlinePayment"]):
    """Online payments, seen with their balance; their payer needs no more than the right to pay."""

    right = "payments.make"


class TopUpQuerySet(OfBalanceQuerySet["TopUp"]):
    """Automatic top-ups, seen like the payments they make."""

    right = "payments.make"


class SuspensionQuerySet(OfBalanceQuerySet["Suspension"]):
    """Suspensions, known on the side of who issues alone: the customer reads a notice instead."""

    hidden = Q(pk__isnull=False)

    def standing(self) -> Self:
        """Neither lifted nor over; it may be put off by a promise."""
        return self.filter(lifted_at=None)

    def stopping(self) -> Self:
        """Those that stop calls now."""
        return self.standing().filter(promised_until=None, since__isnull=False)


class DunningStepQuerySet(OfBalanceQuerySet["DunningStep"]):
    """The log of dunning, with its internal notes: on the side of who issues alone."""

    hidden = Q(pk__isnull=False)

    def in_force(self) -> Self:
        """Not undone."""
        return self.filter(undone_at=None)


class AlertStateQuerySet(OfBalanceQuerySet["AlertState"]):
    """What alerts have told, known on the side of who issues alone: their rules are its own."""

    hidden = Q(pk__isnull=False)
