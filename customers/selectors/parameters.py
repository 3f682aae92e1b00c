"""The parameters in force for customers: a customer's own, else its class's, else the product's."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import Case, F, Q, When
from django.db.models import Value as SqlValue
from django.utils.translation import gettext as _

from customers.choices import (
    CdrFileFormat,
    Frequency,
    InvoiceFormat,
    RateValue,
    Recipients,
    Rounding,
    ShortCallBasis,
    ShortCallSeconds,
    UsageGrouping,
)
from customers.models import Customer, CustomerClass, CustomerParameters, ParameterSet

# What each default is for: a new customer is told nothing, billed plainly and given time to pay,
# until its owner decides otherwise. A zone is the customer's own.
REPORT_DEFAULTS: dict[str, Any] = {
    "report_at": time(6),  # the day before is complete, and the office has not opened yet
    "report_timezone": None,
    "report_recipients": Recipients.CUSTOMER,
    "usage_summary": False,
    "usage_non_zero_only": True,  # destinations without a connected call tell nothing
    "usage_grouping": UsageGrouping.COUNTRY,  # the shortest of the three
    "balance_summary": False,
    "daily_cdrs": False,
    "cdr_format": CdrFileFormat.CSV,
    "sign_in_notice": False,
}
SHORT_CALL_DEFAULTS: dict[str, Any] = {
    "short_calls": False,
    "short_call_seconds": ShortCallSeconds.S6,  # the usual definition of carriers
    "short_call_percent": None,  # a matter of agreement, like the price
    "short_call_price": None,
    "short_call_basis": ShortCallBasis.ALL,
}
INVOICE_DEFAULTS: dict[str, Any] = {
    "auto_invoice": False,
    "invoice_settings": None,
    "payment_term": None,
    "invoice_format": InvoiceFormat.PDF,
    "invoice_timezone": None,
    "invoice_at": time(6),
    "rate_decimals": 4,  # as prices are shown everywhere
    "rate_value": RateValue.ACTUAL,
    "invoice_non_zero_only": True,
    "invoice_sections": [],
    "grace_days": 7,
    "minimum_commitment": None,
    "tax": None,
    "tax_percent": Decimal(0),
    "rounding": Rounding.TOTAL,  # what most tax offices ask for
}
NOTIFICATION_DEFAULTS: dict[str, Any] = {
    "notifications": False,
    "low_balance_amount": None,
    "low_balance_percent": None,
    "low_balance_frequency": Frequency.DAILY,
    "low_balance_at": time(9),  # when somebody is there to pay
    "low_balance_timezone": None,
    "low_balance_days": 7,  # who has not reacted for a week does not read them
    "disable_trunks_after_days": None,  # never
    "trunk_update_notice": False,
    "payment_notice": False,
    "zero_balance_notice": False,
    "credit_thresholds": None,
}
DEFAULTS = REPORT_DEFAULTS | SHORT_CALL_DEFAULTS | INVOICE_DEFAULTS | NOTIFICATION_DEFAULTS

# The parameters by the step of the wizard that asks for them.
REPORT_FIELDS = tuple(REPORT_DEFAULTS)
SHORT_CALL_FIELDS = tuple(SHORT_CALL_DEFAULTS)
INVOICE_FIELDS = tuple(INVOICE_DEFAULTS)
NOTIFICATION_FIELDS = tuple(NOTIFICATION_DEFAULTS)
PARAMETER_FIELDS = tuple(DEFAULTS)
ZONE_FIELDS = ("report_timezone", "invoice_timezone", "low_balance_timezone")
# Those that can be nothing whatever is inherited. The percentage and the price of short calls
# cannot: these are charged with both, or not at all.
OPTIONAL_FIELDS = frozenset(
    {
        "invoice_settings",
        "payment_term",
        "tax",
        "low_balance_amount",
        "low_balance_percent",
        "low_balance_days",
        "disable_trunks_after_days",
        "credit_thresholds",
        *ZONE_FIELDS,
    }
)

# The parameters that are rows of the owner's own.
CHOSEN_FIELDS = ("invoice_settings", "payment_term", "tax")
# What the chosen invoice settings and payment term say of parameters, by their own column.
_BY_CHOICE = {
    "invoice_settings": {
        "invoice_format": "invoice_format",
        "rate_decimals": "rate_decimals",
        "rate_value": "rate_value",
        "invoice_non_zero_only": "non_zero_only",
        "invoice_sections": "sections",
    },
    "payment_term": {"grace_days": "grace_days"},
}

_NULL = SqlValue(None)


class Nothing(Enum):
    """Its one member stands for a parameter that is nothing, where None is one that inherits."""

    NOTHING = "none"

    def __str__(self) -> str:
        return self.value


NOTHING: Final = Nothing.NOTHING


class Source(StrEnum):
    """Where a value comes from."""

    OWN = "own"
    CLASS = "class"
    ACCOUNTS = "accounts"
    INVOICE_SETTINGS = "invoice_settings"
    PAYMENT_TERM = "payment_term"
    TAX = "tax"
    TAX_PERCENT = "tax_percent"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Value:
    """A value in force, and who set it: ``name`` is that of the class, settings, term or tax."""

    value: Any
    source: Source
    name: str = ""


@dataclass(frozen=True, slots=True)
class Resolved:
    """All parameters in force for one customer; ``resolved["grace_days"]`` is the bare value.

    Types are those of customers.models.settings.ParameterSet; CHOSEN_FIELDS are
    rows or None, zones are ZoneInfo (None only without a customer). None of a
    number is none, never or without end.
    """

    values: Mapping[str, Value]

    def __getitem__(self, name: str) -> Any:
        return self.values[name].value

    def source(self, name: str) -> Source:
        return self.values[name].source

    def with_own(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The bare values in force once ``values`` are set above these; empty ones inherit."""
        own = {name: value for name, value in values.items() if not is_empty(value)}
        found = {name: own.get(name, item.value) for name, item in self.values.items()}
        return {name: None if value is NOTHING else value for name, value in found.items()}


