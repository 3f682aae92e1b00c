"""Which alerts are due: one statement for all balances, by rules, sums and what was told before.

Low: less is available than ``low_limit``, the rule of the badge. It begins with the first look that
finds it so, and ends when MARGIN more than that limit is available, so that a balance that hovers
is not low anew each time. While it lasts it is told
- daily: once a local day, at or after the local time that the rule says, on a day that began to be
  low before that. Of days on which nothing ran only the latest is told. A time that a change of
  the clocks leaves out has come with the first one after it; one that comes twice, with the first;
- hourly: once an hour, at that minute of it;
- on so many local days at most as the rule says.
What was told by another worker that began later is told. In a zone that the database does not know
the days are those of UTC.
Trunks are disabled after whole days by the wall clock, and enabled when it has ended or the rule
is gone.

Empty: nothing is left but what calls in progress hold, until MARGIN of the credit limit (any sum,
without one) is left again: with what they hold each call of who has little would empty it anew. A
threshold is passed once the percentage of the credit limit is used, and left when it is less by
MARGIN.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from typing import Any

from django.db import connection
from django.db.models import Case, CharField, F, Q, QuerySet, Value, When

from billing.choices import AlertLevel
from billing.selectors.balances import with_balances
from billing.selectors.standing import low_limit
from customers.choices import Frequency, Status
from customers.models import Customer
from customers.selectors.parameters import in_force
from customers.tenancy import Actor
from softswitch.core.money import minor_units
from softswitch.core.zones import zone_names

MARGIN = 5  # percent

# The columns of ``rules``: the sums, the rules in force, and what was told.
_RULES = {
    "frequency": "low_balance_frequency",
    "tell_at": "low_balance_at",
    "zone": "low_balance_timezone",
    "most_days": "low_balance_days",
    "trunks_after": "disable_trunks_after_days",
    "tells_zero": "zero_balance_notice",
    "thresholds": "credit_thresholds",
    "is_on": "notifications",
}
_STATE = (
    "low_since",
    "low_told_at",
    "low_told_noon",
    "low_told_days",
    "trunks_disabled_at",
    "empty_since",
    "credit_step",
)

_DUE = """
WITH clock (moment) AS (SELECT %s::timestamptz),
rules AS ({rules}),
low AS (
    SELECT rules.*, moment,
        coalesce(available < low_limit, false) AS is_low,
        CASE WHEN available < low_limit THEN coalesce(low_since, moment)
             WHEN available < low_limit * (1 + {margin} / 100.0) THEN low_since END AS since,
        place, timezone(place, moment) AS wall,
        CASE frequency WHEN '{daily}' THEN tell_at::interval ELSE '0'::interval END AS shift,
        tell_at::interval - date_trunc('hour', tell_at::interval) AS minutes,
        CASE WHEN credit_limit > 0 THEN -100 * amount / credit_limit ELSE 0 END AS used,
        is_on AND tells_zero AND (
            amount + credit_limit <= 0 OR (empty_since IS NOT NULL
                AND amount + credit_limit <= credit_limit * {margin} / 100.0)
        ) AS is_empty
    FROM rules CROSS JOIN clock CROSS JOIN LATERAL
        (SELECT CASE WHEN zone = ANY(%s) THEN zone ELSE 'UTC' END AS place) AS known
),
days AS (
    SELECT low.*,
        timezone(place, since) AS since_wall,
        (wall - shift)::date AS today,
        coalesce(timezone(place, low_told_noon), timezone(place, low_told_at) - shift)::date
            AS told_on,
        moment - (wall - minutes - date_trunc('hour', wall - minutes)) AS this_hour,
        (SELECT coalesce(max(step), 0) FROM unnest(CASE WHEN is_on THEN thresholds END) AS t (step)
         WHERE used >= step OR (step <= coalesce(credit_step, 0) AND used > step - {margin})
        ) AS step
    FROM low
),
told AS (
    SELECT days.*,
        coalesce(told_on >= today, false) AS is_told_today,
        CASE frequency WHEN '{daily}'
            THEN since_wall <= today + tell_at AND NOT coalesce(told_on >= today, false)
            ELSE since <= this_hour AND NOT coalesce(low_told_at >= this_hour, false)
        END AS is_time
    FROM days
),
due AS (
    SELECT balance_id, low_limit, since, used, step,
        timezone(place, today + time '12:00') AS noon,
        greatest(floor(extract(epoch FROM wall - since_wall) / 86400), 0)::int AS days_low,
        CASE WHEN is_told_today THEN low_told_days ELSE coalesce(low_told_days, 0) + 1 END
            AS told_days,
        is_low AND is_time AND (
            is_told_today OR most_days IS NULL OR coalesce(low_told_days, 0) < most_days
        ) AS tells_low,
        coalesce(is_low AND trunks_disabled_at IS NULL
            AND wall >= since_wall + make_interval(days => trunks_after), false) AS disables,
        trunks_disabled_at IS NOT NULL AND (since IS NULL OR trunks_after IS NULL) AS enables,
        is_empty, is_empty AND empty_since IS NULL AS tells_empty,
        step > coalesce(credit_step, 0) AS tells_step,
        since IS DISTINCT FROM low_since OR is_empty <> (empty_since IS NOT NULL)
            OR step <> coalesce(credit_step, 0) AS is_changed
    FROM told
)
SELECT balance_id, low_limit, since, used, step, days_low, told_days, tells_low, disables, enables,
    is_empty, tells_empty, tells_step, noon
