"""The words in which the demo's tree is written down: where firms are, what they sell and pay."""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

DAYS = 60  # of traffic before the anchor
OPENED_DAYS = 90  # before the anchor: when Root's direct customers came
PASSWORD = "softswitch-demo"  # noqa: S105 (of the demo's logins, meant to be known)


class Target(NamedTuple):
    """Where calls go: a prefix, how often, and the share of calls that are answered (percent)."""

    prefix: str
    weight: int
    answered: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """A place that customers are in: how they are reached, what they call, by which switches.

    ``callers`` begin the numbers of its telephones; ``switch`` takes the calls of accounts,
    ``trunk_switch`` those of trunks (see traffic.SWITCHES).
    """

    code: str
    zone: str
    language: str
    currency: str
    callers: tuple[str, ...]
    switch: str
    trunk_switch: str
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A tariff that a firm sells by, and the rate sheet it comes from.

    ``reach``: ``world`` = every known prefix, ``countries`` = a few rows for each country and all
    of ``focus`` (country calling codes), ``few`` = the focus and a rate for everything else.
    ``markup`` in percent of the demo's base prices, which are in USD. ``lacks``: prefixes left out.
    """

    name: str
    currency: str
    markup: int
    reach: str = "countries"
    focus: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    interval: str = "1/1"
    connect_fee: str = "0"
    free_seconds: int = 0
    grace_period: int = 0
    decimals: int = 5
    duration_rounding: str = "up"
    cost_rounding: str = "half_up"
    is_default: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Firm:
    """A customer: who it is, what it pays by, what it sells by, and who buys from it.

    ``offer`` names a tariff of its owner; an empty ``currency`` is that tariff's. ``brought`` is
    the balance it came with, ``credit`` its limit. ``accounts`` are charged with it, ``own`` by
    themselves at its last offer; ``account_login`` is the web login of the first of them.
    ``traffic`` weighs its share of the calls, 0 for none.
    """

    name: str
    kind: str
    home: Home
    offer: str
    company: str = ""
    currency: str = ""
    mode: str = "postpaid"
    credit: Decimal = Decimal(0)
    brought: Decimal = Decimal(0)
    period: str = "monthly"
    sells: tuple[Offer, ...] = ()
    customers: "tuple[Firm, ...]" = ()
    accounts: int = 0
    own: int = 0
    trunks: int = 0
    tech_prefix: str = ""
    traffic: int = 10
    call_limit: int | None = None
    cps_limit: int | None = None
    status: str = "active"
    login: str = ""
    person: str = ""
    account_login: str = ""

    @property
    def slug(self) -> str:
        """The name as it stands in e-mail addresses and auth names: ``Calder Voice`` -> calder."""
        word = next(part for part in self.name.split() if len(part) > 2 and part[0].isalpha())
        plain = "".join(letter for letter in word.lower() if letter.isascii() and letter.isalnum())
        return plain or "customer"

    @property
    def pays(self) -> bool:
        """Whether it tops up or pays: it has calls, and has not used up its credit long ago."""
        return self.traffic > 0 and not -self.brought * 100 > self.credit * 95 > 0
