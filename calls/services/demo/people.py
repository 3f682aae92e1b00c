"""Residential customers of the demo, by country."""

from decimal import Decimal

from calls.services.demo.plan import Firm, Home

NAMES = {
    "GB": ("J. Whitcombe", "A. Pemberton", "Priya Raman", "T. O’Leary", "Margaret Ashdown",
           "D. Okafor", "Lewis Carrick", "S. Halliwell"),
    "PE": ("Rosa Quispe Mamani", "Julio Huamán Flores", "Carmen Ñaupari", "Luis Alberto Chávez",
           "Elena Paucar Rojas", "Óscar Yupanqui"),
    "BH": ("أحمد الخليفة", "فاطمة الدوسري", "Yusuf Al Mannai", "Noora Buali"),
    "NO": ("Ingrid Sæther", "Lars Bjørnstad", "Åse Kvåle"),
    "FR": ("Amélie Rousseau", "Yacine Benali", "Hélène d’Aubigny", "François Lefèvre"),
    "MA": ("ياسين العلوي", "Salma Bennis", "Omar El Fassi"),
    "NG": ("Chidi Nwosu", "Folake Adeyemi", "Ibrahim Garba", "Ngozi Eze"),
    "ES": ("Montserrat Puig", "Íñigo Zubizarreta"),
}  # fmt: skip
BROUGHT = (Decimal(60), Decimal(45), Decimal("12.50"), Decimal(80), Decimal(35))


def households(home: Home, offer: str, *, first: int = 0, count: int = 4) -> tuple[Firm, ...]:
    """``count`` people of ``home`` who pay by ``offer``, from the ``first`` of its names on."""
    return tuple(
        Firm(
            name=name,
            kind="residential",
            home=home,
            offer=offer,
            mode="prepaid",
            brought=BROUGHT[number % len(BROUGHT)],
            accounts=1,
            traffic=2,
            call_limit=2,
        )
        for number, name in enumerate(NAMES[home.code][first : first + count])
    )
