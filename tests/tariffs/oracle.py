"""Product rules of rating written a second time, as plainly as possible, and random inputs for it.

Nothing here is shared with `tariffs.rating` but the input dataclasses.
"""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from tariffs.rating.profiles import HOLIDAY, Profile, Window
from tariffs.rating.terms import RateTerms, Rounding, TariffTerms

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Holiday")


def expected_charge(terms, rate, duration):
    """Return (billed seconds, cost as a Fraction) by the text of the product's formula."""
    d = _rounded(Fraction(duration), terms.duration_rounding)
    is_grace = rate.grace_enabled and d <= terms.grace_period
    if d <= 0 or is_grace or terms.not_billed:
        return 0, Fraction(0)
    n, rest = 0, max(0, d - rate.interval_1 - terms.free_seconds)
    n = rest // rate.interval_n + (1 if rest % rate.interval_n else 0)
    cost = Fraction(terms.connect_fee)
    cost += rate.interval_1 * Fraction(rate.price_1) / 60
    cost += n * rate.interval_n * Fraction(rate.price_n) / 60
    cost *= 1 + Fraction(terms.post_call_surcharge)
    scale = 10**terms.decimals
    cost = Fraction(_rounded(cost * scale, terms.cost_rounding), scale)
    return rate.interval_1 + n * rate.interval_n, cost


def expected_row(rates, number, at, zone=UTC):
    """Return the position of the rate of a call, None if it has none, by trying every prefix."""
    for size in range(len(number), -1, -1):
        rows = [
            (rate.valid_from or datetime.min.replace(tzinfo=UTC), bool(rate.profile), row)
            for row, rate in enumerate(rates)
            if rate.prefix == number[:size]
            and (rate.valid_from is None or rate.valid_from <= at)
            and (rate.valid_till is None or at < rate.valid_till)
            and (rate.profile is None or is_within(rate.profile, at, zone))
        ]
        if rows:
            return max(rows)[-1]
    return None


def is_within(profile, at, zone):
    """Whether the wall clock of the zone stands in a window of the profile at that moment."""
    clock = at.astimezone(zone)
    day = f"{clock:%a}"
    if clock.date().isoformat() in {listed.isoformat() for listed in profile.holidays}:
        day = "Holiday"
    for window in profile.windows:
        days = [DAYS[place] for place in window.days]
        begins = f"{window.start // 60:02}:{window.start % 60:02}"
        ends = f"{window.end // 60:02}:{window.end % 60:02}"
        if day in days and begins <= f"{clock:%H:%M}" < ends:
            return True
    return False


def _rounded(value, rule):
    whole = value.numerator // value.denominator
    rest = value - whole
    threshold = rest > 0 if rule is Rounding.UP else rest >= Fraction(1, 2)
    return whole + 1 if threshold else whole


def decimals(most, places):
    """Decimals from 0 to `most`, often with few digits so that ties of rounding happen."""
    exact = st.integers(0, places).flatmap(
        lambda used: st.integers(0, most * 10**used).map(lambda units: Decimal(f"{units}E-{used}"))
    )
    return exact | st.sampled_from([Decimal(text) for text in ("0", "0.5", "1", "0.06", "0.3")])


moments = st.integers(0, 12).map(lambda hours: EPOCH + timedelta(hours=hours))
prefixes = st.text("0", max_size=2) | st.text("01", max_size=5) | st.text("0123456789", max_size=8)
numbers = st.text("0", max_size=3) | st.text("01", max_size=9) | st.text("0123456789", max_size=22)
durations = st.integers(-2_000, 400_000).map(lambda ms: Decimal(f"{ms}E-3"))
surcharges = decimals(3, 6).map(lambda value: value - 1) | st.just(Decimal(0))

NO_PROFILES = st.none()

tariffs = st.builds(
    TariffTerms,
    connect_fee=decimals(10, 8),
    free_seconds=st.integers(0, 90),
    grace_period=st.integers(0, 90),
    post_call_surcharge=surcharges,
    duration_rounding=st.sampled_from(Rounding),
    cost_rounding=st.sampled_from(Rounding),
    decimals=st.integers(0, 6),
    not_billed=st.sampled_from([False] * 9 + [True]),
)


def rates_with(prices, profile=NO_PROFILES):
    """Rates with prices, and profiles, from the given strategies."""
    return st.builds(
        RateTerms,
        prefix=prefixes,
        price_1=prices,
        price_n=prices,
        interval_1=st.integers(1, 90),
        interval_n=st.integers(1, 90),
        is_forbidden=st.booleans(),
        grace_enabled=st.booleans(),
        valid_from=st.none() | moments,
        valid_till=st.none() | moments,
        profile=profile,
    )


rates = rates_with(decimals(5, 8))

windows = st.tuples(
    st.frozensets(st.integers(0, HOLIDAY), min_size=1),
    st.integers(0, 23 * 60),
    st.integers(1, 24 * 60),
).map(lambda drawn: Window(drawn[0], drawn[1], max(drawn[1] + 1, drawn[2])))
profiles = st.builds(
    Profile,
    windows=st.lists(windows, min_size=1, max_size=3).map(tuple),
    # Days around which the zones below turn their clocks, and the days of `moments`.
    holidays=st.frozensets(
        st.sampled_from([date(2026, 1, 1), date(2026, 3, 29), date(2026, 4, 5), date(2026, 10, 4)])
    ),
)
zones = st.sampled_from(
    # Whole and half hours east and west; Lord Howe turns by half an hour; Monrovia by 44:30 once.
    [
        ZoneInfo(name)
        for name in (
            "UTC",
            "Europe/London",
            "America/New_York",
            "Asia/Kathmandu",
            "Australia/Lord_Howe",
            "Africa/Monrovia",
        )
    ]
)
_TURNS = [
    datetime(2026, 3, 8, 7, tzinfo=UTC),
    datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2026, 4, 4, 15, tzinfo=UTC),
    datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
    datetime(2026, 10, 25, 1, tzinfo=UTC),
    datetime(2026, 11, 1, 6, tzinfo=UTC),
    datetime(1972, 1, 7, 0, 44, 30, tzinfo=UTC),
]
instants = moments | st.builds(
    lambda turn, seconds: turn + timedelta(seconds=seconds),
    st.sampled_from(_TURNS),
    st.integers(-100_000, 100_000) | st.integers(-3_700, 3_700) | st.integers(-1, 1),
)
