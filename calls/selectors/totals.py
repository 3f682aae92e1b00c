"""Sums over the calls that a search finds, read no further than a limit."""

from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from billing.selectors.balances import display_currency
from calls.selectors.cdrs import CallSearch, call_keys
from customers.tenancy import Actor
from softswitch.core.display import number_text
from softswitch.core.money import ZERO

TOTALS_LIMIT = 100_000

# The keys come first and as a whole, so that calls and charges are only looked up by them.
_FOUND = "WITH found AS MATERIALIZED ({keys}) "
_COUNTS = """
SELECT count(*), count(*) FILTER (WHERE c.duration_ms > 0), coalesce(sum(c.duration_ms), 0),
       count(u.call_id)
FROM found f
JOIN calls_call c ON c.id = f.call_id AND c.setup_at = f.setup_at
LEFT JOIN calls_unratedcall u ON u.call_id = f.call_id
WHERE c.setup_at >= %s AND c.setup_at < %s
"""
_AMOUNTS = """
SELECT b.currency_id, {is_paid}, sum(ch.amount)
FROM found f
JOIN billing_charge ch ON ch.call_id = f.call_id AND ch.setup_at = f.setup_at
JOIN billing_balance b ON b.id = ch.balance_id
WHERE ch.setup_at >= %s AND ch.setup_at < %s AND {seen}
GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Sum:
    """An amount in one currency; ``is_partial`` where some of it could not be converted."""

    amount: Decimal
    currency: str
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class Totals:
    """What the calls found add up to; of more than TOTALS_LIMIT the newest are counted."""

    calls: int
    answered: int
    milliseconds: int
    unrated: int
    paid: Sum | None
    charged: Sum | None

    @property
    def is_capped(self) -> bool:
        return self.calls >= TOTALS_LIMIT

    @property
    def calls_text(self) -> str:
        """``87``, or ``100,000+`` where there are more."""
        return number_text(self.calls) + ("+" if self.is_capped else "")

    @property
    def asr(self) -> Decimal | None:
        """Answer-seizure ratio in percent; None without calls."""
        return 100 * Decimal(self.answered) / self.calls if self.calls else None

    @property
    def minutes(self) -> Decimal:
        return Decimal(self.milliseconds) / 60_000

    @property
    def acd(self) -> Decimal | None:
        """Average call duration of the answered calls, in seconds."""
        return Decimal(self.milliseconds) / 1000 / self.answered if self.answered else None


def call_totals(actor: Actor, search: CallSearch) -> Totals:
    """The sums of a search in three statements.

    Amounts of one currency stay in it; several are added up in the actor's display currency at
    today's exchange rates.
    """
    keys = call_keys(actor, search).order_by("-setup_at")[:TOTALS_LIMIT]
    sql, parameters = keys.query.sql_with_params()
    found = _FOUND.format(keys=sql)
    window = [search.since, search.until]
    with connection.cursor() as cursor:
        cursor.execute(found + _COUNTS, [*parameters, *window])
        calls, answered, milliseconds, unrated = cursor.fetchone()
        cursor.execute(found + _AMOUNTS.format(**_sides(actor)), [*parameters, *window])
        rows = cursor.fetchall()
    paid = [(currency, amount) for currency, is_paid, amount in rows if is_paid]
    charged = [(currency, amount) for currency, is_paid, amount in rows if not is_paid]
    return Totals(
        calls=calls,
        answered=answered,
        milliseconds=int(milliseconds),
        unrated=unrated,
        paid=plain_sum(actor, paid),
        charged=plain_sum(actor, charged),
    )


def plain_sum(actor: Actor, amounts: list[tuple[str, Decimal]]) -> Sum | None:
    """Amounts of one currency in that currency, of several as ``sum_of`` adds them up."""
    if len(amounts) == 1:
        currency, amount = amounts[0]
        return Sum(amount, currency)
    return sum_of(actor, amounts)


def sum_of(actor: Actor, amounts: list[tuple[str, Decimal]]) -> Sum | None:
    """Amounts by currency as one in the actor's display currency; None where there are none."""
    if not amounts:
        return None
    display = display_currency(actor)
    converted = [display.convert(amount, currency) for currency, amount in amounts]
    known = [amount for amount in converted if amount is not None]
    return Sum(sum(known, ZERO), display.code, is_partial=len(known) < len(converted))


def _sides(actor: Actor) -> dict[str, str]:
    """SQL that tells the charges an actor pays from those it is paid; ids are numbers."""
    if actor.account_id is not None:
        return {"is_paid": "true", "seen": f"ch.account_id = {actor.account_id:d}"}
    paid = f"(ch.customer_id = {actor.customer_id:d} AND ch.account_id IS NULL)"
    return {"is_paid": paid, "seen": f"({paid} OR ch.issuer_id = {actor.customer_id:d})"}
