"""Names the country and the operator behind a prefix, from the metadata of ``phonenumbers``.

Used where a sheet or a form gives no names. Nothing is asked over the network. The names of towns
are left out: their table takes 115 MB and ten seconds to load.
"""

from functools import cache, lru_cache
from typing import NamedTuple

from babel import Locale
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneNumber, region_code_for_number
from phonenumbers.carrierdata import CARRIER_DATA

NOWHERE = "001"  # how phonenumbers calls codes that belong to no country
_TELLING = 5  # digits behind the country code that tell countries of one code apart
_NATIONAL = (10, 9, 8, 7)  # lengths of national numbers to try
_FILLERS = "2570"


class Place(NamedTuple):
    """``country`` is an ISO 3166 code; both are empty where the prefix tells nothing."""

    country: str
    name: str


@lru_cache(maxsize=262_144)
def place_of(prefix: str) -> Place:
    """The country of a prefix of E.164 digits, and a name such as ``Nigeria Mobile Airtel``."""
    code = _calling_code(prefix)
    if not code:
        return Place("", "")
    country = _country_of(code, prefix[len(code) : len(code) + _TELLING])
    name = _names().get(country, "")
    operator = _operator_of(prefix)
    if operator:
        name = f"{name} Mobile {operator}".strip()
    return Place(country, name)


@lru_cache(maxsize=4_096)
def country_code(text: str) -> str:
    """The ISO 3166 code of a country written as code or English name; empty if unknown."""
    if len(text) == 2 and text.isalpha():
        return text.upper()
    return _codes().get(text.casefold(), "")


def _calling_code(prefix: str) -> str:
    """The country calling code with which ``prefix`` begins; empty without one."""
    for length in (1, 2, 3):
        part = prefix[:length]
        if part.isdecimal() and int(part) in COUNTRY_CODE_TO_REGION_CODE:
            return part
    return ""


@lru_cache(maxsize=65_536)
def _country_of(code: str, rest: str) -> str:
    regions = COUNTRY_CODE_TO_REGION_CODE[int(code)]
    if regions[0] == NOWHERE:
        return ""
    if len(regions) == 1 or not rest:
        return regions[0]
    for length in _NATIONAL:
        for filler in _FILLERS:
            national = rest.ljust(length, filler)
            number = PhoneNumber(
                country_code=int(code),
                national_number=int(national),
                italian_leading_zero=national.startswith("0") or None,
            )
            region = region_code_for_number(number)
            if region:
                return region
    return regions[0]


def _operator_of(prefix: str) -> str:
    """The operator of the longest range that holds the whole prefix; empty for none."""
    for length in range(len(prefix), 2, -1):
        names = CARRIER_DATA.get(prefix[:length])
        if names:
            return names.get("en") or names[min(names)]
    return ""


@cache
def _names() -> dict[str, str]:
    return dict(Locale("en").territories)


@cache
def _codes() -> dict[str, str]:
    return {
        name.casefold(): code
        for code, name in _names().items()
        if len(code) == 2 and code.isalpha()
    }
