"""The prefixes of the rates of test data, of real country codes: the same in each run."""

from random import Random
from typing import NamedTuple

from babel import Locale
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

PREFIXES = 60_000
"""As many as a large tariff has."""

_LONGEST = 6  # digits after the country code
_WORLD = "001"  # a country code of no country


class Prefix(NamedTuple):
    """What a rate needs to be told from others; ``prefix`` is E.164 digits."""

    prefix: str
    destination: str
    country: str


def countries() -> list[tuple[str, str]]:
    """Country code and ISO code of each country that has a country code of its own, or leads it."""
    known = sorted(COUNTRY_CODE_TO_REGION_CODE.items())
    return [(str(code), regions[0]) for code, regions in known if regions[0] != _WORLD]


def make_prefixes(*, is_named: bool = True) -> list[Prefix]:
    """PREFIXES distinct prefixes, the countries in turn, after the empty one that takes the rest.

    Without names no rate tells a destination.
    """
    chance = Random(1)  # noqa: S311 (test data)
    names = Locale("en").territories
    found = {"": Prefix("", "Elsewhere" if is_named else "", "")}
    ring = countries()
    while len(found) < PREFIXES:
        code, country = ring[(len(found) - 1) % len(ring)]
        size = chance.randint(1, _LONGEST)
        prefix = f"{code}{chance.randrange(10**size):0{size}}"
        kind = "mobile" if int(prefix[len(code)]) >= 5 else "fixed"
        new = Prefix(prefix, f"{names[country]} {kind}", country)
        found.setdefault(prefix, new if is_named else Prefix(prefix, "", ""))
    return list(found.values())
