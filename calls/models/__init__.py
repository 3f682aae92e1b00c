"""Calls, what waits or could not be charged, deliveries, traffic, and re-ratings."""

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
]
