"""How fast a switch is answered, by address and tech prefix, at four levels of long tariffs."""

from datetime import UTC, datetime
from typing import Any

from django.db import connection

from accounts.models import Trunk
from billing.models import Balance
from billing.services.first_run import set_up
from calls.models import Switch
from calls.services.authorizing import authorize_call
from calls.services.test_data.prefixes import make_prefixes
from calls.services.test_data.world import (
    Plan,
    add_foreign_rate,
    foreign_currency,
    open_callers,
)
from tests.bench.customers import median_ms
from tests.bench.databases import fresh_database
from tests.sql import count_queries

OPENED = datetime(2026, 1, 1, tzinfo=UTC)
CUSTOMERS = 20
FEW, MANY = 1_000, 50_000  # hosts, and rates of each tariff
MOST = 2.0  # times the answer among FEW
_HOSTS = """
INSERT INTO accounts_host (trunk_id, network, tech_prefix, status, valid_from)
SELECT (%(trunks)s::bigint[])[1 + n %% %(count)s],
    set_masklen('10.0.0.0'::inet + n, 32), '77', 'active',
    %(opened)s
FROM generate_series(1, %(hosts)s) n
"""


def run() -> tuple[list[str], bool]:
    """An answer among few hosts and rates, and among many; whether the limit is kept."""
    few, many = _measured(FEW), _measured(MANY)
    ratio = many[0] / few[0]
    line = (
        f"authorizing: {few[0]:.1f} ms among {FEW:,} hosts and rates of each level,"
        f" {many[0]:.1f} ms among {MANY:,}, ratio {ratio:.2f} (limit {MOST:.0f}),"
        f" in {few[1]} and {many[1]} statements"
    )
    return [line], ratio <= MOST and few[1] == many[1]


def _measured(count: int) -> tuple[float, int]:
    """Milliseconds of an answer, and its statements."""
    with fresh_database():
        _load(count)
        switch = Switch.objects.create(name="bench")

        def ask() -> None:
            decision = authorize_call(
                switch=switch, called="77442079460000", source_ip=f"10.0.{count // 512}.9"
            )
            if not decision.is_allowed:
                raise RuntimeError(f"denied: {decision.denials}")

        return median_ms(ask, times=50), count_queries(ask)


def _load(count: int) -> None:
    """Four levels that pay by ``count`` rates each, with ``count`` hosts of the customers."""
    set_up(name="Root", login="operator", password="correct horse battery")
    add_foreign_rate(valid_on=OPENED.date())
    plan = Plan(
        customers=CUSTOMERS,
        levels=4,
        opened_at=OPENED,
        prefixes=make_prefixes(is_named=False)[:count],
        foreign=foreign_currency(),
    )
    open_callers(plan)
    Balance.objects.update(amount=1000)
    trunks = list(Trunk.objects.values_list("pk", flat=True))
    with connection.cursor() as cursor:
        named: dict[str, Any] = {
            "trunks": trunks,
            "count": len(trunks),
            "hosts": count,
            "opened": OPENED,
        }
        cursor.execute(_HOSTS, named)
        cursor.execute("ANALYZE")
