"""The first run: currencies, the base currency, the Root Customer and its administrator."""

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


def load_currencies(*, base: str) -> None:
    """Fill the table of ISO 4217 currencies; ``base`` becomes the base currency."""
    if base not in CURRENCIES:
        raise DomainError("base_currency", f"BASE_CURRENCY: {base} is not a currency.")
    Currency.objects.bulk_create(
        [
            Currency(code=code, name=known.name, decimals=minor_units(code), is_base=code == base)
            for code, known in CURRENCIES.items()
            if len(code) == 3 and not code.startswith("X")
        ],
        ignore_conflicts=True,
    )