def is_empty(value: Any) -> bool:
    """Whether a parameter holds nothing, so that it is inherited; 0, False and [] are values."""
    return value is None or value == ""


def parameters_of(customer_ids: Collection[int]) -> dict[int, Resolved]:
    """What is in force for each of some customers now, in three queries.

    At each level a value of its own goes before that of the invoice settings or payment term chosen
    there; the customer's level goes before its class's. Unknown ids are absent. What is taxed
    follows from ``tax``, or where that is None from ``tax_percent``: at one level a named tax
    counts, and what a nearer level says of either takes the place of both.
    """
    customers = list(
        Customer.objects.filter(pk__in=customer_ids).only("pk", "timezone", "customer_class_id")
    )
    own = CustomerParameters.objects.select_related(*CHOSEN_FIELDS).in_bulk(
        [row.pk for row in customers]
    )
    classes = CustomerClass.objects.select_related(*CHOSEN_FIELDS).in_bulk(
        {row.customer_class_id for row in customers if row.customer_class_id is not None}
    )
    found = {}
    for row in customers:
        values = _inherited(classes.get(row.customer_class_id), row.timezone)
        if row.pk in own:
            values = _with_level(values, own[row.pk], Source.OWN, timezone=row.timezone)
        found[row.pk] = Resolved(values)
    return found


def inherited(
    customer_class: CustomerClass | None = None,
    *,
    own: ParameterSet | None = None,
    timezone: ZoneInfo | None = None,
) -> Resolved:
    """What a customer of ``customer_class`` in ``timezone`` has where it sets nothing itself.

    ``own`` is the row that inherits: what its invoice settings, payment term and tax say of other
    parameters counts too. Without a class, it is what a class itself inherits.
    """
    values = _inherited(customer_class, timezone)
    return Resolved(values if own is None else _with_choices(values, own))


def of_levels(
    levels: Sequence[tuple[ParameterSet, Source]],
    *,
    own: ParameterSet | None = None,
    timezone: ZoneInfo,
) -> Resolved:
    """What rows set, each above those before it, below all of them the product's defaults.

    ``own`` and ``timezone`` as in ``inherited``.
    """
    values = _inherited(None, timezone)
    for row, source in levels:
        values = _with_level(values, row, source, timezone=timezone)
    return Resolved(values if own is None else _with_choices(values, own))


def in_force(name: str) -> Case:
    """SQL of the value in force of a parameter, for a query of customers.

    For those that neither invoice settings nor payment terms say; the rule is that of
    ``parameters_of``.
    """
    if any(name in said for said in _BY_CHOICE.values()):
        raise ValueError(f"{name} is said by other rows too")
    own, shared = f"parameters__{name}", f"customer_class__{name}"
    kind: Any = CustomerParameters._meta.get_field(name)
    nothing = F("timezone") if name in ZONE_FIELDS else _NULL
    default = nothing if DEFAULTS[name] is None else SqlValue(DEFAULTS[name])
    return Case(
        When(_is_set(own, kind), then=F(own)),
        When(parameters__nothing__contains=[name], then=nothing),
        When(_is_set(shared, kind), then=F(shared)),
        When(customer_class__nothing__contains=[name], then=nothing),
        default=default,
        output_field=kind.clone(),
    )


