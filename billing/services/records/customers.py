"""Rows of new customers: read as the wizard would take them, written as open_customer does."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from accounts.selectors.charging import own_tariffs
from billing.models import Balance
from billing.selectors.balances import default_period
from billing.selectors.records.columns import FIELD_PREFIX, PROFILE
from billing.services.maintenance import check_opening, post_openings
from billing.services.records.cells import Cells
from billing.services.records.logins import new_login
from billing.services.records.plans import Plan, clean_key
from customers.choices import Status
from customers.models import Customer, CustomField, User
from customers.selectors.custom_fields import custom_fields
from customers.selectors.definitions import business_model_choices, class_choices
from customers.services.bulk import NewValues, create_customers, create_users, store_custom_values
from customers.services.custom_fields import clean_value
from customers.services.customers import check_new_kind, service_start
from customers.services.definitions import check_definitions
from customers.services.tree import check_room
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from softswitch.core.validation import check_language
from tariffs.models import Tariff
from tariffs.selectors import currency_choices
from tariffs.services.assignments import assign_first_tariffs

BATCH = 1_000
# The forms stop there; the columns themselves have no end.
LONGEST = {"address": 1_000, "internal_notes": 10_000}
BALANCE = ("mode", "credit_limit", "period_type", "period_timezone")


@dataclass(frozen=True, slots=True)
class NewCustomer:
    """A customer to be: rows that are not stored yet, in the order in which they will be."""

    customer: Customer
    tariff: Tariff
    balance: Mapping[str, Any]
    opening_balance: Decimal
    fields: list[CustomField]
    values: Mapping[int, str]
    user: User | None


class CustomerPlan(Plan[NewCustomer]):
    """New direct customers of the actor's. Raises PermissionDenied, DomainError ``too_deep``."""

    unique: ClassVar[tuple[str, ...]] = ("name", "login")

    def __init__(self, actor: Actor) -> None:
        super().__init__(actor)
        if not actor.can("customers.add"):
            raise PermissionDenied
        owner = actor.customer
        check_room(owner)
        self.zone = ZoneInfo(actor.timezone)
        self.tariffs = {tariff.name.lower(): tariff for tariff in own_tariffs(owner)}
        self.currencies = {row.code.lower(): row.code for row in currency_choices()}
        self.models = {
            row.name.lower(): row for row in business_model_choices().filter(owner=owner)
        }
        self.classes = {row.name.lower(): row for row in class_choices().filter(owner=owner)}
        self.fields: dict[int, list[CustomField]] = {
            row.pk: custom_fields(row) for row in self.classes.values()
        }
        self._defined: dict[tuple[str, int | None, int | None], DomainError | None] = {}

    def read_row(self, row: Cells) -> NewCustomer | None:
        """What the row would make; None without a name, a kind or a tariff."""
        customer = self._read_record(row)
        tariff = row.choose("tariff", self.tariffs, _("Choose one of your tariffs."))
        row.require("tariff", _("Choose one of your tariffs."))
        values = self._read_values(row, customer)
        user = new_login(row, self.actor, customer, address=customer.main_email)
        if user is not None:
            user.language = customer.language
            if customer.status == Status.CLOSED:
                row.wrong("login", _("A closed customer has no logins."))
        balance = self._read_terms(row, tariff)
        opening = opening_of(row)
        if tariff is None:
            return None
        fields = self.fields.get(customer.customer_class_id or 0, [])
        return NewCustomer(customer, tariff, balance, opening, fields, values, user)

    def write(self) -> list[User]:
        """Customers, tariffs, balances, opening entries, custom fields, logins: each at once."""
        actor, new = self.actor, self.new
        create_customers(actor=actor, customers=[item.customer for item in new])
        pairs = [(item.customer, item.tariff) for item in new]
        assign_first_tariffs(actor=actor, pairs=pairs)
        rows = [_balance_of(item) for item in new]
        balances = Balance.objects.bulk_create(rows, batch_size=BATCH)
        amounts = [item.opening_balance for item in new]
        post_openings(actor=actor, openings=list(zip(balances, amounts, strict=True)))
        store_custom_values(
            actor=actor, new=[NewValues(item.customer, item.fields, item.values) for item in new]
        )
        users = [item.user for item in new if item.user is not None]
        create_users(actor=actor, users=users)
        return users

    def _read_record(self, row: Cells) -> Customer:
        """The row of the customer itself."""
        values = row.columns(Customer, ("name", "kind", *PROFILE, "status"))
        values["name"] = clean_key("name", row.text("name"))
        row.require("name", _("Enter a name."))
        row.check(check_new_kind, values.get("kind", ""), column="kind")
        if "language" in values:
            row.check(check_language, values["language"], column="language")
        for name, most in LONGEST.items():
            if len(row.text(name)) > most:
                row.wrong(name, _("Enter at most %(most)s characters.") % {"most": most})
        asked = row.moment("opened_at", self.zone) or self.start
        start = row.check(service_start, self.actor.customer, asked, column="opened_at")
        customer = Customer(opened_at=start or self.start, **values)
        self._read_definitions(row, customer)
        return customer

    def _read_definitions(self, row: Cells, customer: Customer) -> None:
        """Business model and class, and whether they go with the kind: asked once each way."""
        model = row.choose("business_model", self.models, _("Choose one of your business models."))
        customer.business_model = model
        customer.customer_class = row.choose(
            "customer_class", self.classes, _("Choose one of your classes.")
        )
        asked = customer.kind, customer.business_model_id, customer.customer_class_id
        if asked not in self._defined:
            self._defined[asked] = self._objection(customer)
        objection = self._defined[asked]
        if objection is not None:
            row.wrong(objection.field, objection.message)

    def _objection(self, customer: Customer) -> DomainError | None:
        try:
            check_definitions(actor=self.actor, customer=customer, is_new=True)
        except DomainError as error:
            return error
        return None

    def _read_values(self, row: Cells, customer: Customer) -> dict[int, str]:
        """What the custom fields of the class hold: the cell, else the default; by field."""
        fields = self.fields.get(customer.customer_class_id or 0, [])
        found: dict[int, str] = {}
        for field in fields:
            column = FIELD_PREFIX + field.name
            text = row.text(column) or field.default
            value = row.check(clean_value, field, text, column=column)
            if value:
                found[field.pk] = value
            elif field.is_mandatory:
                row.wrong(column, _("Fill in %(name)s.") % {"name": field.name})
        known = {FIELD_PREFIX + field.name for field in fields}
        for column in row.cells:
            if column.startswith(FIELD_PREFIX) and column not in known:
                row.wrong(column, _("The class of the customer has no such field."))
        return found

    def _read_terms(self, row: Cells, tariff: Tariff | None) -> dict[str, Any]:
        """The columns of the balance that are given, and its currency."""
        values = row.columns(Balance, BALANCE)
        if values.get("credit_limit", 0) < 0:
            row.wrong("credit_limit", _("Enter 0 or more."))
        own = {} if tariff is None else {tariff.currency_id.lower(): tariff.currency_id}
        currency = row.choose("currency", self.currencies | own, _("Choose a currency."))
        return values | {"currency_id": currency or (tariff.currency_id if tariff else "")}


def opening_of(row: Cells) -> Decimal:
    """The opening balance of a row, 0 where none is given or it is wrong."""
    if not row.text("opening_balance"):
        return Decimal(0)
    amount: Decimal | None = row.clean("opening_balance", Balance, "amount")
    if amount is None:
        return Decimal(0)
    row.check(check_opening, amount, column="opening_balance")
    return amount


def _balance_of(item: NewCustomer) -> Balance:
    customer = item.customer
    calendar = {
        "period_timezone": customer.timezone,
        "period_type": default_period(customer.customer_class, {}),
    }
    return Balance(
        customer=customer,
        issuer=customer.owner,
        opened_at=customer.opened_at,
        **calendar | dict(item.balance),
    )
