"""Root's other direct customers in Europe and the Maghreb."""

from decimal import Decimal

from calls.services.demo.homes import ESTONIA, FRANCE, GREECE, IRELAND, MOROCCO, NORWAY, SPAIN
from calls.services.demo.people import households
from calls.services.demo.plan import Firm, Offer

BALTIC = Firm(
    name="Baltic Carrier Exchange", kind="termination", home=ESTONIA, offer="Carrier Exchange EUR",
    company="Baltic Carrier Exchange OÜ", credit=Decimal(25000), brought=Decimal("-21480.55"),
    period="weekly", trunks=6, traffic=60, call_limit=300, cps_limit=40, login="baltic",
    person="Kadri Tamm",
)  # fmt: skip
HELLAS = Firm(
    name="Hellas Wholesale Voice", kind="termination", home=GREECE, offer="Carrier Exchange EUR",
    company="Hellas Wholesale Voice Single Member P.C.", mode="prepaid", credit=Decimal(50),
    brought=Decimal("38.12"), period="weekly", trunks=4, traffic=24, call_limit=150,
)  # fmt: skip
DUNMORE = Firm(
    name="Dunmore Contact Centres", kind="business", home=IRELAND, offer="Business EUR 2026",
    company="Dunmore Contact Centres Unlimited Company", credit=Decimal(5000),
    brought=Decimal("-5012.40"), accounts=8, trunks=2, traffic=30, call_limit=120,
    person="Aoife Ní Bhriain",
)  # fmt: skip
NORDLYS = Firm(
    name="Nordlys Telefoni", kind="reseller", home=NORWAY, offer="Halyard Nordic NOK",
    company="Nordlys Telefoni AS", credit=Decimal(60000), brought=Decimal("-48310.90"),
    accounts=2, trunks=2, traffic=4, call_limit=120, person="Sigrid Haugen",
    sells=(
        Offer(name="Nordlys Bedrift", currency="NOK", markup=150, focus=("47", "46"),
              is_default=True, decimals=4),
        Offer(name="Nordlys Hjemme", currency="NOK", markup=190, reach="few",
              focus=("47", "46", "45"), interval="60/60", connect_fee="0.49", decimals=2),
    ),
    customers=(
        Firm(name="Fjordkraft Rørservice", kind="business", home=NORWAY, offer="Nordlys Bedrift",
             credit=Decimal(3000), accounts=3, traffic=9, call_limit=10),
        Firm(name="Tromsø Havn Logistikk", kind="business", home=NORWAY, offer="Nordlys Bedrift",
             company="Tromsø Havn Logistikk AS", credit=Decimal(8000), accounts=4, trunks=1,
             traffic=12, call_limit=30),
        *households(NORWAY, "Nordlys Hjemme", count=3),
    ),
)  # fmt: skip
_RIVIERA = Firm(
    name="Riviera Réseaux", kind="reseller", home=FRANCE, offer="SMTSN Revente",
    company="Riviera Réseaux SAS", mode="prepaid", brought=Decimal(310), accounts=1, traffic=1,
    sells=(
        Offer(name="Riviera Pro", currency="EUR", markup=185, focus=("33",), is_default=True),
        Offer(name="Riviera Maison", currency="EUR", markup=230, reach="few",
              focus=("33", "212", "213", "216"), interval="60/60", decimals=2),
    ),
    customers=(
        Firm(name="Hôtel de l’Esplanade", kind="business", home=FRANCE, offer="Riviera Pro",
             credit=Decimal(400), accounts=4, traffic=9, call_limit=12),
        Firm(name="Cabinet Vidal et Associés", kind="business", home=FRANCE, offer="Riviera Pro",
             credit=Decimal(200), accounts=2, traffic=6, call_limit=6),
        *households(FRANCE, "Riviera Maison", count=4),
    ),
)  # fmt: skip
SMTSN = Firm(
    name="Société Méditerranéenne de Télécommunications et Services Numériques",
    kind="reseller", home=FRANCE, offer="Halyard Maghreb EUR",
    company="SMTSN Société à responsabilité limitée", credit=Decimal(12000),
    brought=Decimal("-11950.00"), accounts=2, trunks=4, tech_prefix="88", traffic=5,
    call_limit=160, login="smtsn", person="Jean-Baptiste Courvoisier",
    sells=(
        Offer(name="SMTSN Entreprises", currency="EUR", markup=150, focus=("33", "212", "213"),
              is_default=True),
        Offer(name="SMTSN Revente", currency="EUR", markup=132, focus=("33", "212")),
    ),
    customers=(
        _RIVIERA,
        Firm(name="Transports Belkacem", kind="business", home=FRANCE, offer="SMTSN Entreprises",
             company="Transports Internationaux Belkacem & Fils", credit=Decimal(600), accounts=3,
             traffic=12, call_limit=10),
        Firm(name="Clínica Dental Sant Jordi", kind="business", home=SPAIN,
             offer="SMTSN Entreprises", credit=Decimal(300), accounts=3, traffic=7, call_limit=8),
        *households(SPAIN, "SMTSN Entreprises", count=2),
    ),
)  # fmt: skip
CASABLANCA = Firm(
    name="Casablanca Appels", kind="reseller", home=MOROCCO, offer="Halyard Wholesale A–Z USD",
    company="Casablanca Appels Internationaux SARL", currency="EUR", mode="prepaid",
    brought=Decimal("412.80"), trunks=2, traffic=3, call_limit=60,
    person="سلمى بنيس",
    sells=(
        Offer(name="Casablanca Particuliers", currency="EUR", markup=170, reach="few",
              focus=("212", "33", "34"), interval="60/60", is_default=True),
    ),
    customers=(
        Firm(name="مقهى النخيل", kind="business", home=MOROCCO, offer="Casablanca Particuliers",
             mode="prepaid", brought=Decimal(15), accounts=2, traffic=5, call_limit=4),
        *households(MOROCCO, "Casablanca Particuliers", count=3),
    ),
)  # fmt: skip
