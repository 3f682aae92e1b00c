"""The inputs of the charge formula: a tariff's terms and a rate's terms, checked on creation."""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from enum import StrEnum

from tariffs.rating.profiles import Profile

MAX_DECIMALS = 6

_ZERO = Decimal(0)


class Rounding(StrEnum):
    """Both rules round away from zero: `HALF_UP` from one half on, `UP` from any remainder on."""

    HALF_UP = "half_up"
    UP = "up"


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffTerms:
    """What a tariff says about every call, whatever its rate.

    `connect_fee` is in the tariff's currency, `free_seconds` and `grace_period` are in seconds,
    `post_call_surcharge` is a fraction (0.015 = 1.5 %, -1 = everything free), `decimals` counts
    the digits of a charge after the point. Raises ValueError naming the first field out of range.
    """

    connect_fee: Decimal = _ZERO
    free_seconds: int = 0
    grace_period: int = 0
    post_call_surcharge: Decimal = _ZERO
    duration_rounding: Rounding = Rounding.HALF_UP
    cost_rounding: Rounding = Rounding.HALF_UP
    decimals: int = 5
    not_billed: bool = False

    def __post_init__(self) -> None:
        _check_amount("connect_fee", self.connect_fee, least=0)
        _check_amount("post_call_surcharge", self.post_call_surcharge, least=-1)
        _check_seconds("free_seconds", self.free_seconds, least=0)
        _check_seconds("grace_period", self.grace_period, least=0)
        if not 0 <= self.decimals <= MAX_DECIMALS:
            raise ValueError(f"decimals must be 0 to {MAX_DECIMALS}")


@dataclass(frozen=True, slots=True)
class RateTerms:
    """One row of a tariff.

    `prefix` is E.164 digits (empty = default), prices are per minute, intervals in seconds. The
    row is valid from `valid_from` up to, not including, `valid_till`; both aware, None = open. With
    a `profile` it applies within it only, in the tariff's zone. Raises ValueError naming the first
    field out of range.
    """

    prefix: str
    price_1: Decimal
    price_n: Decimal
    interval_1: int
    interval_n: int
    is_forbidden: bool = False
    grace_enabled: bool = False
    valid_from: datetime | None = None
    valid_till: datetime | None = None
    profile: Profile | None = None

    def __post_init__(self) -> None:
        check_prefix(self.prefix)
        _check_amount("price_1", self.price_1, least=0)
        _check_amount("price_n", self.price_n, least=0)
        _check_seconds("interval_1", self.interval_1, least=1)
        _check_seconds("interval_n", self.interval_n, least=1)

    def is_valid_at(self, moment: datetime, zone: tzinfo = UTC) -> bool:
        """Whether a call that starts at `moment` (aware) may use this row of a tariff in `zone`."""
        has_begun = self.valid_from is None or self.valid_from <= moment
        if not has_begun or (self.valid_till is not None and moment >= self.valid_till):
            return False
        return self.profile is None or self.profile.contains(moment, zone)


def check_prefix(prefix: str) -> None:
    """Raise ValueError unless `prefix` is empty or ASCII digits only."""
    if prefix and not (prefix.isascii() and prefix.isdigit()):
        raise ValueError(f"prefix {prefix!r} must be digits only")


def _check_amount(name: str, value: Decimal, *, least: int) -> None:
    if not value.is_finite():
        raise ValueError(f"{name} must be a finite number")
    if value < least:
        raise ValueError(f"{name} must not be {'negative' if least == 0 else f'below {least}'}")


def _check_seconds(name: str, value: int, *, least: int) -> None:
    if value < least:
        raise ValueError(f"{name} must be at least {least}")
