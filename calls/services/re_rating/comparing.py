"""Compares what calls were charged with what they cost by the terms of a re-rating."""

from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np

from billing.services.usage import Payers, in_closed_periods, payers_at
from calls.choices import ReRatingReason
from calls.models import ReRating
from calls.services.conversion import Converted, convert_costs
from calls.services.holding import Held, apply_settlements, find_held
from calls.services.levels import Levels, levels_of
from calls.services.picking import Calls
from calls.services.pricing import NO_EXCHANGE_RATE, OK, Prices, Terms
from calls.services.re_rating.choosing import rows_in_scope
from calls.services.re_rating.standing import Standing, all_charges, level_keys, newest_of
from calls.services.variants import Variant
from softswitch.core.columns import Array, Columns, Int64s
from softswitch.core.moments import to_microseconds


@dataclass(frozen=True, slots=True, eq=False)
class NewCharges(Columns):
    """What takes the place of charges: ``rows`` are theirs; units as in ``Standing``."""

    rows: Int64s
    versions: Int64s
    rates: Int64s
    billed_seconds: Int64s
    costs: Int64s
    exchange_rates: Int64s
    amounts: Int64s

    def differs_from(self, standing: Standing) -> Array:
        """Which of them are other money than what stands; by which rate it came is not."""
        old = standing.where(self.rows)
        is_other: Array = np.logical_or.reduce(
            [
                self.costs != old.costs,
                self.exchange_rates != old.exchange_rates,
                self.amounts != old.amounts,
                self.billed_seconds != old.billed_seconds,
            ]
        )
        return is_other


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Calls, their charges as they stand, and beside them ``new``: all that can be rated.

    ``is_changed`` and ``is_closed`` (the call's period is) stand beside ``new``; ``held`` are the
    calls that the new terms leave as they are.
    """

    calls: Calls
    standing: Standing
    new: NewCharges
    is_changed: Array
    is_closed: Array
    held: list[Held] = field(default_factory=list)

    @property
    def changes(self) -> NewCharges:
        return self.new.where(self.is_changed)

    @property
    def fingerprint(self) -> str:
        """The same only for the same differences of the same charges, and the same refusals."""
        changes = self.changes
        old = self.standing.where(changes.rows)
        ids = self.calls.ids
        held = np.array([int(ids[one.call]) for one in self.held], dtype=np.int64)
        columns = [
            ids[old.calls],
            *(getattr(old, name) for name in ("numbers", "revisions", "entries")),
            *(getattr(changes, name) for name in NewCharges.__slots__[1:]),
            self.is_closed[self.is_changed].astype(np.int64),
            held,
        ]
        digest = sha256(",".join(one.reason for one in self.held).encode())
        for column in columns:
            digest.update(len(column).to_bytes(8) + np.ascontiguousarray(column).tobytes())
        return digest.hexdigest()


def variant_of(job: ReRating) -> Variant:
    """Which levels go by which terms."""
    tariff = job.tariff
    return Variant(
        issuers=None if tariff is None else [tariff.owner_id],
        tariffs=None if job.assigned_id is None else [job.assigned_id],
        tariff=None if tariff is None else tariff.pk,
        terms=Terms(at=None if job.terms_at is None else to_microseconds(job.terms_at)),
    )


def compare(job: ReRating, calls: Calls) -> Comparison:
    """Price the levels of ``calls`` that ``job`` is about; same errors as ``pricing.price``."""
    standing = newest_of(all_charges(calls)) if len(calls) else None
    if standing is None or not len(standing):
        return _nothing(calls)
    rows = rows_in_scope(job, standing)
    levels, is_known = _levels_at(calls, standing.where(rows))
    strange = np.unique(standing.calls[rows[~is_known]])
    held = _of_other_chains(calls, strange)
    is_open = ~np.isin(standing.calls[rows], strange)
    rows, levels = rows[is_open], levels.where(is_open)
    variant = variant_of(job)
    chosen = variant.rows(levels)
    if not chosen.size:
        return _nothing(calls, standing, held)
    return _priced(variant, (calls, standing), (rows[chosen], levels.where(chosen)), held)


def _nothing(
    calls: Calls, standing: Standing | None = None, held: list[Held] | None = None
) -> Comparison:
    none = np.zeros(0, dtype=np.int64)
    new = NewCharges(*[none] * 7)
    stands = Standing(*[none] * len(Standing.__slots__)) if standing is None else standing
    return Comparison(calls, stands, new, none > 0, none > 0, held or [])


def _levels_at(calls: Calls, charged: Standing) -> tuple[Levels, Array]:
    """The dated level behind each charge, and whether it is still the same payer and issuer."""
    levels = levels_of(calls)
    keys = level_keys(levels.calls, levels.numbers)
    if not len(keys):
        return charged.levels, np.zeros(len(charged), dtype=np.bool_)
    places = np.minimum(np.searchsorted(keys, charged.keys), len(keys) - 1)
    found = levels.where(places)
    is_same: Array = (
        (keys[places] == charged.keys)
        & (found.customers == charged.customers)
        & (found.issuers == charged.issuers)
        & (found.accounts == charged.accounts)
    )
    return found, is_same


def _of_other_chains(calls: Calls, which: Int64s) -> list[Held]:
    return [
        Held(call, int(calls.customers[call]), False, ReRatingReason.CHAIN.value, ())  # noqa: FBT003
        for call in which.tolist()
    ]


def _priced(
    variant: Variant,
    charged: tuple[Calls, Standing],
    about: tuple[Int64s, Levels],
    held: list[Held],
) -> Comparison:
    (calls, standing), (rows, levels) = charged, about
    payers = payers_at(standing.balances[rows])
    prices = variant.price(calls, levels, np.arange(len(levels)))
    converted = _converted(calls, levels, prices, payers)
    apply_settlements(calls, levels, prices)
    failing = find_held(levels, prices)
    is_good = ~np.isin(levels.calls, [one.call for one in failing])
    new = NewCharges(
        rows,
        prices.versions,
        prices.rates,
        prices.billed_seconds,
        prices.costs,
        converted.exchange_rates,
        converted.amounts,
    ).where(is_good)
    ended_at = calls.ended_at[levels.calls[is_good]]
    return Comparison(
        calls=calls,
        standing=standing,
        new=new,
        is_changed=new.differs_from(standing),
        is_closed=in_closed_periods(payers.where(is_good), ended_at),
        held=sorted([*held, *failing], key=lambda one: one.call),
    )


def _converted(calls: Calls, levels: Levels, prices: Prices, payers: Payers) -> Converted:
    """The costs in the currencies of the balances, at the day on which each call ended."""
    ended_at = calls.ended_at[levels.calls]
    converted = convert_costs(prices.costs, prices.currencies, payers.currencies, ended_at)
    prices.reasons[converted.is_missing & (prices.reasons == OK)] = NO_EXCHANGE_RATE
    return converted
