"""Lists of calls, unrated calls, switches, deliveries of CDR files, reports and what-ifs."""

from calls.tables.calls import (
    CallTable,
    ConflictTable,
    ImportTable,
    SwitchTable,
    UnratedTable,
    call_table,
)
from calls.tables.reports import MONEY, MONEY_TABLES, ReportTable, report_table
from calls.tables.what_if import AMOUNTS, ResultTable, WhatIfTable, result_table

__all__ = [
    "AMOUNTS",
    "MONEY",
    "MONEY_TABLES",
    "CallTable",
    "ConflictTable",
    "ImportTable",
    "ReportTable",
    "ResultTable",
    "SwitchTable",
    "UnratedTable",
    "WhatIfTable",
    "call_table",
    "report_table",
    "result_table",
]