FROM due WHERE tells_low OR disables OR enables OR is_changed
ORDER BY balance_id LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be done about one balance.

    ``since``: since when it is low, None: it is not. ``told_days``: on how many days its being low
    was told once it is told now. ``step``: the threshold that stands passed, 0 for none; ``used``:
    percent of the credit limit. ``noon``: of the local day that is told of now.
    """

    balance_id: int
    low_limit: Decimal | None
    since: datetime | None
    used: Decimal
    step: int
    days_low: int
    told_days: int
    tells_low: bool
    disables: bool
    enables: bool
    is_empty: bool
    tells_empty: bool
    tells_step: bool
    noon: datetime


def recovery_of(low_limit: Decimal, currency: str) -> Decimal:
    """From which available sum on a balance is low no more, in whole units of the currency."""
    unit = Decimal(1).scaleb(-minor_units(currency))
    return (low_limit * (100 + MARGIN) / 100).quantize(unit, ROUND_CEILING)


def due_alerts(
    moment: datetime, *, limit: int, balances: Collection[int] | None = None
) -> list[Due]:
    """The first ``limit`` balances (of ``balances``, if given) that something is to be done about.

    By their ids, in one statement whatever their number.
    """
    if balances is not None and not balances:
        return []
    rows = _with_rules(Customer.objects.live().exclude(status=Status.CLOSED))
    rows = rows.filter(Q(is_on=True) | Q(own__alert_state__isnull=False), own__isnull=False)
    if balances is not None:
        rows = rows.filter(own__in=balances)
    names = ("balance_id", "amount", "available", "credit_limit", "low_limit", *_RULES, *_STATE)
    rules, params = rows.order_by().values(*names).query.sql_with_params()
    statement = _DUE.format(rules=rules, margin=MARGIN, daily=Frequency.DAILY.value)
    with connection.cursor() as cursor:
        cursor.execute(statement, [moment, *params, sorted(zone_names()), limit])
        return [Due(*row) for row in cursor.fetchall()]


def alert_rows(rows: QuerySet[Customer], actor: Actor) -> QuerySet[Any]:
    """``rows`` below the actor that alerts are on for, or that they are told of still.

    With the rules in force, the sums, and what was told; the rules are told by who owns the
    customer, never by the customer.
    """
    below = rows.filter(archived_at=None).exclude(pk=actor.customer_id)
    found = _with_rules(below).filter(own__isnull=False)
    level = Case(
        When(empty_since__isnull=False, then=Value(AlertLevel.EMPTY.value)),
        When(low_since__isnull=False, then=Value(AlertLevel.LOW.value)),
        default=Value(AlertLevel.OK.value),
        output_field=CharField(),
    )
    is_told = Q(empty_since__isnull=False) | Q(low_since__isnull=False)
    is_told |= Q(trunks_disabled_at__isnull=False) | Q(credit_step__gt=0)
    shown: QuerySet[Any] = found.annotate(alert_level=level).filter(Q(is_on=True) | is_told)
    return shown


def _with_rules(customers: QuerySet[Customer]) -> QuerySet[Any]:
    rules: dict[str, Any] = {name: in_force(parameter) for name, parameter in _RULES.items()}
    state = {name: F(f"own__alert_state__{name}") for name in _STATE}
    found: QuerySet[Any] = with_balances(customers).annotate(
        balance_id=F("own__pk"), amount=F("balance"), low_limit=low_limit(), **rules, **state
    )
    return found
