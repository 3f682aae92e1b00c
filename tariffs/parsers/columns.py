"""Finds the head of a rate sheet and guesses from the names what each column holds."""

import re
from dataclasses import dataclass

# What a column may be called, after ``_plain``; of several columns the name that stands first wins.
_KNOWN = {
    "prefix": (
        "prefix|prefixes|complete code|full code|dial code|dial codes|dialcode|dialing code|"
        "dialing codes|dial prefix|destination code|destination prefix|code|codes|breakout|"
        "breakouts|number prefix|e164 prefix"
    ),
    "country_code": "country code|country dial code|cc",
    "area_code": "area code|area codes|city code|city codes|npa",
    "destination": (
        "destination|destination name|destinations|code name|network name|network|description|"
        "zone|route|area name|operator|carrier|location|name"
    ),
    "country": "country|country name|iso|iso code|country iso",
    "price": "price|rate|prices|rates|call rate|call price|cost",
    "price_1": "price 1|price1|first price|initial price|rate 1|rate1|initial rate",
    "price_n": "price n|pricen|next price|subsequent price|rate n|raten|next rate",
    "interval_1": (
        "interval 1|interval1|first interval|initial interval|first increment|initial increment"
    ),
    "interval_n": (
        "interval n|intervaln|sub interval|next interval|subsequent interval|sub increment|"
        "next increment|additional interval|interval|increment"
    ),
    "billing": (
        "billing|billing increment|billing increments|billing interval|billing terms|pulse|"
        "increments|charging interval"
    ),
    "valid_from": (
        "valid from|effective|effective date|effective from|start date|date effective|start|"
        "from|activation date|date"
    ),
    "valid_till": (
        "valid till|valid to|valid until|end date|expiry date|expiry|expires|till|until|end"
    ),
    "profile": "profile|time of day profile",
    "forbidden": "forbidden|blocked|is forbidden|block|barred",
    "grace": "grace|grace enabled",
    "status": "status|change|rate change|change type|action",
}
NAMES = {field: tuple(names.split("|")) for field, names in _KNOWN.items()}
_UNITS = {"per", "min", "minute", "minutes", "sec", "secs", "seconds", "s", "usd", "eur", "gbp"}
_NOISE = _UNITS | {"in", "new"}
_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_WORDS = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column holds which field; ``at`` maps a field of NAMES to its place from 0."""

    at: dict[str, int]

    def cell(self, cells: list[str], field: str) -> str:
        """The text of ``field`` in a line; empty where the sheet has no such column or cell."""
        place = self.at.get(field, -1)
        return cells[place] if 0 <= place < len(cells) else ""

    @property
    def has_codes_and_prices(self) -> bool:
        """Whether these columns make a rate sheet."""
        return bool({"prefix", "country_code", "area_code"} & self.at.keys()) and bool(
            {"price", "price_1", "price_n"} & self.at.keys()
        )


def columns_of(cells: list[str]) -> Columns:
    """What the cells of a line, taken as a head, say of the columns."""
    names = [_plain(cell) for cell in cells]
    found = {
        field: names.index(next(name for name in known if name in names))
        for field, known in NAMES.items()
        if set(known) & set(names)
    }
    return Columns(found)


def _plain(name: str) -> str:
    """``Rates (USD / Min)`` -> ``rates``: small letters, no brackets, no units."""
    words = _WORDS.findall(_BRACKETS.sub(" ", name.lower()))
    return " ".join(word for word in words if word not in _NOISE)
