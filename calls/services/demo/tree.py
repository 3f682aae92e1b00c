"""The demo's tree: Root, what it sells, and who buys from it."""

from calls.services.demo.firms_europe import BALTIC, CASABLANCA, DUNMORE, HELLAS, NORDLYS, SMTSN
from calls.services.demo.firms_uk import CALDER
from calls.services.demo.firms_world import (
    ANDES,
    DILMUN,
    KESTREL,
    LAGOS,
    OLD_HARBOUR,
    PRAIRIE,
)
from calls.services.demo.homes import UK
from calls.services.demo.plan import Firm, Offer

ROOT = Firm(
    name="Halyard Voice",
    kind="root",
    home=UK,
    offer="",
    currency="USD",
    login="operator",
    person="Maya Okonkwo",
    sells=(
        Offer(name="Halyard Wholesale A–Z USD", currency="USD", markup=108, reach="world",
              is_default=True),
        Offer(name="Halyard Wholesale A–Z GBP", currency="GBP", markup=109, focus=("44", "353")),
        Offer(name="Halyard Gulf BHD", currency="BHD", markup=110, focus=("973", "971", "91")),
        Offer(name="Halyard Maghreb EUR", currency="EUR", markup=112, focus=("212", "213", "33")),
        Offer(name="Halyard Nordic NOK", currency="NOK", markup=111, focus=("47", "46", "45")),
        Offer(name="Halyard West Africa USD", currency="USD", markup=112,
              focus=("234", "233", "27")),
        Offer(name="Carrier Exchange EUR", currency="EUR", markup=104, focus=("48", "370", "30"),
              duration_rounding="half_up", decimals=6),
        Offer(name="Business EUR 2026", currency="EUR", markup=140, focus=("353", "44"),
              interval="60/1"),
        Offer(name="Calling Card USD", currency="USD", markup=300, reach="few",
              focus=("1", "52"), interval="60/60", connect_fee="0.10", decimals=2),
    ),
    customers=(ANDES, BALTIC, CALDER, CASABLANCA, DILMUN, DUNMORE, HELLAS, KESTREL, LAGOS,
               NORDLYS, OLD_HARBOUR, PRAIRIE, SMTSN),
)  # fmt: skip


def all_firms(top: Firm = ROOT) -> list[Firm]:
    """``top`` and everybody below it, owners before their customers."""
    return [top, *(firm for customer in top.customers for firm in all_firms(customer))]
