"""Currencies, dated exchange rates, tariffs with their versions, rates, and rate imports."""

from tariffs.models.currencies import Currency, ExchangeRate
from tariffs.models.groups import DestinationGroup
from tariffs.models.imports import (
    ImportProfile,
    RateImport,
    RateImportEffect,
    RateImportError,
    RateImportRow,
)
from tariffs.models.profiles import RateProfile
from tariffs.models.rates import Rate
from tariffs.models.tariffs import Tariff, TariffAssignment, TariffVersion

__all__ = [
    "Currency",
    "DestinationGroup",
    "ExchangeRate",
    "ImportProfile",
    "Rate",
    "RateImport",
    "RateImportEffect",
    "RateImportError",
    "RateImportRow",
    "RateProfile",
    "Tariff",
    "TariffAssignment",
    "TariffVersion",
]
