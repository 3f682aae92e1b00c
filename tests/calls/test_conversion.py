"""Costs are converted exactly, within 64 bits and beyond."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.services import conversion
from calls.services.conversion import RATE_UNIT, Converted, convert_costs

DAY_US = 24 * 3600 * 10**6
RATES = st.decimals("0.0000000001", 10**6, places=10)
SHORT = st.decimals("0.0001", 10**3, places=4)


def converted(costs: list[int], *, euro: Decimal, pound: Decimal | None = None) -> Converted:
    """Costs in euros converted to pounds, by what both are worth in the base currency."""
    rows = [("EUR", date(2026, 3, 1), euro)]
    if pound is not None:
        rows.append(("GBP", date(2026, 3, 1), pound))
    ended_at = (date(2026, 3, 10) - date(1970, 1, 1)).days * DAY_US
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conversion, "exchange_rate_days", lambda *_: rows)
        return convert_costs(
            np.array(costs, dtype=np.int64),
            np.array(["EUR"] * len(costs)),
            np.array(["GBP"] * len(costs)),
            np.full(len(costs), ended_at),
        )


def half_up(value: Fraction) -> int:
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


@given(
    st.lists(st.integers(0, 10**15), min_size=1, max_size=5),
    st.one_of(RATES, SHORT),
    st.one_of(RATES, SHORT),
)
def test_amounts_are_what_fractions_say(costs: list[int], euro: Decimal, pound: Decimal) -> None:
    cross = Fraction(euro) / Fraction(pound)
    expected = [half_up(cost * cross) for cost in costs]
    if max(*expected, half_up(RATE_UNIT * cross)) >= 2**63:
        with pytest.raises(OverflowError):
            converted(costs, euro=euro, pound=pound)
        return
    found = converted(costs, euro=euro, pound=pound)
    assert found.amounts.tolist() == expected
    assert set(found.exchange_rates.tolist()) == {half_up(RATE_UNIT * cross)}
    assert not found.is_missing.any()


def test_a_currency_without_a_rate_is_missing() -> None:
    found = converted([7, 0], euro=Decimal(1))
    assert found.is_missing.all()
    assert found.amounts.tolist() == [0, 0]
    assert found.exchange_rates.tolist() == [RATE_UNIT, RATE_UNIT]
