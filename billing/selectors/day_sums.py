"""What one day did to a balance: the sums of its statement."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Sum

from billing.choices import EntryKind
from billing.models import Balance, LedgerEntry
from billing.selectors.statements import Line, payments_in, statement
from customers.tenancy import Actor
from softswitch.core.money import ZERO


@dataclass(frozen=True, slots=True)
class DaySums:
    """``opening`` + ``used`` + ``payments`` + ``other`` = ``closing``, in ``currency``.

    All signed, so what was used is negative. ``available`` is what was left when the day ended, by
    the credit limit of now. ``calls``: how many there were.
    """

    currency: str
    opening: Decimal
    used: Decimal
    payments: Decimal
    other: Decimal
    closing: Decimal
    credit_limit: Decimal
    calls: int

    @property
    def available(self) -> Decimal:
        return self.closing + self.credit_limit


def day_sums(balance: Balance, day: date) -> DaySums:
    """The statement of one local day of the billing time zone, added up, as its issuer reads it.

    What re-rating changed counts as used, a payment that was reversed among the payments.
    """
    reader = Actor(user=None, customer=balance.issuer)
    found = statement(actor=reader, balance=balance, since=day, until=day)
    used = [line for line in found.lines if line.kind == EntryKind.USAGE]
    payments = _payments(found.lines)
    spent = sum((line.amount for line in used), ZERO)
    return DaySums(
        currency=found.currency,
        opening=found.opening,
        used=spent,
        payments=payments,
        other=found.closing - found.opening - spent - payments,
        closing=found.closing,
        credit_limit=balance.credit_limit,
        calls=sum(line.calls for line in used),
    )


def _payments(lines: list[Line]) -> Decimal:
    ids = [line.entry_id for line in lines if line.entry_id is not None]
    rows = payments_in(LedgerEntry.objects.filter(pk__in=ids))
    total: Decimal = rows.aggregate(total=Sum("amount", default=ZERO))["total"]
    return total
