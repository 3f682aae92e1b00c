"""How Stripe counts money: integers, of units that hang on the currency.

Source: Stripe's documentation, "Supported currencies". UGX is left out: it is listed both as a
currency without decimals and as one that is written with two.
"""

from decimal import Decimal

from django.utils.translation import gettext as _

from softswitch.core.errors import DomainError
from softswitch.core.money import quantize

NO_DECIMALS = frozenset(
    "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split()  # noqa: SIM905 - a table
)
THREE_DECIMALS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
# Written with more decimals than can be charged: units must be multiples of these.
STEPS = {"ISK": 100, **dict.fromkeys(THREE_DECIMALS, 10)}
UNKNOWN = frozenset({"UGX"})


def _decimals(currency: str) -> int:
    if currency in NO_DECIMALS:
        return 0
    return 3 if currency in THREE_DECIMALS else 2


def to_units(amount: Decimal, currency: str) -> int:
    """``amount`` as Stripe writes it: 12.34 EUR is 1234, 500 JPY is 500.

    Raises DomainError ``amount`` for what cannot be charged exactly, ``currency`` for a currency
    that is not offered.
    """
    if currency in UNKNOWN:
        raise DomainError(
            "currency", _("%(currency)s cannot be paid online.") % {"currency": currency}
        )
    units = amount.scaleb(_decimals(currency))
    step = STEPS.get(currency, 1)
    if units != units.to_integral_value() or units % step:
        smallest = Decimal(step).scaleb(-_decimals(currency))
        raise DomainError(
            "amount",
            _("Enter a multiple of %(smallest)s %(currency)s.")
            % {"smallest": smallest, "currency": currency},
            field="amount",
        )
    return int(units)


def from_units(units: int, currency: str) -> Decimal:
    """What Stripe's integer is in the currency itself, as the ledger stores it."""
    return quantize(Decimal(units).scaleb(-_decimals(currency)))
