"""Drafts of invoices: computed for many closed periods at once, made and refreshed by hand."""

from billing.services.drafts.making import (
    discard_draft,
    drop_draft,
    make_draft,
    recompute,
    refresh_draft,
)
from billing.services.drafts.storing import draft_periods

__all__ = [
    "discard_draft",
    "draft_periods",
    "drop_draft",
    "make_draft",
    "recompute",
    "refresh_draft",
]
