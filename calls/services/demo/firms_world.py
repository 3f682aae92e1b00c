"""Root's direct customers in the Americas, the Gulf and Africa."""

from decimal import Decimal

from calls.services.demo.homes import BAHRAIN, NIGERIA, PERU, USA
from calls.services.demo.people import households
from calls.services.demo.plan import Firm, Offer

_CUSCO = Firm(
    name="Cusco Conectado", kind="reseller", home=PERU, offer="Altiplano Socios",
    company="Cusco Conectado E.I.R.L.", mode="prepaid", brought=Decimal(85), traffic=0,
    sells=(
        Offer(name="Cusco Hoteles", currency="USD", markup=235, reach="few",
              focus=("51", "54", "56", "57"), interval="60/60", is_default=True),
    ),
    customers=(
        Firm(name="Hostal Plaza de Armas", kind="business", home=PERU, offer="Cusco Hoteles",
             credit=Decimal(60), accounts=3, traffic=6, call_limit=6),
        Firm(name="Turismo Valle Sagrado", kind="business", home=PERU, offer="Cusco Hoteles",
             mode="prepaid", brought=Decimal(75), accounts=2, traffic=5, call_limit=4),
    ),
)  # fmt: skip
_ALTIPLANO = Firm(
    name="Altiplano Redes", kind="reseller", home=PERU, offer="Andes Mayorista",
    company="Altiplano Redes y Servicios S.R.L.", credit=Decimal(900), accounts=2, traffic=2,
    call_limit=40, person="Mariela Condori",
    sells=(
        Offer(name="Altiplano Socios", currency="USD", markup=170, focus=("51",)),
        Offer(name="Altiplano Hogar", currency="USD", markup=210, reach="few",
              focus=("51", "57", "593"), interval="60/30", decimals=4, is_default=True),
    ),
    customers=(_CUSCO, *households(PERU, "Altiplano Hogar", count=4)),
)  # fmt: skip
ANDES = Firm(
    name="Andes Conecta", kind="reseller", home=PERU, offer="Halyard Wholesale A–Z USD",
    company="Andes Conecta Telecomunicaciones S.A.C.", credit=Decimal(10000),
    brought=Decimal("-3912.07"), accounts=4, trunks=4, traffic=7, call_limit=200, cps_limit=25,
    login="andes", person="Lucía Paredes",
    sells=(
        Offer(name="Andes Empresas 2026", currency="USD", markup=145, focus=("51", "57"),
              is_default=True),
        Offer(name="Andes Mayorista", currency="USD", markup=128, focus=("51", "57", "56")),
    ),
    customers=(
        _ALTIPLANO,
        Firm(name="Minera Santa Rosa", kind="business", home=PERU, offer="Andes Empresas 2026",
             company="Compañía Minera Santa Rosa S.A.A.", credit=Decimal(1500), accounts=5,
             trunks=1, traffic=20, call_limit=40, person="Jorge Salas"),
        Firm(name="Clínica Miraflores", kind="business", home=PERU, offer="Andes Empresas 2026",
             credit=Decimal(700), accounts=4, traffic=12, call_limit=16),
        Firm(name="Librería El Virrey", kind="business", home=PERU, offer="Andes Empresas 2026",
             mode="prepaid", accounts=1, traffic=0, call_limit=2),
        *households(PERU, "Andes Empresas 2026", first=4, count=2),
    ),
)  # fmt: skip
_MUHARRAQ = Firm(
    name="Muharraq Connect", kind="reseller", home=BAHRAIN, offer="Dilmun Resale",
    company="Muharraq Connect S.P.C.", mode="prepaid", brought=Decimal("145.500"), own=1,
    traffic=3, call_limit=30, person="خالد البوعينين",
    sells=(
        Offer(name="Muharraq Shops", currency="BHD", markup=195, reach="few",
              focus=("973", "966", "971", "91", "92"), interval="60/60", decimals=3,
              is_default=True),
    ),
    customers=(
        Firm(name="مخبز الحد", kind="business", home=BAHRAIN, offer="Muharraq Shops",
             mode="prepaid", brought=Decimal("6.250"), accounts=1, traffic=3, call_limit=2),
        *households(BAHRAIN, "Muharraq Shops", first=2, count=2),
    ),
)  # fmt: skip
DILMUN = Firm(
    name="Dilmun Voice Services", kind="reseller", home=BAHRAIN, offer="Halyard Gulf BHD",
    company="Dilmun Voice Services W.L.L.", credit=Decimal(6000), brought=Decimal("-2204.615"),
    accounts=4, trunks=3, traffic=6, call_limit=180, login="dilmun", person="مريم الزياني",
    sells=(
        Offer(name="Dilmun Business", currency="BHD", markup=148, focus=("973", "971", "966"),
              decimals=4, is_default=True),
        Offer(name="Dilmun Resale", currency="BHD", markup=130, focus=("973", "91")),
    ),
    customers=(
        _MUHARRAQ,
        Firm(name="Seef Trading & Contracting", kind="business", home=BAHRAIN,
             offer="Dilmun Business", company="Seef Trading & Contracting Co. W.L.L.",
             credit=Decimal(400), accounts=5, traffic=14, call_limit=20),
        Firm(name="فندق الرفاع الملكي", kind="business", home=BAHRAIN, offer="Dilmun Business",
             credit=Decimal(250), accounts=4, traffic=10, call_limit=16),
        *households(BAHRAIN, "Dilmun Business", count=2),
    ),
)  # fmt: skip
LAGOS = Firm(
    name="Lagos Metro VoIP", kind="reseller", home=NIGERIA, offer="Halyard West Africa USD",
    company="Lagos Metro VoIP Services Limited", mode="prepaid", brought=Decimal("7655.20"),
    accounts=2, trunks=3, traffic=6, call_limit=240, login="lagos", person="Tunde Bakare",
    sells=(
        Offer(name="Lagos Metro Business", currency="USD", markup=150, focus=("234", "233"),
              is_default=True),
        Offer(name="Lagos Metro Home", currency="USD", markup=200, reach="few",
              focus=("234", "233", "44"), interval="30/6"),
    ),
    customers=(
        Firm(name="Ikeja Cold Stores", kind="business", home=NIGERIA, offer="Lagos Metro Business",
             mode="prepaid", brought=Decimal(180), accounts=3, traffic=12, call_limit=10),
        Firm(name="Third Mainland Couriers", kind="business", home=NIGERIA,
             offer="Lagos Metro Business", credit=Decimal(300), accounts=3, traffic=10,
             call_limit=12),
        *households(NIGERIA, "Lagos Metro Home", count=4),
    ),
)  # fmt: skip
PRAIRIE = Firm(
    name="Prairie States Rural Cooperative Telephone & Broadband Association", kind="business",
    home=USA, offer="Halyard Wholesale A–Z USD",
    company="Prairie States Rural Cooperative Telephone & Broadband Association, Inc.",
    credit=Decimal(2500), brought=Decimal("-806.15"), accounts=3, trunks=1, traffic=26,
    call_limit=80,
)  # fmt: skip
KESTREL = Firm(
    name="Kestrel Prepaid Cards", kind="virtual", home=USA, offer="Calling Card USD",
    mode="prepaid", traffic=0, call_limit=90,
)  # fmt: skip
OLD_HARBOUR = Firm(
    name="Old Harbour Callshops", kind="business", home=USA, offer="Business EUR 2026",
    mode="prepaid", accounts=1, traffic=0, status="closed",
)  # fmt: skip
