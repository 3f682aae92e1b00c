"""Database columns of fixed meaning: amounts, prices, exchange rates, networks, reasons."""

import ipaddress
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.lookups import Lookup
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from timezone_field import TimeZoneField

from softswitch.core import reasons
from softswitch.core.zones import check_zone

AmountInput = Decimal | int | str
LARGEST_PRICE = 10**6


class AmountField(models.DecimalField[AmountInput, Decimal]):
    """Money of charges, ledger entries and balances: NUMERIC(20,6)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.update(max_digits=20, decimal_places=6)
        super().__init__(*args, **kwargs)


class PriceField(models.DecimalField[AmountInput, Decimal]):
    """A price per minute or a fee of a tariff: NUMERIC(20,8), from 0 to a million.

    The limit keeps every charge within the integers of the bulk core (tariffs.rating.bulk).
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.update(max_digits=20, decimal_places=8)
        super().__init__(*args, **kwargs)

    @cached_property
    def validators(self) -> list[Any]:
        """Those of the digits, and the limits; not part of migrations."""
        return [*super().validators, MinValueValidator(0), MaxValueValidator(LARGEST_PRICE)]


class OptionalPriceField(models.DecimalField[AmountInput | None, Decimal | None]):
    """A price that may be missing: NUMERIC(20,8)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.update(max_digits=20, decimal_places=8, null=True)
        super().__init__(*args, **kwargs)


class RateOfExchangeField(models.DecimalField[AmountInput, Decimal]):
    """Units of one currency for one unit of another: NUMERIC(20,10)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.update(max_digits=20, decimal_places=10)
        super().__init__(*args, **kwargs)


class ZoneColumn(TimeZoneField):
    """A time zone that Python and the database both know (softswitch.core.zones)."""

    if TYPE_CHECKING:  # the library has no types: a name goes in, a ZoneInfo or None comes out

        def __get__(self, row: Any, model: Any = None) -> Any: ...
        def __set__(self, row: Any, value: Any) -> None: ...

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | {"use_pytz": False})

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        """In migrations it is what it is to the database."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "timezone_field.fields.TimeZoneField", args, kwargs

    @cached_property
    def validators(self) -> list[Any]:
        """Those of the library, and the check of the name; not part of migrations."""
        return [*super().validators, check_zone]


class PrefixField(models.CharField[str, str]):
    """Digits at the start of a number, in byte order so that prefix searches use the index."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 32)
        kwargs["db_collation"] = "C"
        super().__init__(*args, **kwargs)


class ReasonField(models.TextField[str, str]):
    """Why something went as it did: a Reason, or the very words of a person or a foreign server.

    It is English as it is read; `softswitch.core.display.spoken` says it to a reader.
    """

    def from_db_value(
        self, value: str | None, expression: object, connection: object
    ) -> str | None:
        return None if value is None else reasons.read(value)

    def get_prep_value(self, value: Any) -> Any:
        text = super().get_prep_value(value)
        return reasons.stored(text) if isinstance(text, str) else text


class NetworkField(models.Field[str, str]):
    """An IPv4 or IPv6 network in CIDR notation (PostgreSQL cidr); a bare address is /32 or /128."""

    def db_type(self, connection: Any) -> str:
        return "cidr"

    def from_db_value(self, value: object, expression: object, connection: object) -> str | None:
        return None if value is None else str(value)

    def get_prep_value(self, value: Any) -> Any:
        return None if value in (None, "") else str(value)

    def to_python(self, value: Any) -> Any:
        if value in (None, ""):
            return value
        try:
            return str(ipaddress.ip_network(str(value).strip(), strict=True))
        except ValueError as error:
            raise ValidationError(
                _("“%(value)s” is not an IP address or a network such as 192.0.2.0/28."),
                code="invalid_network",
                params={"value": value},
            ) from error


@NetworkField.register_lookup
class Overlaps(Lookup[Any]):
    """``network__overlaps="192.0.2.0/24"``: networks that lie in it, and those it lies in."""

    lookup_name = "overlaps"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        left, left_parameters = self.process_lhs(compiler, connection)
        right, right_parameters = self.process_rhs(compiler, connection)
        return f"{left} && {right}", (*left_parameters, *right_parameters)
