"""Copies a tariff into a new one, with or without a mark-up: one statement, exact arithmetic."""

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import numpy as np
from django.core.exceptions import PermissionDenied
from django.db import DataError, IntegrityError, connection, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _
from psycopg.types.json import Jsonb

from customers.services.audit import record
from customers.tenancy import Actor
from softswitch.core.columns import BIGINT, read_columns
from softswitch.core.errors import DomainError
from softswitch.core.fields import LARGEST_PRICE
from softswitch.core.money import half_up
from tariffs.choices import MarkupKind, Rounding
from tariffs.models import Rate, Tariff
from tariffs.rating.book import RateColumns
from tariffs.rating.keys import KEY_DIGITS
from tariffs.selectors import (
    is_readable,
    rate_columns,
    rates_in_force,
    tariff_of,
    version_in_force,
)
from tariffs.services.profiles import own_profiles_for
from tariffs.services.tariffs import PARAMETERS, create_tariff

EXACT = 8  # the decimals that prices are stored with
COPIED_HEADER = ("timezone", "average_call_duration", "loss_protection")
_LARGEST = int(LARGEST_PRICE * 10**EXACT)
REPLACED = ("id", "tariff_id", "price_1", "price_n")

# Units of the last decimal of a price that is "over": numerators are exact, so is div().
_HALF_UP = "div(2 * ({over}) * %(scale)s::numeric + %(target)s, 2 * %(target)s::numeric)"
_UP = (
    "div(({over}) * %(scale)s::numeric, %(target)s::numeric)"
    " + (mod(({over}) * %(scale)s::numeric, %(target)s::numeric) > 0)::int"
)
_MARKED = "{price} * %(source)s::numeric * %(factor)s::numeric + %(fixed)s::numeric * %(target)s"
_LEAST = "{price} * %(source)s::numeric + %(minimum)s::numeric * %(target)s"
_PROFILE = "(%(profiles)s ->> profile_id::text)::bigint"
_INSERT = """
INSERT INTO tariffs_rate (tariff_id, price_1, price_n, {columns})
SELECT %(copy)s, {price_1}, {price_n}, {values}
FROM tariffs_rate WHERE tariff_id = %(tariff)s AND (valid_till IS NULL OR valid_till > %(now)s)
"""
# In the order of rate_columns.
_SELECT = """
SELECT id, (least({price_1}, 2000000) * 1e8)::bigint, (least({price_n}, 2000000) * 1e8)::bigint
FROM tariffs_rate WHERE tariff_id = %(tariff)s AND length(prefix) <= %(digits)s ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class Markup:
    """How the prices of a copy follow from the old ones, in the currency of the copy.

    price = old * (1 + percent / 100) + fixed, rounded to ``decimals``, and at least old + minimum
    (rounded up, so that rounding never takes from it). The connect fee likewise, or only converted.
    """

    percent: Decimal = Decimal(0)
    fixed: Decimal = Decimal(0)
    minimum: Decimal | None = None
    decimals: int = EXACT
    rounding: str = Rounding.HALF_UP
    on_connect_fee: bool = False

    @classmethod
    def of(
        cls,
        kind: str,
        amount: Decimal,
        *,
        minimum: Decimal | None = None,
        decimals: int = EXACT,
        rounding: str = Rounding.HALF_UP,
        on_connect_fee: bool = False,
    ) -> "Markup":
        """The mark-up that ``amount`` is by its kind (tariffs.choices.MarkupKind)."""
        is_percent = kind == MarkupKind.PERCENT
        return cls(
            percent=amount if is_percent else Decimal(0),
            fixed=Decimal(0) if is_percent else amount,
            minimum=minimum,
            decimals=decimals,
            rounding=rounding,
            on_connect_fee=on_connect_fee,
        )

    @property
    def factor(self) -> Decimal:
        return 1 + self.percent.scaleb(-2)

    def fee(self, fee: Decimal) -> Decimal:
        """What becomes of a connect fee in the same currency."""
        return _fee(fee, self, _cross("", ""))


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy made: the tariff, how many rates, and the exchange rate (1: same currency)."""

    tariff: Tariff
    rates: int
    exchange_rate: Decimal


