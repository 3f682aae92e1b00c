"""The lines of calls: added up from the charges behind the usage entries, in two statements."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from billing.choices import LineGrouping, LineKind
from billing.services.drafts.lines import DESCRIPTION_SIZE, Billed, Line
from customers.choices import RateValue

_PRICE = Decimal("0.00000001")
_MINUTE = 60
_TARIFF_SIZE = 80
_CURRENCY_SIZE = 6  # " (USD)"

# From the entries of a period to its charges: those of the payer in the months of the calls'
# set-up, by the index of payers. OFFSET 0 keeps that index in use: there are fewer payers than the
# planner believes, and it would read whole months. A reversing charge has a negative duration: the
# call counts with the charge that stands. First by rate, then, much fewer rows, by line.
_CHARGED = """
WITH billed AS MATERIALIZED (
    SELECT * FROM unnest(%(periods)s::bigint[], %(late)s::timestamptz[], %(short)s::integer[],
                         %(grouping)s::text[], %(actual)s::boolean[])
        AS billed (period_id, late_before, short_ms, grouping, is_actual)
), entry AS MATERIALIZED (
    SELECT id, period_id, setup_month, customer_id, usage_on
    FROM billing_usageentry WHERE period_id = ANY(%(periods)s)
), month AS MATERIALIZED (
    SELECT customer_id, setup_month::timestamp AT TIME ZONE 'UTC' AS since,
        least(setup_month + interval '1 month', max(usage_on) + interval '2 days')
            AT TIME ZONE 'UTC' AS until
    FROM entry GROUP BY customer_id, setup_month
), charged AS (
    SELECT e.period_id, coalesce(c.ended_at < b.late_before, false) AS is_late,
        c.tariff_version_id, c.rate_id,
        sum(CASE WHEN c.duration_ms > 0 THEN 1 WHEN c.duration_ms < 0 THEN -1 ELSE 0 END) AS calls,
        count(*) FILTER (WHERE c.revision = 0 AND c.duration_ms > 0) AS answered,
        count(*) FILTER (
            WHERE c.revision = 0 AND c.duration_ms > 0 AND c.duration_ms <= b.short_ms) AS short,
        sum(c.billed_seconds) AS seconds, sum(c.cost) AS cost, sum(c.amount) AS amount
    FROM month m
    CROSS JOIN LATERAL (
        SELECT * FROM billing_charge c
        WHERE c.customer_id = m.customer_id AND c.setup_at >= m.since AND c.setup_at < m.until
        OFFSET 0
    ) c
    JOIN entry e ON e.id = c.usage_entry_id
    JOIN billed b ON b.period_id = e.period_id
    WHERE c.duration_ms <> 0 OR c.amount <> 0
    GROUP BY 1, 2, 3, 4
)
SELECT c.period_id, c.is_late, coalesce(v.is_not_billed, false) AS is_not_billed,
    coalesce(t.id, 0), coalesce(t.name, ''), coalesce(t.currency_id, ''),
    CASE b.grouping WHEN 'destination' THEN coalesce(nullif(r.destination, ''), r.prefix, '')
        ELSE '' END AS destination,
    CASE b.grouping WHEN 'country' THEN coalesce(r.country, '') ELSE '' END AS country,
    CASE b.grouping WHEN 'prefix' THEN coalesce(r.prefix, '') ELSE '' END AS prefix,
    CASE WHEN b.is_actual THEN r.price_1 END AS price_1,
    CASE WHEN b.is_actual THEN r.price_n END AS price_n,
    coalesce(min(nullif(r.destination, '')), '') AS name,
    coalesce(min(nullif(r.country, '')), '') AS of_country,
    sum(c.calls)::bigint, sum(c.answered)::bigint, sum(c.short)::bigint,
    sum(c.seconds)::bigint, sum(c.cost), sum(c.amount)
FROM charged c
JOIN billed b ON b.period_id = c.period_id
LEFT JOIN tariffs_tariffversion v ON v.id = c.tariff_version_id
LEFT JOIN tariffs_tariff t ON t.id = v.tariff_id
LEFT JOIN tariffs_rate r ON r.id = c.rate_id
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
ORDER BY c.period_id, c.is_late, 5, 4, 7, 8, 9, price_n, price_1
"""
# The charges of a month that is archived cannot be read: what its entries add up to is one line.
_ARCHIVED = """
SELECT u.period_id, coalesce(u.usage_on < b.late_on, false), sum(u.calls)::bigint,
    sum(u.billed_seconds)::bigint, -sum(u.amount)
