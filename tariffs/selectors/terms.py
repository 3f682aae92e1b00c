"""Tariffs and rates as the rating core wants them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from softswitch.core.columns import (
    BIGINT,
    BOOLEAN,
    INTEGER,
    MOMENT,
    Int64s,
    read_columns,
    text,
    texts_of,
)
from tariffs.models import Rate, RateProfile, Tariff, TariffVersion
from tariffs.rating.book import NO_PROFILE, RateColumns
from tariffs.rating.keys import KEY_DIGITS
from tariffs.rating.terms import RateTerms, TariffTerms
from tariffs.rating.terms import Rounding as RatingRule
from tariffs.selectors.profiles import profile_of

RATE_COLUMNS = {
    "ids": BIGINT,
    "prefixes": text(KEY_DIGITS),
    "price_1": BIGINT,
    "price_n": BIGINT,
    "interval_1": INTEGER,
    "interval_n": INTEGER,
    "is_forbidden": BOOLEAN,
    "grace_enabled": BOOLEAN,
    "valid_from_us": MOMENT,
    "valid_till_us": MOMENT,
    "profile": BIGINT,
}
_RATES = """
SELECT id, convert_to(rpad(prefix, %s), 'UTF8'), (price_1 * 1e8)::bigint, (price_n * 1e8)::bigint,
    interval_1, interval_n, is_forbidden, grace_enabled, valid_from,
    coalesce(valid_till, 'infinity'), coalesce(profile_id, 0)
FROM tariffs_rate WHERE tariff_id = %s AND length(prefix) <= %s ORDER BY id
"""


def terms_of(version: TariffVersion) -> TariffTerms:
    """A version of a tariff as the rating core wants it."""
    return TariffTerms(
        connect_fee=version.connect_fee,
        free_seconds=version.free_seconds,
        grace_period=version.grace_period,
        post_call_surcharge=version.post_call_surcharge,
        duration_rounding=RatingRule(version.duration_rounding),
        cost_rounding=RatingRule(version.cost_rounding),
        decimals=version.decimals,
        not_billed=version.is_not_billed,
    )


def rate_terms_of(rate: Rate) -> RateTerms:
    """A rate as the rating core wants it."""
    return RateTerms(
        prefix=rate.prefix,
        price_1=rate.price_1,
        price_n=rate.price_n,
        interval_1=rate.interval_1,
        interval_n=rate.interval_n,
        is_forbidden=rate.is_forbidden,
        grace_enabled=rate.grace_enabled,
        valid_from=rate.valid_from,
        valid_till=rate.valid_till,
        profile=profile_of(rate.profile) if rate.profile else None,
    )


def rate_columns(tariff_id: int) -> RateColumns:
    """All rates of a tariff, past ones too; ``ids`` are those of the rows.

    Prefixes beyond the 18 digits of a key are left out: E.164 numbers have 15 at most. Raises
    DataError for a price of 92,233,720,368 or more, which the columns cannot hold.
    """
    return columns_of(_RATES, [KEY_DIGITS, tariff_id, KEY_DIGITS], tariff_id)


def columns_of(
    query: str, parameters: Sequence[Any] | Mapping[str, Any], tariff_id: int
) -> RateColumns:
    """The rates that a query finds, one column per field of RATE_COLUMNS, read as a tariff's."""
    found = read_columns(query, parameters, RATE_COLUMNS)
    prefixes = texts_of(found.pop("prefixes")).tolist()
    keys: Int64s = found.pop("profile")
    used = np.unique(keys[keys != 0])
    columns = RateColumns(prefixes=prefixes, **found)  # type: ignore[arg-type] # arrays all
    if not used.size:
        return columns
    rows = RateProfile.objects.in_bulk(used.tolist())
    return replace(
        columns,
        profile=np.where(keys == 0, NO_PROFILE, np.searchsorted(used, keys)),
        profiles=tuple(profile_of(rows[key]) for key in used.tolist()),
        zone=Tariff.objects.get(pk=tariff_id).timezone,
    )