def _is_set(path: str, kind: Any) -> Q:
    """Whether a column holds a value, as ``is_empty`` says: no zone is an empty text, too."""
    is_text = kind.empty_strings_allowed
    return Q(**{f"{path}__gt": ""}) if is_text else Q(**{f"{path}__isnull": False})


def own_parameters(customer: Customer) -> CustomerParameters:
    """What the customer's owner set for it alone: its row, or an empty one that is not stored."""
    found = CustomerParameters.objects.filter(customer=customer).first()
    return found or CustomerParameters(customer=customer)


def problems_of(values: Mapping[str, Any]) -> dict[str, str]:
    """What does not fit together in values in force (all parameters): field to message."""
    negative = {
        name: _("Enter 0 or more.")
        for name in ("short_call_price", "low_balance_amount", "minimum_commitment")
        if values[name] is not None and values[name] < 0
    }
    return _short_call_problems(values) | _notification_problems(values) | negative


def _short_call_problems(values: Mapping[str, Any]) -> dict[str, str]:
    asked = {
        "short_call_percent": _("Enter the percentage from which short calls are charged."),
        "short_call_price": _("Enter what a short call costs."),
    }
    if not values["short_calls"]:
        return {}
    return {name: text for name, text in asked.items() if values[name] is None}


def _notification_problems(values: Mapping[str, Any]) -> dict[str, str]:
    if not values["notifications"] or not _lacks_threshold(values):
        return {}
    if values["disable_trunks_after_days"] is not None:
        text = _("Enter an amount or a percentage: trunks are disabled below it.")
        return {"low_balance_amount": text}
    others = ("trunk_update_notice", "payment_notice", "zero_balance_notice", "credit_thresholds")
    if any(values[name] for name in others):
        return {}
    text = _("Enter an amount or a percentage, or choose one of the other notifications.")
    return {"low_balance_amount": text}


def _lacks_threshold(values: Mapping[str, Any]) -> bool:
    return values["low_balance_amount"] is None and values["low_balance_percent"] is None


def _inherited(customer_class: CustomerClass | None, timezone: ZoneInfo | None) -> dict[str, Value]:
    defaults = DEFAULTS | dict.fromkeys(ZONE_FIELDS, timezone)
    values = {name: Value(value, Source.DEFAULT) for name, value in defaults.items()}
    if customer_class is None:
        return values
    return _with_level(
        values, customer_class, Source.CLASS, name=customer_class.name, timezone=timezone
    )


def _with_level(
    values: dict[str, Value],
    row: ParameterSet,
    source: Source,
    *,
    name: str = "",
    timezone: ZoneInfo | None,
) -> dict[str, Value]:
    """``values`` with those of ``row`` above them; a zone that is nothing is the customer's."""
    own = {
        field: Value(_in_force(field, value, timezone), source, name)
        for field, value in stored_values(row)
        if not is_empty(value)
    }
    if row.tax is not None:  # goes before the percentage beside it
        own.pop("tax_percent", None)
    return _with_choices(values, row) | own


def _in_force(name: str, value: Any, timezone: ZoneInfo | None) -> Any:
    if value is not NOTHING:
        return value
    return timezone if name in ZONE_FIELDS else None


def stored_values(row: ParameterSet) -> Iterable[tuple[str, Any]]:
    """The parameters of a row as they stand in it, by name; NOTHING for those that are nothing."""
    nothing = set(row.nothing)
    return [(name, NOTHING if name in nothing else getattr(row, name)) for name in PARAMETER_FIELDS]


def _with_choices(values: dict[str, Value], row: ParameterSet) -> dict[str, Value]:
    """``values`` with what the settings, term and tax chosen in ``row`` say above them.

    Where the row wants none, those that were chosen further up say nothing any more either.
    """
    found = values | _taxed_by(row)
    for field, columns in _BY_CHOICE.items():
        chosen = getattr(row, field)
        if chosen is not None:
            found |= {
                name: Value(getattr(chosen, column), Source(field), chosen.name)
                for name, column in columns.items()
            }
        elif field in row.nothing:
            found |= {
                name: Value(DEFAULTS[name], Source.DEFAULT)
                for name in columns
                if found[name].source == field
            }
    return found


def _taxed_by(row: ParameterSet) -> dict[str, Value]:
    """What ``row`` says of ``tax`` by its percentage, and of ``tax_percent`` by its tax."""
    if row.tax is not None or "tax" in row.nothing:
        name = "" if row.tax is None else row.tax.name
        return {"tax_percent": Value(Decimal(0), Source.TAX, name)}
    if row.tax_percent is not None:
        return {"tax": Value(None, Source.TAX_PERCENT)}
    return {}
