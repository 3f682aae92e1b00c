"""Door for `tariffs.rating`: charge durations, or turn funds into seconds, without a database."""

import sys
from decimal import Decimal

from django.core.management.base import BaseCommand

from softswitch.core.jsonlines import Fields, LineError, answer_lines
from tariffs.rating.formula import charge, max_duration
from tariffs.rating.terms import RateTerms, Rounding, TariffTerms

_ZERO = Decimal(0)


class Command(BaseCommand):
    help = (
        "Read JSON lines with a rate and either a duration or funds; write the billed seconds "
        "and the cost, or the longest duration in seconds that the funds pay for."
    )
    requires_system_checks = ()

    def handle(self, *args: object, **options: object) -> None:
        answer_lines(sys.stdin.buffer, self.stdout, _rate_call)


def _rate_call(line: Fields) -> dict[str, object]:
    rate = line.inner("rate")
    terms, row = _read_terms(rate), _read_row(rate)
    if ("duration" in line) == ("funds" in line):
        raise LineError("either duration or funds must be given")
    if "funds" in line:
        return {"max_seconds": max_duration(terms, row, line.decimal("funds"))}
    charged = charge(terms, row, line.decimal("duration"))
    return {"billed_seconds": charged.billed_seconds, "cost": f"{charged.cost:f}"}


def _read_terms(rate: Fields) -> TariffTerms:
    return TariffTerms(
        connect_fee=rate.decimal("connect_fee", _ZERO),
        free_seconds=rate.integer("free_seconds", 0),
        grace_period=rate.integer("grace_period", 0),
        post_call_surcharge=rate.decimal("post_call_surcharge", _ZERO),
        duration_rounding=rate.choice("duration_rounding", Rounding, Rounding.HALF_UP),
        cost_rounding=rate.choice("cost_rounding", Rounding, Rounding.HALF_UP),
        decimals=rate.integer("decimals", 5),
    )


def _read_row(rate: Fields) -> RateTerms:
    return RateTerms(
        prefix="",
        price_1=rate.decimal("price_1", _ZERO),
        price_n=rate.decimal("price_n", _ZERO),
        interval_1=rate.integer("interval_1", 1),
        interval_n=rate.integer("interval_n", 1),
        grace_enabled=rate.boolean("grace_enabled", default=False),
    )
