"""Lists of tariffs, rates, rate sheets and exchange rates."""

from tariffs.tables.exchange import ExchangeRateTable
from tariffs.tables.imports import ImportRowTable, RateImportTable
from tariffs.tables.profiles import ProfileTable
from tariffs.tables.rates import OwnRateTable, RateSheet, RateTable
from tariffs.tables.tariffs import AssignmentTable, TariffTable

__all__ = [
    "AssignmentTable",
    "ExchangeRateTable",
    "ImportRowTable",
    "OwnRateTable",
    "ProfileTable",
    "RateImportTable",
    "RateSheet",
    "RateTable",
    "TariffTable",
]
