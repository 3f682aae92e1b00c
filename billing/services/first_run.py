"""The first run: currencies, the base currency, the Root Customer and its administrator."""

from babel.core import get_global
from babel.numbers import get_territory_currencies
from django.conf import settings
from django.db import transaction
from moneyed import CURRENCIES

from customers.models import Customer
from customers.selectors import system_actor
from customers.services.customers import create_root
from customers.services.users import create_user
from softswitch.core.errors import DomainError
from softswitch.core.money import minor_units
from tariffs.models import Currency


def set_up(
    *, name: str, login: str, password: str, timezone: str = "UTC", language: str = "en"
) -> Customer:
    """Create Root with its first administrator; the base currency is fixed here for ever.

    All or nothing. Raises DomainError ``set_up_done`` the second time.
    """
    with transaction.atomic():
        if Customer.objects.filter(is_root=True).exists():
            raise DomainError("set_up_done", "The Root Customer exists already.")
        load_currencies(base=settings.BASE_CURRENCY)
        root = create_root(name=name, timezone=timezone, language=language)
        create_user(actor=system_actor(), customer=root, login=login, password=password, name=name)
    return root


def current_currencies() -> frozenset[str]:
    """The currencies that are legal tender somewhere today, by the CLDR (Babel's data)."""
    places = get_global("territory_currencies")
    return frozenset(code for place in places for code in get_territory_currencies(place))


def load_currencies(*, base: str) -> None:
    """Fill the table of ISO 4217 currencies; ``base`` becomes the base, old ones rest."""
    if base not in CURRENCIES:
        raise DomainError("base_currency", f"BASE_CURRENCY: {base} is not a currency.")
    current = current_currencies()
    Currency.objects.bulk_create(
        [
            Currency(
                code=code,
                name=known.name,
                decimals=minor_units(code),
                is_base=code == base,
                is_active=code in current or code == base,
            )
            for code, known in CURRENCIES.items()
            if code in current or (len(code) == 3 and not code.startswith("X"))
        ],
        ignore_conflicts=True,
    )
