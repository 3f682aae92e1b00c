"""Lists of calls, unrated calls, switches, deliveries of CDR files, reports, re-ratings."""

from calls.tables.calls import (
    CallTable,
    ConflictTable,
    ImportTable,
    SwitchTable,
    UnratedTable,
    call_table,
)
from calls.tables.re_rating import (
    YOUR_PROVIDER,
    ReRatingProblemTable,
    ReRatingSumTable,
    ReRatingTable,
)
from calls.tables.reports import MONEY, MONEY_TABLES, ReportTable, report_table
from calls.tables.storage import StorageTable

__all__ = [
    "MONEY",
    "MONEY_TABLES",
    "YOUR_PROVIDER",
    "CallTable",
    "ConflictTable",
    "ImportTable",
    "ReRatingProblemTable",
    "ReRatingSumTable",
    "ReRatingTable",
    "ReportTable",
    "StorageTable",
    "SwitchTable",
    "UnratedTable",
    "call_table",
    "report_table",
]
