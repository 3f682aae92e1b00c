"""Posts corrections: reversing and new charges, their differences in reports and ledger."""

import numpy as np

from billing.services.ledger import post_usage
from billing.services.usage import Usage, payers_at, stage_usage
from calls.models import ReRating, ReRatingEntry
from calls.services.picking import Calls
from calls.services.re_rating.comparing import NewCharges
from calls.services.re_rating.standing import Standing
from calls.services.storing import store_charges
from calls.services.traffic import store_differences
from softswitch.core.columns import Int64s


def post_corrections(
    job: ReRating, calls: Calls, standing: Standing, new: NewCharges, *, is_undo: bool = False
) -> None:
    """Reverse the charges that ``new`` replaces, and store it; last in the caller's transaction.

    ``standing`` holds all newest charges of ``calls``. A reversing charge has the negated figures
    and an odd revision, the new one the next even one. One usage entry per balance, period, local
    day and month has the difference. Locks the balances last, in ascending order; raises
    MovedMeanwhileError as ``post_usage`` does.
    """
    if not len(new):
        return
    pairs = _Pairs(calls, standing.where(new.rows), new)
    entries = pairs.stage()
    pairs.store(entries)
    _store_traffic(calls, standing, new)
    ReRatingEntry.objects.bulk_create(
        ReRatingEntry(usage_entry_id=entry, re_rating=job, is_undo=is_undo)
        for entry in np.unique(entries).tolist()
    )
    balances = np.unique(pairs.old.balances).tolist()
    post_usage(balance_ids=balances, known=pairs.payers.known)


class _Pairs:
    """First all that is reversed, then all that is new, as columns twice as long as ``new``."""

    def __init__(self, calls: Calls, old: Standing, new: NewCharges) -> None:
        self.old, self.new, self.payers = old, new, payers_at(old.balances)
        self.twice = np.tile(np.arange(len(old)), 2)
        which = old.calls[self.twice]
        self.ids, self.setup_at, self.ended_at, self.duration_ms = (
            column[which]
            for column in (calls.ids, calls.setup_at, calls.ended_at, calls.duration_ms)
        )
        self.billed_seconds = _both(-old.billed_seconds, new.billed_seconds)
        self.amounts = _both(-old.amounts, new.amounts)

    def stage(self) -> Int64s:
        """Make usage entries of the differences; returns that of each charge."""
        return stage_usage(
            Usage(
                payers=self.payers.where(self.twice),
                customers=self.old.customers[self.twice],
                issuers=self.old.issuers[self.twice],
                accounts=self.old.accounts[self.twice],
                setup_at=self.setup_at,
                ended_at=self.ended_at,
                billed_seconds=self.billed_seconds,
                amounts=self.amounts,
                is_correction=True,
            )
        )

    def store(self, entries: Int64s) -> None:
        """Append the charges."""
        old, new, twice = self.old, self.new, self.twice
        signs = np.repeat((-1, 1), len(old))
        store_charges(
            {
                "call_id": self.ids,
                "setup_at": self.setup_at,
                "ended_at": self.ended_at,
                "customer_id": old.customers[twice],
                "issuer_id": old.issuers[twice],
                "account_id": old.accounts[twice],
                "balance_id": old.balances[twice],
                "tariff_version_id": _both(old.versions, new.versions),
                "rate_id": _both(old.rates, new.rates),
                "usage_entry_id": entries,
                "duration_ms": signs * self.duration_ms,
                "billed_seconds": self.billed_seconds,
                "level": old.numbers[twice],
                "revision": _both(old.revisions + 1, old.revisions + 2),
                "cost": _both(-old.costs, new.costs),
                "exchange_rate": _both(old.exchange_rates, new.exchange_rates),
                "amount": self.amounts,
            }
        )


def _both(reversing: Int64s, new: Int64s) -> Int64s:
    return np.concatenate((reversing, new))


def _store_traffic(calls: Calls, standing: Standing, new: NewCharges) -> None:
    billed, amounts = np.zeros((2, len(standing)), dtype=np.int64)
    billed[new.rows] = new.billed_seconds - standing.billed_seconds[new.rows]
    amounts[new.rows] = new.amounts - standing.amounts[new.rows]
    store_differences(
        calls, standing.levels, standing.first_rates, standing.balances, (billed, amounts)
    )
