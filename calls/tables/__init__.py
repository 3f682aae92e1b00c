"""Lists of calls, unrated calls, switches, deliveries of CDR files, and reports."""

from calls.tables.calls import (
    CallTable,
    ConflictTable,
    ImportTable,
    SwitchTable,
    UnratedTable,
    call_table,
)
from calls.tables.reports import MONEY, MONEY_TABLES, ReportTable, report_table
from calls.tables.storage import StorageTable

__all__ = [
    "MONEY",
    "MONEY_TABLES",
    "CallTable",
    "ConflictTable",
    "ImportTable",
    "ReportTable",
    "StorageTable",
    "SwitchTable",
    "UnratedTable",
    "call_table",
    "report_table",
]
