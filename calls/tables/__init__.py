"""Lists of calls, unrated calls, switches, CDR deliveries, reports, re-ratings, what-ifs."""

from calls.tables.calls import (
    CallTable,
    ConflictTable,
    ImportTable,
    SwitchTable,
    UnratedTable,
    call_table,
)
from calls.tables.daily_reports import DailyReportTable
from calls.tables.re_rating import (
    YOUR_PROVIDER,
    ReRatingProblemTable,
    ReRatingSumTable,
    ReRatingTable,
)
from calls.tables.reports import MONEY, MONEY_TABLES, ReportTable, report_table
from calls.tables.storage import StorageTable
from calls.tables.what_if import AMOUNTS, ResultTable, WhatIfTable, result_table

__all__ = [
    "AMOUNTS",
    "MONEY",
    "MONEY_TABLES",
    "YOUR_PROVIDER",
    "CallTable",
    "ConflictTable",
    "DailyReportTable",
    "ImportTable",
    "ReRatingProblemTable",
    "ReRatingSumTable",
    "ReRatingTable",
    "ReportTable",
    "ResultTable",
    "StorageTable",
    "SwitchTable",
    "UnratedTable",
    "WhatIfTable",
    "call_table",
    "report_table",
    "result_table",
]