def copy_tariff(
    *, actor: Actor, source: Tariff, name: str, currency: str, markup: Markup, key: UUID
) -> Copied:
    """A new tariff of the actor's from one that it may read: parameters, current and future rates.

    The parameters are those in force now; prices follow ``markup``, in ``currency`` at today's
    exchange rate. Atomic with the audit rows; sent again with the same ``key`` it copies nothing.
    Raises DomainError ``taken``, ``no_exchange_rate`` or ``too_large``.
    """
    if not (actor.can("tariffs.view") and is_readable(actor, source)):
        raise PermissionDenied
    header = {item: getattr(source, item) for item in COPIED_HEADER}
    new = {"name": name, "currency": currency, "creation_key": key} | header
    return _once(actor, source, new, markup, source.name)


def marked_rates(tariff_id: int, markup: Markup) -> RateColumns:
    """The rates of a tariff as a copy with ``markup`` in its own currency would have them.

    Nothing is written. Raises DomainError ``too_large`` as copying does.
    """
    columns = rate_columns(tariff_id)
    found = read_columns(
        _SELECT.format(price_1=_price("price_1", markup), price_n=_price("price_n", markup)),
        _values(markup, _cross("", "")) | {"tariff": tariff_id, "digits": KEY_DIGITS},
        {"ids": BIGINT, "price_1": BIGINT, "price_n": BIGINT},
    )
    price_1, price_n = found["price_1"], found["price_n"]
    if max(price_1.max(initial=0), price_n.max(initial=0)) > _LARGEST:
        raise DomainError("too_large", _("A price would be above 1,000,000."))
    if not np.array_equal(found["ids"], columns.ids):  # changed between the two reads
        return marked_rates(tariff_id, markup)
    return replace(columns, price_1=price_1, price_n=price_n)


def copy_own_rates(*, actor: Actor, name: str, currency: str, markup: Markup, key: UUID) -> Copied:
    """A new tariff of the actor's from the rates that its customer pays, else as ``copy_tariff``.

    Only what its rate table shows is copied: nothing of the tariff's name or protection, and its
    zone only where times of day depend on it.
    """
    if actor.account_id is not None or not actor.can("rates.view"):
        raise PermissionDenied
    source = tariff_of(actor.customer_id, now())
    if source is None:
        raise DomainError("no_tariff", _("Your provider has not set a rate table."))
    new = {"name": name, "currency": currency, "creation_key": key, "timezone": actor.timezone}
    return _once(actor, source, new, markup, "")


def _once(actor: Actor, source: Tariff, new: dict[str, Any], markup: Markup, origin: str) -> Copied:
    """Copy unless the form was sent before; of two at once the second waits for the first."""
    known = _known(actor, source, new)
    if known is not None:
        return known
    try:
        with transaction.atomic():
            return _copy(actor, source, new, markup, origin)
    except (DomainError, IntegrityError, DataError) as error:
        known = _known(actor, source, new)
        if known is not None:
            return known
        if isinstance(error, DataError) or "_values" in str(error):
            raise DomainError("too_large", _("A price would be above 1,000,000.")) from error
        raise


def _known(actor: Actor, source: Tariff, new: dict[str, Any]) -> Copied | None:
    made = Tariff.objects.owned_by(actor).filter(creation_key=new["creation_key"]).first()
    if made is None:
        return None
    rates = _cross(source.currency_id, made.currency_id)
    return Copied(made, made.rates.count(), half_up(rates[0] / rates[1], 10))


