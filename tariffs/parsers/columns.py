"""Knows what columns a rate sheet has, and guesses from their headings which is which."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

# What a column may be called, after ``plain``; of several columns the name that stands first wins.
_KNOWN = {
    "prefix": (
        "prefix|prefixes|complete code|full code|dial code|dial codes|dialcode|dialcodes|"
        "dialing code|dialing codes|dialling code|dialling codes|dial prefix|destination code|"
        "destination codes|destination prefix|code|codes|breakout|breakouts|number prefix|"
        "e164 prefix|e164|digits|prefijo|prefijos|codigo|codigos|vorwahl|vorwahlen|prefixe|"
        "indicatif|codice|prefisso"
    ),
    "country_code": "country code|country dial code|country prefix|cc|codigo pais|landervorwahl",
    "area_code": "area code|area codes|city code|city codes|npa|network code|codigo area",
    "destination": (
        "destination|destination name|destinations|code name|network name|network|description|"
        "zone|route|area name|operator|carrier|location|name|destino|ziel|zielname|descripcion|"
        "destinazione"
    ),
    "country": "country|country name|pais|land|pays",
    "iso": "iso|iso code|country iso|iso country|iso2|country iso code|alpha 2",
    "price": (
        "price|rate|prices|rates|call rate|call price|cost|tarif|tarifa|precio|preis|prix|prezzo|"
        "amount|buy rate|sell rate|termination rate|voice rate"
    ),
    "price_1": "price 1|price1|first price|initial price|rate 1|rate1|initial rate",
    "price_n": "price n|pricen|next price|subsequent price|rate n|raten|next rate|recurring rate",
    "interval_1": (
        "interval 1|interval1|first interval|initial interval|first increment|initial increment|"
        "minimum duration|min duration|minimum billing|initial period"
    ),
    "interval_n": (
        "interval n|intervaln|sub interval|next interval|subsequent interval|sub increment|"
        "next increment|additional interval|interval|increment|further interval|recurring period"
    ),
    "billing": (
        "billing|billing increment|billing increments|billing interval|billing terms|pulse|"
        "increments|intervals|charging interval|rounding|billing cycle|billing unit|taktung|"
        "facturacion"
    ),
    "valid_from": (
        "valid from|effective|effective date|effective from|start date|date effective|start|"
        "from|activation date|date|effective time|valid since|fecha|vigencia|gultig ab|"
        "date effet|begin date"
    ),
    "valid_till": (
        "valid till|valid to|valid until|end date|expiry date|expiry|expires|till|until|end|"
        "expiration date|gultig bis"
    ),
    "profile": "profile|time of day profile",
    "forbidden": "forbidden|blocked|is forbidden|block|barred",
    "grace": "grace|grace enabled",
    "status": (
        "status|change|rate change|change type|action|code change|dial code change indicator|"
        "area code change|code status|price change|estado|cambio"
    ),
    "currency": "currency|curr|ccy|moneda|wahrung|devise",
}
NAMES = {field: tuple(names.split("|")) for field, names in _KNOWN.items()}
FIELDS = tuple(NAMES)
CODES = ("prefix", "country_code", "area_code")
PRICES = ("price", "price_1", "price_n")
IGNORED = ""

_UNITS = {"per", "min", "minute", "minutes", "sec", "secs", "seconds", "s", "usd", "eur", "gbp"}
_NOISE = _UNITS | {"in", "new", "the", "of", "de", "no"}
_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_WORDS = re.compile(r"[a-z0-9]+")
# For headings that are none of the known names: words that say enough, and words that deny it.
_HINTS: tuple[tuple[str, set[str], set[str]], ...] = (
    ("valid_from", {"effective", "valid"}, {"till", "to", "until", "end", "status"}),
    ("price", {"rate", "rates", "price", "tariff"}, {"change", "old", "previous", "last", "type"}),
    ("prefix", {"prefix", "prefixes", "dialcode", "breakout"}, {"change", "name", "tech"}),
    ("destination", {"destination"}, {"type", "id", "code"}),
    ("billing", {"increment", "pulse"}, set()),
)


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column holds which field; ``at`` maps a field of FIELDS to its place from 0."""

    at: dict[str, int]

    def cell(self, cells: list[str], field: str) -> str:
        """The text of ``field`` in a line; empty where the sheet has no such column or cell."""
        place = self.at.get(field, -1)
        return cells[place] if 0 <= place < len(cells) else ""

    @property
    def has_codes(self) -> bool:
        return any(field in self.at for field in CODES)

    @property
    def has_prices(self) -> bool:
        return any(field in self.at for field in PRICES)

    @property
    def has_names(self) -> bool:
        return "destination" in self.at

    @property
    def has_codes_and_prices(self) -> bool:
        """Whether these columns make a rate sheet."""
        return self.has_codes and self.has_prices

    def fields(self, width: int) -> tuple[str, ...]:
        """The field of each of ``width`` columns, IGNORED for those without one."""
        named = {place: field for field, place in self.at.items()}
        return tuple(named.get(place, IGNORED) for place in range(width))


def columns_in(fields: Sequence[str]) -> Columns:
    """The columns of a sheet whose columns hold ``fields``; the first of a field counts."""
    at: dict[str, int] = {}
    for place, field in enumerate(fields):
        if field != IGNORED:
            at.setdefault(field, place)
    return Columns(at)


def columns_of(cells: list[str]) -> Columns:
    """What the cells of a line, taken as a head, say of the columns."""
    names = [plain(cell) for cell in cells]
    found = {
        field: names.index(next(name for name in known if name in names))
        for field, known in NAMES.items()
        if set(known) & set(names)
    }
    if any(field in found for field in (*CODES, *PRICES, "destination")):
        _add_hinted(found, names)
    return Columns(found)


def _add_hinted(found: dict[str, int], names: list[str]) -> None:
    """Take further columns by single words of headings that are no sentences."""
    for field, words, denied in _HINTS:
        has_one = field in found or (field == "price" and {"price_1", "price_n"} & found.keys())
        if has_one:
            continue
        for place, name in enumerate(names):
            said = set(name.split())
            if place not in found.values() and len(said) < 6 and said & words and not said & denied:
                found[field] = place
                break


def plain(name: str) -> str:
    """``Rates (USD / Min)`` -> ``rates``: small letters, no accents, brackets and units."""
    letters = unicodedata.normalize("NFKD", _BRACKETS.sub(" ", name)).lower()
    words = _WORDS.findall("".join(sign for sign in letters if not unicodedata.combining(sign)))
    return " ".join(word for word in words if word not in _NOISE)