FROM unnest(%(periods)s::bigint[], %(late_on)s::date[]) AS b (period_id, late_on)
JOIN billing_usageentry u ON u.period_id = b.period_id
JOIN billing_archivedmonth a ON a.month = u.setup_month
GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(slots=True)
class Calls:
    """The lines of a period's calls, and how many were answered, and were short."""

    lines: list[Line] = field(default_factory=list)
    answered: int = 0
    short: int = 0
    not_billed: int = 0

    @property
    def is_not_billed(self) -> bool:
        """Whether there were calls, all by tariffs that are marked as not billed."""
        return bool(self.not_billed) and self.not_billed == self.answered and not self.lines


def calls_of(periods: Sequence[Billed]) -> dict[int, Calls]:
    """The calls of each period, by its id.

    The exact amounts of all lines of a period are minus its usage entries. Calls that were not
    connected are no lines, free ones are; what a tariff marked "not billed" rated at 0 is none.
    """
    found = {one.period.pk: Calls() for one in periods}
    of_id = {one.period.pk: one for one in periods}
    with connection.cursor() as cursor:
        cursor.execute(_CHARGED, _parameters(periods))
        for row in cursor.fetchall():
            _add(found[row[0]], of_id[row[0]], row)
        cursor.execute(
            _ARCHIVED,
            {
                "periods": [one.period.pk for one in periods],
                "late_on": [one.late_before and one.period.days[0] for one in periods],
            },
        )
        for period_id, *row in cursor.fetchall():
            _add_archived(found[period_id], of_id[period_id], row)
    for calls in found.values():
        calls.lines.sort(key=lambda line: line.kind == LineKind.LATE)
    return found


def _parameters(periods: Sequence[Billed]) -> dict[str, list[Any]]:
    terms = [one.terms for one in periods]
    return {
        "periods": [one.period.pk for one in periods],
        "late": [one.late_before for one in periods],
        "short": [1000 * t.short_calls.seconds if t.short_calls else 0 for t in terms],
        "grouping": [t.grouping for t in terms],
        "actual": [t.rate_value == RateValue.ACTUAL for t in terms],
    }


def _add(calls: Calls, billed: Billed, row: tuple[Any, ...]) -> None:
    answered, short, exact = row[14], row[15], row[18]
    calls.answered += answered
    calls.short += short
    if row[2]:
        calls.not_billed += answered
        if not exact:
            return
    if row[13] or exact:
        calls.lines.append(_line(billed, row))


def _line(billed: Billed, row: tuple[Any, ...]) -> Line:
    (_id, is_late, _mark, _tariff, tariff, currency, destination, country, prefix) = row[:9]
    (_price_1, price_n, name, of_country, count, _answered, _short, seconds, cost, exact) = row[9:]
    description = destination or name or prefix
    if billed.terms.grouping == LineGrouping.COUNTRY:
        description = country
    if billed.terms.rate_value != RateValue.ACTUAL:
        price_n = _average(cost, seconds)
    return Line(
        kind=(LineKind.LATE if is_late else LineKind.USAGE).value,
        description=(description or _("Other destinations"))[:DESCRIPTION_SIZE],
        exact=exact,
        amount=billed.rounded(exact),
        country=of_country,
        prefix=prefix,
        tariff=_tariff_text(tariff, currency, billed),
        calls=count,
        billed_seconds=seconds,
        rate=price_n,
    )


def _average(cost: Decimal, seconds: int) -> Decimal | None:
    """The price per minute that these seconds came to."""
    return (cost * _MINUTE / seconds).quantize(_PRICE, ROUND_HALF_UP) if seconds else None


def _tariff_text(name: str, currency: str, billed: Billed) -> str:
    """The tariff, and where its prices are in another currency than the invoice, which."""
    if currency in ("", billed.balance.currency_id):
        return name[:_TARIFF_SIZE]
    return f"{name[: _TARIFF_SIZE - _CURRENCY_SIZE]} ({currency})"


def _add_archived(calls: Calls, billed: Billed, row: list[Any]) -> None:
    is_late, count, seconds, exact = row
    if exact:
        line = Line(
            kind=(LineKind.LATE if is_late else LineKind.USAGE).value,
            description=_("Calls of archived months"),
            exact=exact,
            amount=billed.rounded(exact),
            calls=count,
            billed_seconds=seconds,
        )
        calls.lines.append(line)
