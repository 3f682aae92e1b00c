"""Customers in the API: list, read, open, change, archive; the rules are the pages' services."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Query, Router, Status

from billing.selectors.standing import standings
from billing.services.archive import archive_customer
from billing.services.customers import Login, Settings, Terms, edit_customer, open_customer
from customers.api.schemas import (
    ArchiveIn,
    CustomerIn,
    CustomerKind,
    CustomerOut,
    CustomerPage,
    CustomerPatch,
    CustomerStatus,
    Kept,
    KeptOut,
    Key,
    LoginIn,
    Text,
)
from customers.models import Customer, CustomField
from customers.selectors.custom_fields import (
    custom_fields,
    input_name,
    shown_custom_values,
    values_by_field,
)
from customers.selectors.definitions import own_business_model, own_class
from customers.tenancy import Actor
from softswitch.core.api import REFUSALS, ErrorOut, Paging, actor_of, visible, visible_or_404
from softswitch.core.errors import DomainError
from tariffs.selectors import own_tariff

router = Router(tags=["Customers"])
KEPT = tuple(KeptOut.model_fields)
# What services call the fields of a request that name a row.
REFERENCES = {
    "tariff": "tariff_id",
    "business_model": "business_model_id",
    "customer_class": "customer_class_id",
}
MONEY = {"currency": "currency_id", "mode": "mode", "credit_limit": "credit_limit"}


class CustomerSearch(Paging):
    """Which customers: those of one owner, and by parts of the name, status and kind."""

    owner_id: Key | None = None
    name: Text = ""
    status: CustomerStatus | None = None
    kind: CustomerKind | None = None

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Of ``rows`` those that were asked for; archived ones are never listed."""
        exact = {"owner_id": self.owner_id, "status": self.status, "kind": self.kind}
        rows = rows.filter(archived_at=None, is_root=False)
        rows = rows.filter(**{name: value for name, value in exact.items() if value is not None})
        return rows.filter(search__name__icontains=self.name) if self.name else rows


@router.get("/customers", response={200: CustomerPage, REFUSALS: ErrorOut})
def list_customers(request: HttpRequest, search: Query[CustomerSearch]) -> Any:
    """The token's own customer and those below it, at every depth, in order of id."""
    actor = actor_of(request, "customers.view")
    rows = visible(Customer, actor)
    if search.owner_id is not None:  # whose customer it is itself is not told, nor found by trying
        rows = rows.exclude(pk=actor.customer_id)
    page = search.page(search.narrow(rows))
    page["items"] = shown(actor, page["items"])
    return page


@router.get("/customers/{key}", response={200: CustomerOut, REFUSALS: ErrorOut})
def get_customer(request: HttpRequest, key: int) -> Any:
    """One customer: the token's own, or one below it."""
    actor = actor_of(request)
    return shown(actor, [find(actor, key)])[0]


@router.post("/customers", response={201: CustomerOut, REFUSALS: ErrorOut})
def add_customer(request: HttpRequest, body: CustomerIn) -> Any:
    """Open a customer right below the token's own, with tariff, balance and, if given, a login."""
    actor = actor_of(request, "customers.add")
    terms = Terms(
        tariff=own_tariff(actor, body.tariff_id),
        currency=body.currency,
        mode=body.mode,
        credit_limit=body.credit_limit,
        opening_balance=body.opening_balance,
        period_type=body.period_type,
        period_timezone=body.period_timezone,
    )
    fields: list[CustomField] = []
    with named_as_asked(fields):
        chosen = own_class(actor, body.customer_class_id)
        fields += custom_fields(chosen)
        customer = open_customer(
            actor=actor,
            name=body.name,
            kind=body.kind,
            terms=terms,
            business_model=own_business_model(actor, body.business_model_id),
            customer_class=chosen,
            login=login_of(body.login),
            settings=Settings(custom_values=values_by_field(fields, body.custom_fields)),
            opened_at=body.opened_at,
            **given(body, Kept),
        )
    return Status(201, shown(actor, [customer])[0])


