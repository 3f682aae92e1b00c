"""The branch of Calder Voice: four levels below Root, in pounds."""

from decimal import Decimal

from calls.services.demo.homes import UK
from calls.services.demo.people import households
from calls.services.demo.plan import Firm, Offer

# Orchard's business list leaves out Congo: calls there cannot be rated at that level.
UNLISTED = "242"
_RIDGEWAY = Firm(
    name="Ridgeway Resale",
    kind="reseller",
    home=UK,
    offer="Orchard Partner 2026",
    company="Ridgeway Resale Ltd",
    mode="prepaid",
    brought=Decimal(60),
    traffic=0,
    status="inactive",
    sells=(
        Offer(name="Ridgeway Standard", currency="GBP", markup=230, reach="few",
              focus=("44", "353"), interval="60/60"),
    ),
    customers=(
        Firm(name="Quarry Lane Dental", kind="business", home=UK, offer="Ridgeway Standard",
             company="Quarry Lane Dental Practice", credit=Decimal(100), accounts=2, traffic=3,
             call_limit=4, brought=Decimal("-6.12")),
        Firm(name="Brook Street Garage", kind="business", home=UK, offer="Ridgeway Standard",
             mode="prepaid", brought=Decimal(20), accounts=1, traffic=2, call_limit=2),
    ),
)  # fmt: skip
_ORCHARD = Firm(
    name="Orchard Telecom",
    kind="reseller",
    home=UK,
    offer="Calder Resale GBP",
    company="Orchard Telecommunications LLP",
    mode="prepaid",
    brought=Decimal(240),
    credit=Decimal(25),
    own=3,
    traffic=1,
    call_limit=60,
    cps_limit=10,
    login="orchard",
    person="Gareth Pugh",
    account_login="orchard-line",
    sells=(
        Offer(name="Orchard Business 2026", currency="GBP", markup=178, focus=("44",),
              lacks=(UNLISTED,), interval="60/1", is_default=True),
        Offer(name="Orchard Partner 2026", currency="GBP", markup=162, focus=("44",)),
        Offer(name="Orchard Home", currency="GBP", markup=215, reach="few", focus=("44", "353"),
              interval="60/60", decimals=2, cost_rounding="up", connect_fee="0.02"),
    ),
    customers=(
        Firm(name="Café Lumière", kind="business", home=UK, offer="Orchard Business 2026",
             mode="prepaid", brought=Decimal("9.14"), accounts=2, traffic=4, call_limit=6),
        Firm(name="Moorside Taxis", kind="business", home=UK, offer="Orchard Business 2026",
             company="Moorside Taxis Co-operative", credit=Decimal(150), accounts=5, traffic=14,
             call_limit=12, login="moorside", person="Denise Fairclough",
             account_login="moorside-desk"),
        Firm(name="St Brannock’s Primary School", kind="business", home=UK,
             offer="Orchard Business 2026", credit=Decimal(80), accounts=3, traffic=5,
             call_limit=8),
        _RIDGEWAY,
        *households(UK, "Orchard Home", count=5),
    ),
)  # fmt: skip
CALDER = Firm(
    name="Calder Voice",
    kind="reseller",
    home=UK,
    offer="Halyard Wholesale A–Z GBP",
    company="Calder Voice & Data Ltd",
    credit=Decimal(5000),
    brought=Decimal("-1248.36"),
    accounts=4,
    trunks=3,
    tech_prefix="7301",
    traffic=6,
    call_limit=240,
    cps_limit=20,
    login="calder",
    person="Fiona Calder",
    sells=(
        Offer(name="Calder Business 2026", currency="GBP", markup=138, focus=("44", "353"),
              interval="1/1", is_default=True),
        Offer(name="Calder Resale GBP", currency="GBP", markup=122, focus=("44",)),
        Offer(name="Calder Contact Centre", currency="GBP", markup=118, focus=("44", "353"),
              grace_period=3),
        Offer(name="Calder Calling Card", currency="GBP", markup=260, reach="few",
              focus=("44", "91", "92"), connect_fee="0.05", interval="60/60", decimals=2),
    ),
    customers=(
        Firm(name="Hartwell & Sons Solicitors", kind="business", home=UK,
             offer="Calder Business 2026", company="Hartwell & Sons Solicitors LLP",
             credit=Decimal(500), brought=Decimal("-184.20"), accounts=6, traffic=22,
             call_limit=20, person="Oliver Hartwell"),
        _ORCHARD,
        Firm(name="Pennine Housing Association Repairs and Lettings Contact Centre",
             kind="business", home=UK, offer="Calder Contact Centre", credit=Decimal(2000),
             brought=Decimal("-655.02"), accounts=4, trunks=1, traffic=34, call_limit=60),
        Firm(name="Stadium Hospitality North", kind="business", home=UK,
             offer="Calder Business 2026", credit=Decimal(250), accounts=2, traffic=0,
             call_limit=10, status="inactive"),
        Firm(name="Tyne Prepaid Cards", kind="virtual", home=UK, offer="Calder Calling Card",
             mode="prepaid", traffic=0, call_limit=30),
        *households(UK, "Calder Business 2026", first=5, count=3),
    ),
)  # fmt: skip
