"""Rate sheets: a firm's offer written as the CSV file that its suppliers would send."""

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from io import StringIO
from random import Random

from calls.services.demo.destinations import Destination
from calls.services.demo.plan import Offer

CHANGED_DAYS = 30  # before the anchor: when some prices changed
CHANGED_EVERY = 12
STEP = Decimal("0.00001")
ANYWHERE = 38_000  # base price of what a short list does not name
# Worth of one unit in USD when the demo was opened; the exchange rates start from these.
WORTH = {
    "USD": Decimal(1),
    "EUR": Decimal("1.1587"),
    "GBP": Decimal("1.3170"),
    "BHD": Decimal("2.6525"),
    "NOK": Decimal("0.0985"),
    "AED": Decimal("0.2723"),
    "MAD": Decimal("0.1079"),
    "NGN": Decimal("0.000688"),
    "PEN": Decimal("0.2966"),
    "SEK": Decimal("0.1053"),
}
_HEAD = ("Prefix", "Destination", "Country", "Price 1", "Price N", "Interval 1", "Interval N",
         "Forbidden", "Valid from")  # fmt: skip
_HEAD_EUROPEAN = ("Code", "Code name", "ISO", "Rate (per min)", "Billing", "Status", "Effective")


def write_sheet(
    offer: Offer, destinations: Iterable[Destination], *, anchor: datetime, seed: int
) -> bytes:
    """The sheet of ``offer``; prices change ``CHANGED_DAYS`` before the anchor for every twelfth.

    Sheets in euros have decimal commas and semicolons, as such sheets do.
    """
    rng = Random(f"{seed}/sheet/{offer.name}")  # noqa: S311 (made-up prices)
    changed_on = f"{anchor - timedelta(days=CHANGED_DAYS):%Y-%m-%d}"
    is_european = offer.currency == "EUR"
    text = StringIO()
    writer = csv.writer(text, delimiter=";" if is_european else ",")
    writer.writerow([f"{offer.name}, all prices in {offer.currency} per minute"])
    writer.writerow(_HEAD_EUROPEAN if is_european else _HEAD)
    for row in _chosen(offer, destinations):
        writer.writerow(_line(offer, row, row.price, "", is_european=is_european))
        if not row.is_forbidden and rng.randrange(CHANGED_EVERY) == 0:
            price = row.price * rng.randint(88, 118) // 100
            writer.writerow(_line(offer, row, price, changed_on, is_european=is_european))
    return text.getvalue().encode()


def _chosen(offer: Offer, destinations: Iterable[Destination]) -> Iterator[Destination]:
    if offer.reach == "few":
        yield Destination("", "Rest of the world", "", "", ANYWHERE)
    for row in destinations:
        is_near = row.code in offer.focus
        wanted = {
            "world": True,
            "countries": row.is_coarse or is_near,
            "few": row.is_coarse and (is_near or row.is_forbidden),
        }[offer.reach]
        if wanted and not row.prefix.startswith(offer.lacks or "-"):
            yield row


def _line(
    offer: Offer, row: Destination, price: int, valid_from: str, *, is_european: bool
) -> list[str]:
    worth = WORTH[offer.currency]
    amount = (Decimal(price * offer.markup) / 10_000_000 / worth).quantize(STEP, ROUND_HALF_UP)
    first, further = offer.interval.split("/")
    prefix = row.prefix or "default"
    if is_european:
        written = str(amount).replace(".", ",")
        status = "blocked" if row.is_forbidden else ""
        return [prefix, row.name, row.country, written, offer.interval, status, valid_from]
    flag = "yes" if row.is_forbidden else "no"
    both = [str(amount), str(amount)]
    return [prefix, row.name, row.country, *both, first, further, flag, valid_from]
