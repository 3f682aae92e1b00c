"""Calls, what waits or could not be charged, deliveries, traffic, reports, re-ratings, what-ifs."""

from calls.models.calls import (
    Call,
    CallConflict,
    CallSettlement,
    CdrImport,
    CdrImportError,
    Destination,
    OpenTransaction,
    PendingCall,
    Switch,
    Traffic,
    TrafficBase,
    TrafficDelta,
    UnratedCall,
)
from calls.models.daily_reports import DailyReport, ReportSchedule
from calls.models.re_rating import (
    ReRating,
    ReRatingBatch,
    ReRatingEntry,
    ReRatingProblem,
    ReRatingSum,
)
from calls.models.what_if import WhatIf, WhatIfRow

__all__ = [
    "Call",
    "CallConflict",
    "CallSettlement",
    "CdrImport",
    "CdrImportError",
    "DailyReport",
    "Destination",
    "OpenTransaction",
    "PendingCall",
    "ReRating",
    "ReRatingBatch",
    "ReRatingEntry",
    "ReRatingProblem",
    "ReRatingSum",
    "ReportSchedule",
    "Switch",
    "Traffic",
    "TrafficBase",
    "TrafficDelta",
    "UnratedCall",
    "WhatIf",
    "WhatIfRow",
]
