"""Reads of exchange rates, tariffs in force and the terms that price a call."""

from tariffs.selectors.exchange import (
    ONE,
    Converted,
    base_currency,
    convert,
    currency_choices,
    exchange_rate,
    exchange_rate_days,
    rates_in_force,
)
from tariffs.selectors.simulate import FAR, SimulatedLevel, simulate_call, simulated_margin
from tariffs.selectors.tariffs import (
    assignable_tariffs,
    assigned_customers,
    counted_tariffs,
    dated_tariffs,
    is_in_use,
    own_rates,
    own_tariff,
    tariff_of,
    tariff_versions,
    tariffs_named,
    version_in_force,
)
from tariffs.selectors.terms import rate_columns, rate_terms_of, terms_of

__all__ = [
    "FAR",
    "ONE",
    "Converted",
    "SimulatedLevel",
    "assignable_tariffs",
    "assigned_customers",
    "base_currency",
    "convert",
    "counted_tariffs",
    "currency_choices",
    "dated_tariffs",
    "exchange_rate",
    "exchange_rate_days",
    "is_in_use",
    "own_rates",
    "own_tariff",
    "rate_columns",
    "rate_terms_of",
    "rates_in_force",
    "simulate_call",
    "simulated_margin",
    "tariff_of",
    "tariff_versions",
    "tariffs_named",
    "terms_of",
    "version_in_force",
]
