"""Lists of tariffs, rates, rate sheets and exchange rates."""

from tariffs.tables.exchange import ExchangeRateTable
from tariffs.tables.groups import DestinationGroupTable
from tariffs.tables.imports import ImportErrorTable, ImportRowTable, RateImportTable
from tariffs.tables.profiles import ProfileTable
from tariffs.tables.rates import OwnRateTable, RateHistoryTable, RateSheet, RateTable
from tariffs.tables.tariffs import AccountPayerTable, AssignmentTable, TariffTable

__all__ = [
    "AccountPayerTable",
    "AssignmentTable",
    "DestinationGroupTable",
    "ExchangeRateTable",
    "ImportErrorTable",
    "ImportRowTable",
    "OwnRateTable",
    "ProfileTable",
    "RateHistoryTable",
    "RateImportTable",
    "RateSheet",
    "RateTable",
    "TariffTable",
]
