"""The columns of files of customers and accounts: the same for import, template and export."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.choices import Charging
from accounts.models import Account
from accounts.selectors.charging import own_tariffs
from billing.models import Balance
from billing.parsers.records import heading
from billing.selectors.balances import may_see_balances
from customers.choices import FieldKind, Kind, RecordKind
from customers.models import BusinessModel, Customer, CustomField, RecordImport, User
from customers.selectors.custom_fields import custom_fields
from customers.selectors.definitions import class_choices
from customers.tenancy import Actor

FIELD_PREFIX = "field: "
# In the column tariff of an account: that by which its customer itself pays, whose name it never
# reads.
SAME_RATES = "same"
# Columns of the record as they are, in the order of the file.
PROFILE = (
    "company_name",
    "main_email",
    "noc_email",
    "billing_email",
    "rates_email",
    "tax_id",
    "address",
    "country",
    "contact",
    "timezone",
    "language",
    "call_limit",
    "cps_limit",
    "max_depth",
    "min_profitability",
    "min_profitability_unit",
    "internal_notes",
)
TERMS = ("currency", "mode", "credit_limit", "opening_balance", "period_type", "period_timezone")
LOGIN = ("login", "login_name", "login_email")
LIMITS = ("max_sessions", "cps_limit", "max_call_seconds")
# What only roles with money are offered.
MONEY = (*TERMS, "charging", "tariff")
CUSTOMER_COLUMNS = (
    "name",
    "kind",
    "tariff",
    *TERMS,
    *PROFILE,
    "business_model",
    "customer_class",
    "status",
    "opened_at",
    *LOGIN,
)
ACCOUNT_COLUMNS = (
    "customer",
    "auth_name",
    "name",
    "sip_password",
    "charging",
    "tariff",
    "mode",
    "credit_limit",
    "opening_balance",
    *LIMITS,
    "status",
    *LOGIN,
)
REQUIRED = {
    RecordKind.CUSTOMER.value: ("name", "kind", "tariff"),
    RecordKind.ACCOUNT.value: ("auth_name",),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its ``name`` in files and errors, and its ``label`` on pages."""

    name: str
    label: str


def columns_of(actor: Actor, kind: str) -> list[Column]:
    """The columns of a file of ``kind`` (RecordKind), those of the owner's custom fields last."""
    if kind == RecordKind.ACCOUNT:
        return [Column(name, _label(name, Account)) for name in ACCOUNT_COLUMNS]
    fields = dict.fromkeys(field.name for field in custom_fields(actor.customer))
    return [Column(name, _label(name, Customer)) for name in CUSTOMER_COLUMNS] + [
        Column(FIELD_PREFIX + name, _("Field: %(name)s") % {"name": name}) for name in fields
    ]


def hidden_columns(actor: Actor, job: RecordImport) -> frozenset[str]:
    """The columns of somebody else's file whose cells the actor may not read.

    Money, logins and personal data are for who sees them of the records that they become. Whoever
    uploaded the file knows what stands in it.
    """
    if actor.user is not None and actor.user.pk == job.user_id:
        return frozenset()
    edits = actor.can("customers.edit")
    sees_logins = edits if job.kind == RecordKind.CUSTOMER else _sees_logins_of_accounts(actor)
    return frozenset(
        [
            *(() if may_see_balances(actor) else MONEY),
            *(() if sees_logins else LOGIN),
            *(() if edits else _maybe_personal(actor, job)),
        ]
    )


def _maybe_personal(actor: Actor, job: RecordImport) -> list[str]:
    """The columns of custom fields, but those that are known to hold no personal data by now."""
    fields = custom_fields(actor.customer)
    personal = {row.name for row in fields if row.is_personal}
    plain = {FIELD_PREFIX + row.name for row in fields if row.name not in personal}
    return [name for name in job.columns if name.startswith(FIELD_PREFIX) and name not in plain]


def _sees_logins_of_accounts(actor: Actor) -> bool:
    """Whether the actor sees who logs in for its own accounts, and for those of its customers."""
    sees_below = actor.can("customers.edit") or not actor.can("customers.view")
    return actor.can("users.manage") and sees_below


def headings(columns: Sequence[Column]) -> dict[str, str]:
    """What a heading may say, by name or label, and which column it means."""
    by_label = {heading(column.label): column.name for column in columns}
    return by_label | {heading(column.name): column.name for column in columns}


def labels(columns: Sequence[Column], names: Sequence[str]) -> list[str]:
    """The labels of the columns ``names``; a name that is unknown by now is its own label."""
    known = {column.name: column.label for column in columns}
    return [known.get(name, name) for name in names]


def _label(name: str, model: type[Model]) -> str:
    own = {
        "tariff": _("Tariff"),
        "opening_balance": _("Opening balance"),
        "min_profitability_unit": _("Minimum profitability counts"),
        "business_model": _("Business model"),
        "customer_class": _("Class"),
        "login": _("Login"),
        "login_name": _("Name of the login"),
        "login_email": _("E-mail of the login"),
        "customer": _("Customer"),
        "sip_password": _("SIP password"),
        "charging": pgettext("account", "Charged"),
    }
    if name in own:
        return own[name]
    source: type[Model] = Balance if name in TERMS else model
    label = str(source._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    return label[:1].upper() + label[1:]


def examples(actor: Actor, kind: str) -> list[dict[str, str]]:
    """A row for each kind of customer, or for each way of charging an account, for a template."""
    found = own_tariffs(actor.customer).first()
    if kind == RecordKind.ACCOUNT:
        own = {"tariff": found.name if found else SAME_RATES, "opening_balance": "25.00"}
        return [
            {"auth_name": "example-1", "name": "Desk 1", "charging": Charging.WITH_CUSTOMER},
            {"auth_name": "example-2", "charging": Charging.BY_ITSELF, "mode": "prepaid", **own},
        ]
    tariff = found.name if found else _("Name of one of your tariffs")
    kinds = [kind for kind in Kind.values if kind != Kind.ROOT]
    return [_example(actor, kind, tariff) for kind in kinds]


def _example(actor: Actor, kind: str, tariff: str) -> dict[str, str]:
    model = BusinessModel.objects.of(actor).filter(kinds__contains=[kind]).order_by("name").first()
    chosen = class_choices().filter(owner=actor.customer).first()
    row: dict[str, Any] = {
        "name": _("Example %(kind)s") % {"kind": Kind(kind).label.lower()},
        "kind": kind,
        "tariff": tariff,
        "mode": "postpaid" if kind == Kind.BUSINESS else "prepaid",
        "timezone": str(actor.customer.timezone),
        "language": actor.customer.language,
        "main_email": "billing@customer.example",
        "business_model": model.name if model else "",
        "customer_class": chosen.name if chosen else "",
    }
    for field in custom_fields(chosen):
        row[FIELD_PREFIX + field.name] = field.default or _sample(field)
    if kind == Kind.RESELLER:
        name = f"example-{actor.customer_id}"
        row |= {"login": name, "login_name": "Ana", "login_email": "ana@customer.example"}
    return row


def _sample(field: CustomField) -> str:
    """Something that the field takes."""
    samples = {FieldKind.NUMBER: "1", FieldKind.DATE: "2026-11-21", FieldKind.TEXT: _("Text")}
    return field.options[0] if field.kind == FieldKind.LIST else samples[FieldKind(field.kind)]


def login_of(user: User | None) -> dict[str, str]:
    """The columns of a login."""
    if user is None:
        return {}
    return {"login": user.login, "login_name": user.name, "login_email": user.email}