def _copy(actor: Actor, source: Tariff, new: dict[str, Any], markup: Markup, origin: str) -> Copied:
    rates = _cross(source.currency_id, new["currency"])
    version = version_in_force(source, now())
    parameters = {name: getattr(version, name) for name in PARAMETERS} if version else {}
    if parameters:
        parameters["connect_fee"] = _fee(parameters["connect_fee"], markup, rates)
    profiles = own_profiles_for(actor=actor, tariff=source)
    if profiles:  # their times are read in the tariff's zone
        new = new | {"timezone": source.timezone}
    made = create_tariff(actor=actor, parameters=parameters, **new)
    count = _insert(source, made, markup, rates, profiles)
    rate = half_up(rates[0] / rates[1], 10)
    record(
        actor=actor,
        customer=actor.customer,
        action="tariff_copied",
        subject=made,
        changes={
            "from": ["", origin],
            "rates": ["", count],
            "percent": ["", markup.percent],
            "fixed": ["", markup.fixed],
            "minimum": ["", "" if markup.minimum is None else markup.minimum],
            "exchange rate": ["", rate],
        },
    )
    return Copied(made, count, rate)


def _insert(
    source: Tariff,
    made: Tariff,
    markup: Markup,
    rates: tuple[Fraction, Fraction],
    profiles: dict[int, int],
) -> int:
    """Copy the rates with their new prices, and by what ``profiles`` maps theirs to; how many."""
    columns = [str(field.column) for field in Rate._meta.concrete_fields]
    kept = [column for column in columns if column not in REPLACED]
    statement = _INSERT.format(
        columns=", ".join(kept),
        values=", ".join(_PROFILE if column == "profile_id" else column for column in kept),
        price_1=_price("price_1", markup),
        price_n=_price("price_n", markup),
    )
    values: dict[str, Any] = {
        "copy": made.pk,
        "profiles": Jsonb(profiles),
        "tariff": source.pk,
        "now": now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, values | _values(markup, rates))
        return int(cursor.rowcount)


def _values(markup: Markup, rates: tuple[Fraction, Fraction]) -> dict[str, Any]:
    """What the price of a copy needs in SQL."""
    return {
        "source": _decimal(rates[0]),
        "target": _decimal(rates[1]),
        "factor": markup.factor,
        "fixed": markup.fixed,
        "minimum": markup.minimum,
        "scale": 10**markup.decimals,
        "unit": Decimal(1).scaleb(-markup.decimals),
    }


def _price(column: str, markup: Markup) -> str:
    """The new price of ``column`` in SQL."""
    rounding = _UP if markup.rounding == Rounding.UP else _HALF_UP
    units = rounding.format(over=_MARKED.format(price=column))
    if markup.minimum is not None:
        units = f"greatest({units}, {_UP.format(over=_LEAST.format(price=column))})"
    return f"({units}) * %(unit)s::numeric"


def _fee(fee: Decimal, markup: Markup, rates: tuple[Fraction, Fraction]) -> Decimal:
    """The connect fee of the copy; untouched it is the old one, or what that is worth."""
    converted = Fraction(fee) * rates[0] / rates[1]
    if not markup.on_connect_fee:
        return (
            fee if rates[0] == rates[1] else _rounded(converted, markup.decimals, markup.rounding)
        )
    marked = converted * Fraction(markup.factor) + Fraction(markup.fixed)
    price = _rounded(marked, markup.decimals, markup.rounding)
    if markup.minimum is None:
        return price
    least = converted + Fraction(markup.minimum)
    return max(price, _rounded(least, markup.decimals, Rounding.UP))


def _rounded(value: Fraction, decimals: int, rounding: str) -> Decimal:
    if rounding != Rounding.UP:
        return half_up(value, decimals)
    scaled = value * 10**decimals
    return Decimal(-(-scaled.numerator // scaled.denominator)).scaleb(-decimals)


def _cross(source: str, target: str) -> tuple[Fraction, Fraction]:
    """What one unit of each is worth in the base currency today; the same for the same currency."""
    if source == target:
        return Fraction(1), Fraction(1)
    known = rates_in_force({source, target}, now())
    for code in (source, target):
        if code not in known:
            raise DomainError(
                "no_exchange_rate",
                _("There is no exchange rate for %(code)s.") % {"code": code},
                field="currency",
            )
    return Fraction(known[source]), Fraction(known[target])


def _decimal(rate: Fraction) -> Decimal:
    """An exchange rate as it is stored: its fraction is a decimal of 10 places."""
    return half_up(rate, 10)
