"""Calls, what waits or could not be charged, deliveries, traffic, re-ratings, what-ifs."""

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
    "Destination",
    "OpenTransaction",
    "PendingCall",
    "ReRating",
    "ReRatingBatch",
    "ReRatingEntry",
    "ReRatingProblem",
    "ReRatingSum",
    "Switch",
    "Traffic",
    "TrafficBase",
    "TrafficDelta",
    "UnratedCall",
    "WhatIf",
    "WhatIfRow",
]
