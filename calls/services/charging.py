"""Charges waiting calls at every level of their chains, a batch in one transaction.

Each batch takes calls out of the queue, matches and prices all levels as columns, COPYs the charges
and what they add to the reports, and, last, posts their sums and moves the balances. Whatever ends
a batch rolls all of it back, so that its calls still wait and are charged exactly once, by
whichever worker.
"""

import logging
from dataclasses import dataclass

import numpy as np
from django.db import DataError, IntegrityError, transaction

from accounts.services.cards import note_first_use
from billing.choices import HoldReason
from billing.models import Charge
from billing.services.ledger import MovedMeanwhileError, post_usage
from billing.services.usage import Payers, Usage, payers_of, stage_usage
from calls.services.conversion import Converted, convert_costs
from calls.services.holding import (
    Held,
    apply_settlements,
    find_held,
    held_as,
    hold,
    release,
)
from calls.services.levels import Levels, levels_of
from calls.services.picking import Calls, pick
from calls.services.pricing import NO_EXCHANGE_RATE, OK, Prices, price
from calls.services.storing import ensure_partitions, store_charges
from calls.services.traffic import store_traffic
from softswitch.core.columns import Int64s
from softswitch.core.moments import from_microseconds

logger = logging.getLogger(__name__)

BATCH = 10_000
# What one bad call can raise; anything else (a lost connection, a deadlock) is tried again whole.
DATA_ERRORS = (ArithmeticError, ValueError, LookupError, DataError, IntegrityError)


# So often in one run a batch is read anew; what differs for longer is no move.
MOST_MOVES = 100


@dataclass(slots=True)
class ChargeReport:
    """What became of the calls: ``charged`` at all levels, ``unrated``, and rows of charges.

    ``is_finished`` tells that no call was left that another worker did not hold.
    """

    charged: int = 0
    unrated: int = 0
    charges: int = 0
    is_finished: bool = False

    @property
    def calls(self) -> int:
        return self.charged + self.unrated

    def add(self, other: "ChargeReport") -> None:
        """Count the calls of ``other`` too."""
        self.charged += other.charged
        self.unrated += other.unrated
        self.charges += other.charges


