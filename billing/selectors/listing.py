"""How lists of customers are ordered by what other tables hold, and what bulk actions would post.

The rows come from ``with_balances``; a column is computed only where a list is sorted by it.
"""

from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Any

from django.db.models import (
    Case,
    Count,
    DecimalField,
    F,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Sign

from accounts.models import Trunk
from billing.models import Balance
from billing.selectors.balances import DisplayCurrency
from billing.selectors.standing import with_states
from customers.choices import Status
from customers.models import Customer
from softswitch.core.money import ZERO


def by_trunks(customers: QuerySet[Customer]) -> QuerySet[Any]:
    """Adds ``trunks_in_order``: how many live trunks each has."""
    mine = Trunk.objects.live().filter(customer=OuterRef("pk")).order_by().values("customer")
    number = Subquery(mine.annotate(number=Count("pk")).values("number"))
    return customers.annotate(trunks_in_order=Coalesce(number, 0))


def by_converted(customers: QuerySet[Customer], display: DisplayCurrency) -> QuerySet[Any]:
    """Adds ``converted_in_order``: the balance in the display currency, NULL where unknown."""
    known = {code: display.rate(code) for code in display.rates}
    rates = [When(own__currency=code, then=Value(rate)) for code, rate in known.items() if rate]
    amount = DecimalField(max_digits=40, decimal_places=20)
    return customers.annotate(
        converted_in_order=F("own__amount") * Case(*rates, output_field=amount)
    )


def by_standing(customers: QuerySet[Customer]) -> QuerySet[Any]:
    """Adds ``standing_in_order``: as badges count, but each customer by itself."""
    found: QuerySet[Any] = with_states(customers).annotate(
        standing_in_order=Case(
            When(status=Status.CLOSED, then=Value(0)),
            When(status=Status.INACTIVE, then=Value(1)),
            When(is_suspended=True, then=Value(2)),
            When(is_overdue=True, then=Value(3)),
            When(available__lte=0, then=Value(4)),
            When(is_low=True, then=Value(5)),
            default=Value(6),
            output_field=IntegerField(),
        )
    )
    return found


def open_sums(
    customers: Collection[Customer], *, with_accounts: bool
) -> Iterator[tuple[Decimal, str]]:
    """What the balances of ``customers`` come to: a sum and its currency, debts and money apart.

    ``with_accounts`` counts the balances of their accounts too. Nothing for what is 0.
    """
    rows = Balance.objects.filter(customer__in=customers, closed_at=None).exclude(amount=ZERO)
    if not with_accounts:
        rows = rows.filter(account=None)
    sums = rows.values("currency", side=Sign("amount")).annotate(total=Sum("amount"))
    for row in sums.order_by("currency", "side"):
        yield row["total"], row["currency"]
