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
    old = standing.where(new.rows)
    payers = payers_at(old.balances)
    both = np.tile(np.arange(len(old)), 2)  # first all that is reversed, then all that is new
    calls_of = old.calls[both]
    billed, amounts = (
        _both(-old.billed_seconds, new.billed_seconds),
        _both(-old.amounts, new.amounts),
    )
    entries = stage_usage(
        Usage(
            payers=payers.where(both),
            customers=old.customers[both],
            issuers=old.issuers[both],
            accounts=old.accounts[both],
            setup_at=calls.setup_at[calls_of],
            ended_at=calls.ended_at[calls_of],
            billed_seconds=billed,
            amounts=amounts,
            is_correction=True,
        )
    )
    duration_ms = calls.duration_ms[old.calls]
    store_charges(
        {
            "call_id": calls.ids[calls_of],
            "setup_at": calls.setup_at[calls_of],
            "ended_at": calls.ended_at[calls_of],
            "customer_id": old.customers[both],
            "issuer_id": old.issuers[both],
            "account_id": old.accounts[both],
            "balance_id": old.balances[both],
            "tariff_version_id": _both(old.versions, new.versions),
            "rate_id": _both(old.rates, new.rates),
            "usage_entry_id": entries,
            "duration_ms": _both(-duration_ms, duration_ms),
            "billed_seconds": billed,
            "level": old.numbers[both],
            "revision": _both(old.revisions + 1, old.revisions + 2),
            "cost": _both(-old.costs, new.costs),
            "exchange_rate": _both(old.exchange_rates, new.exchange_rates),
            "amount": amounts,
        }
    )
    _store_traffic(calls, standing, new)
    ReRatingEntry.objects.bulk_create(
        ReRatingEntry(usage_entry_id=entry, re_rating=job, is_undo=is_undo)
        for entry in np.unique(entries).tolist()
    )
    post_usage(balance_ids=np.unique(old.balances).tolist(), known=payers.known)


def _both(reversing: Int64s, new: Int64s) -> Int64s:
    return np.concatenate((reversing, new))


def _store_traffic(calls: Calls, standing: Standing, new: NewCharges) -> None:
    billed, amounts = np.zeros((2, len(standing)), dtype=np.int64)
    billed[new.rows] = new.billed_seconds - standing.billed_seconds[new.rows]
    amounts[new.rows] = new.amounts - standing.amounts[new.rows]
    store_differences(
        calls, standing.levels, standing.first_rates, standing.balances, (billed, amounts)
    )
