"""Lists of tariffs, rates, rate sheets and exchange rates."""

from tariffs.tables.exchange import ExchangeRateTable
from tariffs.tables.imports import ImportErrorTable, ImportRowTable, RateImportTable
from tariffs.tables.rates import OwnRateTable, RateSheet, RateTable
from tariffs.tables.tariffs import AssignmentTable, TariffTable

__all__ = [
    "AssignmentTable",
    "ExchangeRateTable",
    "ImportErrorTable",
    "ImportRowTable",
    "OwnRateTable",
    "RateImportTable",
    "RateSheet",
    "RateTable",
    "TariffTable",
]