def charge_pending(*, limit: int = BATCH, batches: int | None = None) -> ChargeReport:
    """Charge the waiting calls, oldest first, ``limit`` (at most 10,000) in a transaction.

    Goes on until none is left that no other worker holds, or for so many ``batches``. Safe to
    repeat and to run at once. A batch that fails on its data is halved down to the call at fault,
    which is kept as unrated (reason ``error``) and logged, so that it never blocks the others.
    Locks the balances last, in ascending order.
    """
    report = ChargeReport()
    largest = size = min(limit, BATCH)
    done = moved = 0
    while batches is None or done < batches:
        done += 1
        try:
            batch = _charge_batch(size)
        except MovedMeanwhileError:  # read anew, the chains are those after the move
            moved += 1
            if moved > MOST_MOVES:
                raise
            continue
        except DATA_ERRORS:
            if size == 1:
                raise
            size = -(-size // 2)
            continue
        if not batch.calls:
            report.is_finished = True
            break
        report.add(batch)
        size = min(2 * size, largest)
    return report


def _charge_batch(limit: int) -> ChargeReport:
    """One transaction; a single call that fails on its data is set aside in it."""
    with transaction.atomic():
        calls = pick(limit)
        if not len(calls):
            return ChargeReport()
        try:
            with transaction.atomic():
                return _charge(calls)
        except DATA_ERRORS:
            if len(calls) > 1:
                raise
            logger.exception("call %s could not be charged", calls.ids[0])
            return _set_aside(calls)


def _charge(calls: Calls) -> ChargeReport:
    release(calls)
    _note_cards(calls)
    is_known = calls.customers > 0
    known = calls.where(is_known)
    held = held_as(HoldReason.UNKNOWN, calls, np.flatnonzero(~is_known & calls.is_answered))
    hold(calls, held)
    report = ChargeReport(charged=len(calls) - len(known) - len(held), unrated=len(held))
    if len(known):
        report.add(_charge_known(known))
    return report


def _note_cards(calls: Calls) -> None:
    """The life of a prepaid card starts with its first answered call."""
    used = np.flatnonzero(calls.is_answered & (calls.accounts > 0))
    order = used[np.lexsort((calls.setup_at[used], calls.accounts[used]))]
    accounts, first = np.unique(calls.accounts[order], return_index=True)
    moments = calls.setup_at[order][first].tolist()
    if moments:
        note_first_use(
            account_ids=accounts.tolist(), first_at=[from_microseconds(at) for at in moments]
        )


def _charge_known(calls: Calls) -> ChargeReport:
    levels = levels_of(calls)
    prices = price(calls, levels)
    payers = payers_of(levels.customers, levels.accounts, calls.setup_at[levels.calls])
    if ((payers.issuers != levels.issuers) & (levels.tariffs > 0)).any():
        raise MovedMeanwhileError  # between the two reads: a chain of before, balances of after
    ended_at = calls.ended_at[levels.calls]
    converted = convert_costs(prices.costs, prices.currencies, payers.currencies, ended_at)
    is_missing = converted.is_missing & calls.is_answered[levels.calls] & (prices.reasons == OK)
    prices.reasons[is_missing] = NO_EXCHANGE_RATE
    apply_settlements(calls, levels, prices)
    held = find_held(levels, prices)
    hold(calls, held)
    chargeable = _rows_of_other_calls(levels, held)
    if chargeable.size:
        ensure_partitions(calls.setup_at[levels.calls[chargeable]])
        _store(
            calls,
            levels.where(chargeable),
            prices.where(chargeable),
            payers.where(chargeable),
            converted.where(chargeable),
        )
    return ChargeReport(len(calls) - len(held), len(held), len(chargeable))


def _rows_of_other_calls(levels: Levels, held: list[Held]) -> Int64s:
    """The rows of the calls that are not held: of those no level is charged."""
    is_held = np.isin(levels.calls, [one.call for one in held])
    return np.flatnonzero(~is_held)


def _store(
    calls: Calls, levels: Levels, prices: Prices, payers: Payers, converted: Converted
) -> None:
    """Append charges, traffic and usage entries; last, under locks, move the balances."""
    setup_at, ended_at = calls.setup_at[levels.calls], calls.ended_at[levels.calls]
    entries = stage_usage(
        Usage(
            payers=payers,
            customers=levels.customers,
            issuers=levels.issuers,
            accounts=levels.accounts,
            setup_at=setup_at,
            ended_at=ended_at,
            billed_seconds=prices.billed_seconds,
            amounts=converted.amounts,
        )
    )
    store_charges(
        {
            "call_id": calls.ids[levels.calls],
            "setup_at": setup_at,
            "ended_at": ended_at,
            "customer_id": levels.customers,
            "issuer_id": levels.issuers,
            "account_id": levels.accounts,
            "balance_id": payers.balances,
            "tariff_version_id": prices.versions,
            "rate_id": prices.rates,
            "usage_entry_id": entries,
            "duration_ms": calls.duration_ms[levels.calls],
            "billed_seconds": prices.billed_seconds,
            "level": levels.numbers,
            "revision": np.zeros_like(levels.numbers),
            "cost": prices.costs,
            "exchange_rate": converted.exchange_rates,
            "amount": converted.amounts,
        }
    )
    store_traffic(calls, levels, prices, payers, converted.amounts)
    post_usage(balance_ids=np.unique(payers.balances).tolist(), known=payers.known)


def _set_aside(calls: Calls) -> ChargeReport:
    """Keep one call that fails as unrated; one that was charged before just leaves the queue."""
    call_id = int(calls.ids[0])
    if Charge.objects.filter(call_id=call_id).exists():
        return ChargeReport(charged=1)
    release(calls)
    hold(calls, held_as(HoldReason.ERROR, calls, np.zeros(1, dtype=np.int64)))
    return ChargeReport(unrated=1)