@router.patch("/customers/{key}", response={200: CustomerOut, REFUSALS: ErrorOut})
def change_customer(request: HttpRequest, key: int, body: CustomerPatch) -> Any:
    """Change a direct customer, or the company data of the own one."""
    actor = actor_of(request)
    customer = find(actor, key)
    named = given(body, CustomerPatch)
    tariff_id = named.pop("tariff_id", None)
    money = {MONEY[name]: named.pop(name) for name in MONEY if name in named}
    texts = named.pop("custom_fields", None)
    fields: list[CustomField] = []
    with named_as_asked(fields):
        defined = definitions_of(actor, named)
        fields += fields_of(actor, customer, defined)
        if texts is None and "customer_class" in defined:
            texts = {}  # another class may have fields that have to be filled in
        edit_customer(
            actor=actor,
            customer=customer,
            profile=named | defined,
            tariff=own_tariff(actor, tariff_id) if tariff_id else None,
            money=money,
            custom_values=None if texts is None else values_by_field(fields, texts),
        )
    return shown(actor, [find(actor, key)])[0]


@router.post("/customers/{key}/archive", response={204: None, REFUSALS: ErrorOut})
def archive(request: HttpRequest, key: int, body: ArchiveIn) -> Any:
    """Archive a direct customer: billed up to now, every balance ends with 0. There is no undo."""
    actor = actor_of(request, "customers.delete")
    archive_customer(actor=actor, customer=find(actor, key), **body.model_dump())
    return Status(204, None)


@contextmanager
def named_as_asked(fields: list[CustomField]) -> Iterator[None]:
    """Name the field at fault as the request does; ``fields`` are the custom ones it may mean."""
    try:
        yield
    except DomainError as error:
        custom = {input_name(row.pk): f"custom_fields.{row.name}" for row in fields}
        field = (REFERENCES | custom).get(error.field, error.field)
        raise DomainError(error.code, error.message, field=field) from error


def definitions_of(actor: Actor, named: dict[str, Any]) -> dict[str, Any]:
    """Take business model and class out of what is ``named``, as rows of the actor's own."""
    found: dict[str, Any] = {}
    if "business_model_id" in named:
        found["business_model"] = own_business_model(actor, named.pop("business_model_id"))
    if "customer_class_id" in named:
        found["customer_class"] = own_class(actor, named.pop("customer_class_id"))
    return found


def fields_of(actor: Actor, customer: Customer, defined: dict[str, Any]) -> list[CustomField]:
    """The custom fields that the actor may set, of the class that the customer is to have."""
    is_own = customer.pk == actor.customer_id
    return custom_fields(
        defined.get("customer_class", customer.customer_class), for_customer=is_own
    )


def login_of(login: LoginIn | None) -> Login | None:
    """The login as the services take it: without a password its user is mailed a link."""
    if login is None:
        return None
    return Login(**login.model_dump(exclude={"password"}), password=login.password or None)


def find(actor: Actor, key: int) -> Customer:
    """A customer that the actor sees: 404 out of scope, 403 for those below without the right."""
    customer: Customer = visible_or_404(visible(Customer, actor), key)
    if customer.pk != actor.customer_id and not actor.can("customers.view"):
        raise PermissionDenied
    return customer


def given(body: Any, fields: Any) -> dict[str, Any]:
    """What the request named; ``null`` for a text is an empty one, for a limit none."""
    named = body.model_dump(exclude_unset=True, include=set(fields.model_fields))
    texts = {name for name, value in named.items() if value is None and not may_be_none(name)}
    return {name: "" if name in texts else value for name, value in named.items()}


def may_be_none(name: str) -> bool:
    """Whether the column can hold nothing; a text cannot, it is empty."""
    columns = {column.name: column.null for column in Customer._meta.concrete_fields}
    return bool(columns.get(name, True))


def shown(actor: Actor, customers: list[Customer]) -> list[dict[str, Any]]:
    """The customers as the actor may read them, with their badges."""
    badges, custom = standings(actor, customers), shown_custom_values(actor, customers)
    return [
        {
            **{name: getattr(row, name) for name in CustomerOut.model_fields if hasattr(row, name)},
            "custom_fields": {item.field.name: item.value for item in custom[row.pk]},
            "timezone": str(row.timezone),
            "standing": badges[row.pk].value,
            "owner_id": None if row.pk == actor.customer_id else row.owner_id,
            "kept": None
            if row.pk == actor.customer_id
            else {name: getattr(row, name) for name in KEPT},
        }
        for row in customers
    ]
