"""The lines that no entry stands behind yet: fees, short calls and the minimum commitment.

Their exact amount is the billed one: rounded once, half-up to the currency's minor unit.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction

from django.utils.translation import gettext as _

from billing.choices import FeeKind, InvoiceState, LineKind
from billing.models import Fee, InvoiceLine
from billing.services.drafts.calls import Calls
from billing.services.drafts.lines import Billed, Line, net_of_calls
from billing.services.drafts.terms import ShortCalls
from customers.choices import ShortCallBasis
from softswitch.core.money import half_up


class Fees:
    """The fees of some balances, and which of those billed once were billed by other invoices.

    ``ignoring`` are drafts that are computed anew, so that what they bill is still to be billed.
    """

    def __init__(self, balances: Iterable[int], *, ignoring: Iterable[int] = ()) -> None:
        self._fees: dict[int, list[Fee]] = {}
        for fee in Fee.objects.filter(balance__in=balances).order_by("starts_on", "pk"):
            self._fees.setdefault(fee.balance_id, []).append(fee)
        once = [fee for fees in self._fees.values() for fee in fees if fee.kind == FeeKind.ONCE]
        self._billed = _billed(once, ignoring)

    def lines(self, billed: Billed) -> list[Line]:
        """The fees of one period; what is billed once is not given a second time."""
        return [_fee_line(billed, fee) for fee in self._due(billed)]

    def _due(self, billed: Billed) -> Iterable[Fee]:
        for fee in self._fees.get(billed.balance.pk, ()):
            is_over = fee.ends_on is not None and fee.ends_on < billed.first_day
            if is_over or fee.starts_on > billed.last_day or fee.pk in self._billed:
                continue
            if fee.kind == FeeKind.RECURRING and not billed.has_days:
                continue  # a few hours between two time zones: no day of its own
            if fee.kind == FeeKind.ONCE:
                self._billed.add(fee.pk)
            yield fee


def _billed(once: Sequence[Fee], ignoring: Iterable[int]) -> set[int]:
    if not once:
        return set()
    lines = InvoiceLine.objects.filter(fee__in=once).exclude(invoice__state=InvoiceState.VOID)
    return set(lines.exclude(invoice__in=list(ignoring)).values_list("fee_id", flat=True))


def _fee_line(billed: Billed, fee: Fee) -> Line:
    """A recurring fee for the days that it covers, if it is prorated; else the whole price."""
    is_recurring = fee.kind == FeeKind.RECURRING
    part = Fraction(1)
    if is_recurring and fee.is_prorated:
        part = billed.part(fee.starts_on, fee.ends_on)
    amount = half_up(Fraction(fee.price) * Fraction(fee.quantity) * part, billed.decimals)
    return Line(
        kind=LineKind.FEE.value,
        description=fee.name,
        exact=amount,
        amount=amount,
        quantity=fee.quantity,
        rate=fee.price,
        since=max(fee.starts_on, billed.first_day) if is_recurring else fee.starts_on,
        until=min(fee.ends_on or billed.last_day, billed.last_day) if is_recurring else None,
        is_taxed=fee.is_taxed,
        fee_id=fee.pk,
    )


def short_call_line(billed: Billed, calls: Calls) -> list[Line]:
    """The short call charge of a period, if there are too many of them."""
    terms = billed.terms.short_calls
    charged = chargeable(terms, calls.answered, calls.short) if terms else 0
    if terms is None or not charged:
        return []
    amount = half_up(Fraction(terms.price) * charged, billed.decimals)
    text = _("Short calls: %(short)s of %(answered)s calls up to %(seconds)s s") % {
        "short": calls.short,
        "answered": calls.answered,
        "seconds": terms.seconds,
    }
    line = Line(
        kind=LineKind.SURCHARGE.value,
        description=text,
        exact=amount,
        amount=amount,
        quantity=Decimal(charged),
        rate=terms.price,
    )
    return [line] if amount else []


def chargeable(terms: ShortCalls, answered: int, short: int) -> int:
    """How many short calls are charged: none up to the share, then all or those above it."""
    if not answered or Fraction(short, answered) * 100 <= Fraction(terms.percent):
        return 0
    if terms.basis == ShortCallBasis.ALL:
        return short
    allowed = answered * Fraction(terms.percent) / 100
    return short - allowed.numerator // allowed.denominator


def minimum_line(billed: Billed, lines: list[Line]) -> list[Line]:
    """What calls lack to the minimum commitment; of a part of a period that part is committed."""
    if billed.terms.minimum is None:
        return []
    committed = half_up(Fraction(billed.terms.minimum) * billed.part(), billed.decimals)
    missing = committed - net_of_calls(lines)
    if not committed or missing <= 0:
        return []
    return [
        Line(
            kind=LineKind.MINIMUM.value,
            description=_("Minimum commitment"),
            exact=missing,
            amount=missing,
            since=billed.first_day,
            until=billed.last_day,
        )
    ]
