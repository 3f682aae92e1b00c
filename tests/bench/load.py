"""Loads a world to measure with through bulk paths: a chain of four levels, tariffs, calls."""

import random
from datetime import UTC, datetime
from decimal import Decimal

from django.db import connection, transaction
from django.utils.timezone import now

from billing.services.customers import Terms, open_customer
from billing.services.first_run import set_up
from calls.models import Switch
from customers.models import Customer, User
from customers.selectors import actor_for, system_actor
from customers.services.users import create_user
from customers.tenancy import Actor
from softswitch.core.partitions import ensure_months
from tariffs.models import Currency, Tariff
from tariffs.services.exchange import add_exchange_rate
from tariffs.services.tariffs import create_tariff

OPENED = datetime(2026, 1, 1, tzinfo=UTC)
FIRST_CALL = datetime(2026, 3, 10, tzinfo=UTC)
PREFIXES = 60_000

_RATES = """
INSERT INTO tariffs_rate (tariff_id, prefix, destination, country, price_1, price_n, interval_1,
    interval_n, is_forbidden, grace_enabled, valid_from)
SELECT %s, prefix, '', '', round((%s * (1 + n %% 997))::numeric, 4),
    round((%s * (1 + n %% 997))::numeric, 4), CASE WHEN n %% 3 = 0 THEN 60 ELSE 1 END,
    CASE WHEN n %% 3 = 0 THEN 6 ELSE 1 END, false, n %% 7 = 0, %s
FROM unnest(%s::text[]) WITH ORDINALITY AS p (prefix, n)
"""
_CALLS = """
INSERT INTO calls_call (id, setup_at, answered_at, ended_at, switch_id, customer_id, duration_ms,
    content_hash, native_id, leg, caller_number, called_number, called_raw, auth_name, tech_prefix)
SELECT n, at, CASE WHEN n %% 4 > 0 THEN at + interval '5 s' END,
    at + interval '5 s' + ms * interval '1 ms', %s, (%s::bigint[])[1 + n %% %s], ms,
    gen_random_uuid(), 'call-' || n, '', '12025550100',
    left(prefix || lpad((random() * 99999999)::bigint::text, 8, '7'), 15), '', '', ''
FROM (
    SELECT n, %s::timestamptz + n * interval '1.5 s' AS at,
        CASE WHEN n %% 4 > 0 THEN (1000 + random() * 600000)::int ELSE 0 END AS ms,
        (%s::text[])[1 + (random() * (%s - 1))::int] AS prefix
    FROM generate_series(1, %s) n
) call
"""


def load_world(customers: int) -> list[int]:
    """Root, three resellers below each other and ``customers`` of the last; returns their ids.

    Each of the four levels pays by a tariff of 60,000 prefixes of its own.
    """
    prefixes = _prefixes()
    set_up(name="Root", login="operator", password="correct horse battery")
    add_exchange_rate(
        actor=system_actor(),
        currency=Currency.objects.get(code="EUR"),
        valid_on=OPENED.date(),
        rate=Decimal("1.0837"),
    )
    actor = system_actor()
    for level in range(3):
        tariff = _tariff(actor, level, prefixes)
        currency = "EUR" if level else "USD"  # so that two levels of four are converted
        owner = _open(actor, f"Reseller {level}", "reseller", tariff, currency)
        actor = _actor_of(owner)
    tariff = _tariff(actor, 3, prefixes)
    with transaction.atomic():
        return [
            _open(actor, f"Customer {number}", "business", tariff).pk for number in range(customers)
        ]


def load_calls(customer_ids: list[int], calls: int) -> None:
    """Store ``calls`` that wait to be charged, in the order of time, a quarter unanswered."""
    switch = Switch.objects.create(name="bench")
    months = [FIRST_CALL.date().replace(day=1), FIRST_CALL.date().replace(day=1, month=4)]
    ensure_months(("calls_call", "billing_charge", "billing_usageentry"), months)
    prefixes = _prefixes()
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.5)")
        cursor.execute(
            _CALLS,
            [switch.pk, customer_ids, len(customer_ids), FIRST_CALL, prefixes, PREFIXES, calls],
        )
        cursor.execute(
            "INSERT INTO calls_pendingcall SELECT id, setup_at FROM calls_call ORDER BY id"
        )
        cursor.execute("ANALYZE")


def _prefixes() -> list[str]:
    """As many distinct prefixes of 1 to 8 digits as a large tariff has; the empty one too."""
    chance = random.Random(1)
    found = {""}
    while len(found) < PREFIXES:
        found.add(str(chance.randrange(1, 10 ** chance.randint(3, 8))))
    return sorted(found)


def _tariff(actor: Actor, level: int, prefixes: list[str]) -> Tariff:
    tariff = create_tariff(
        actor=actor,
        name=f"Tariff {level}",
        currency="USD",
        valid_from=OPENED,
        parameters={"connect_fee": Decimal("0.01"), "decimals": 5},
    )
    factor = Decimal("0.0004") * (level + 1)
    with connection.cursor() as cursor:
        cursor.execute(_RATES, [tariff.pk, factor, factor, OPENED, prefixes])
    return tariff


def _open(actor: Actor, name: str, kind: str, tariff: Tariff, currency: str = "USD") -> Customer:
    terms = Terms(tariff=tariff, currency=currency)
    return open_customer(actor=actor, name=name, kind=kind, terms=terms, opened_at=OPENED)


def _actor_of(customer: Customer) -> Actor:
    user: User = create_user(
        actor=system_actor(),
        customer=customer,
        login=f"admin-{customer.pk}-{now():%H%M%S%f}",
        password="correct horse battery",
    )
    return actor_for(user)
