"""The destinations of the world with base prices: prefixes and operators from ``phonenumbers``."""

from functools import cache
from random import Random
from typing import NamedTuple

from babel import Locale
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata
from phonenumbers.carrierdata import CARRIER_DATA

LONGEST = 6  # digits of an operator's prefix
OPERATORS = 150  # prefixes of operators in one country calling code
FORBIDDEN = {"870": "Inmarsat", "881": "Satellite", "882": "Networks", "883": "Networks"}
FORBIDDEN_PRICE = 450_000
NOWHERE = "001"  # how phonenumbers calls codes that belong to no country
# Country calling codes where calls cost little, and where they cost a lot.
CHEAP = frozenset((
    1, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 51, 52, 54, 55, 56, 57, 60,
    61, 65, 66, 81, 82, 86, 91, 351, 353, 358,
))  # fmt: skip
DEAR = frozenset((
    53, 213, 216, 220, 224, 235, 242, 243, 252, 257, 261, 269, 290, 670, 674, 675, 677, 686, 688,
))  # fmt: skip
CITIES = {
    "1212": "USA New York", "1312": "USA Chicago", "1305": "USA Miami", "1713": "USA Houston",
    "1202": "USA Washington", "1310": "USA Los Angeles", "1416": "Canada Toronto",
    "1514": "Canada Montreal", "2721": "South Africa Cape Town", "3021": "Greece Athens",
    "331": "France Paris", "334": "France South East", "3491": "Spain Madrid",
    "3493": "Spain Barcelona", "3531": "Ireland Dublin", "35321": "Ireland Cork",
    "4420": "UK London", "44113": "UK Leeds", "44121": "UK Birmingham", "44131": "UK Edinburgh",
    "44141": "UK Glasgow", "44161": "UK Manchester", "44191": "UK Tyneside", "4722": "Norway Oslo",
    "4930": "Germany Berlin", "4969": "Germany Frankfurt", "4989": "Germany Munich",
    "511": "Peru Lima", "5184": "Peru Cusco", "5255": "Mexico City", "5233": "Mexico Guadalajara",
    "5281": "Mexico Monterrey", "5411": "Argentina Buenos Aires", "562": "Chile Santiago",
    "571": "Colombia Bogota", "4822": "Poland Warsaw", "4812": "Poland Krakow",
    "9714": "UAE Dubai", "9712": "UAE Abu Dhabi", "9661": "Saudi Arabia Riyadh",
    "9122": "India Mumbai", "9111": "India Delhi", "632": "Philippines Manila",
    "2125": "Morocco Fixed", "902": "Turkey Istanbul", "390": "Italy Fixed",
}  # fmt: skip
SHORT_NAMES = {"GB": "UK", "US": "USA", "AE": "UAE", "CG": "Congo", "CD": "DR Congo"}


class Destination(NamedTuple):
    """A row of price lists: ``price`` in hundred-thousandths of a USD per minute.

    ``is_coarse``: of the few rows that stand for a whole country. ``code`` is the country calling
    code, ``country`` the ISO code or empty.
    """

    prefix: str
    name: str
    country: str
    code: str
    price: int
    is_coarse: bool = True
    is_forbidden: bool = False


def world_destinations(seed: int) -> list[Destination]:
    """All destinations by prefix, with the base prices that ``seed`` draws."""
    rng = Random(f"{seed}/prices")  # noqa: S311 (made-up prices)
    names = _country_names()
    found: dict[str, Destination] = {}
    for number in sorted(COUNTRY_CODE_TO_REGION_CODE):
        code, region = str(number), COUNTRY_CODE_TO_REGION_CODE[number][0]
        if region != NOWHERE:
            for row in _country(rng, code, region, names):
                found.setdefault(row.prefix, row)
    for prefix, name in sorted(CITIES.items()):
        country = found[country_code_of(prefix)]
        price = max(120, country.price * rng.randint(60, 95) // 100)
        found[prefix] = Destination(prefix, name, country.country, country.code, price)
    for code, name in FORBIDDEN.items():
        found[code] = Destination(code, name, "", code, FORBIDDEN_PRICE, is_forbidden=True)
    return [found[prefix] for prefix in sorted(found)]


def country_code_of(prefix: str) -> str:
    """The country calling code with which ``prefix`` begins; raises ValueError without one."""
    for length in (1, 2, 3):
        if int(prefix[:length]) in COUNTRY_CODE_TO_REGION_CODE:
            return prefix[:length]
    raise ValueError(prefix)


def _country_names() -> dict[str, str]:
    return {**Locale("en").territories, **SHORT_NAMES}


def _country(rng: Random, code: str, region: str, names: dict[str, str]) -> list[Destination]:
    """The country itself, other countries of its code, its mobile ranges, its operators."""
    fixed = _price(rng, code)
    mobile = fixed * rng.randint(180, 420) // 100
    name = names.get(region, region)
    rows = [Destination(code, name, region, code, fixed)]
    for prefix, other in _shared(code, region):
        price = fixed * rng.randint(300, 2000) // 100
        rows.append(Destination(prefix, names.get(other, other), other, code, price))
    operators = _operators(code)
    ranges = {prefix[: len(code) + 1] for prefix in operators} if code != "1" else set()
    rows += [Destination(p, f"{name} Mobile", region, code, mobile) for p in sorted(ranges)]
    for prefix, operator in operators.items():
        price = mobile * rng.randint(92, 112) // 100
        operated = Destination(prefix, f"{name} Mobile {operator}", region, code, price)
        rows.append(operated._replace(is_coarse=False))
    return rows


def _price(rng: Random, code: str) -> int:
    if int(code) in CHEAP:
        return rng.randint(300, 900)
    return rng.randint(9_000, 32_000) if int(code) in DEAR else rng.randint(1_500, 9_500)


def _shared(code: str, main: str) -> list[tuple[str, str]]:
    """The prefixes of the other countries of a code, such as 1876 for Jamaica."""
    found: list[tuple[str, str]] = []
    for region in COUNTRY_CODE_TO_REGION_CODE[int(code)]:
        metadata = PhoneMetadata.metadata_for_region(region, None)
        parts = (metadata.leading_digits or "").split("|") if metadata else []
        if region != main:
            found += [(code + part, region) for part in parts if part.isdigit()]
    return found


def _operators(code: str) -> dict[str, str]:
    """The mobile operators of a code by prefix; one within a range of its own is left out."""
    found: dict[str, str] = {}
    for prefix in _carriers().get(code, ()):
        texts = CARRIER_DATA[prefix]
        name = texts.get("en") or texts[min(texts)]
        wider = (found.get(prefix[:length]) for length in range(len(prefix) - 1, 0, -1))
        if next((known for known in wider if known), "") != name:
            found[prefix] = name
        if len(found) == OPERATORS:
            break
    return found


@cache
def _carriers() -> dict[str, list[str]]:
    by_code: dict[str, list[str]] = {}
    for prefix in sorted(CARRIER_DATA):
        if len(prefix) <= LONGEST:
            by_code.setdefault(country_code_of(prefix), []).append(prefix)
    return by_code
