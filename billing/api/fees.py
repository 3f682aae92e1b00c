"""Fees in the API: list, add, change and end what a balance pays beside its calls."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from uuid import NAMESPACE_URL, uuid5

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from ninja import Field, Header, Query, Router, Schema, Status

from billing.api.balances import ledger_key, readable
from billing.api.schemas import Day, Key, PartySearch
from billing.choices import FeeKind
from billing.models import Fee
from billing.selectors.fees import may_bill
from billing.services.fees import add_fee, change_fee, end_fee
from customers.tenancy import Actor
from softswitch.core.api import REFUSALS, ErrorOut, In, actor_of, visible, visible_or_404

router = Router(tags=["Fees"])
Name = Annotated[str, Field(min_length=1, max_length=200, examples=["Number +44 20 7946 0000"])]
Price = Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=6, examples=["4.50"])]
Quantity = Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=3, examples=["1"])]


class FeeOut(Schema):
    """A fee of one balance, in its currency; its days are local ones, both included."""

    id: int
    balance_id: int
    customer_id: int = Field(alias="balance.customer_id")
    account_id: int | None = Field(alias="balance.account_id")
    currency: str = Field(alias="balance.currency_id")
    kind: str
    name: str
    price: Decimal
    quantity: Decimal
    starts_on: date
    ends_on: date | None
    is_prorated: bool
    is_taxed: bool


class FeePage(Schema):
    """One page of fees; ``next`` is what to ask ``after`` for more."""

    items: list[FeeOut]
    next: int | None


class FeeIn(In):
    """A new fee: billed once, or with the invoice of every period that it covers."""

    balance_id: Key
    kind: FeeKind = FeeKind.RECURRING
    name: Name
    price: Price
    quantity: Quantity = Decimal(1)
    starts_on: Day
    ends_on: Day | None = None
    is_prorated: bool = True
    is_taxed: bool = True


class FeePatch(In):
    """A change: only what is named changes; ``null`` for ``ends_on`` takes the end away."""

    name: Name | None = None
    price: Price | None = None
    quantity: Quantity | None = None
    starts_on: Day | None = None
    ends_on: Day | None = None
    is_prorated: bool | None = None
    is_taxed: bool | None = None


class EndIn(In):
    """The last day that is billed."""

    ends_on: Day


class FeeSearch(PartySearch):
    """Which fees; ``in_force_on`` leaves out those that start later or have ended before."""

    kind: FeeKind | None = None
    in_force_on: Day | None = None

    def narrow(self, rows: QuerySet[Any], path: str = "balance__") -> QuerySet[Any]:
        found = super().narrow(rows, path)
        if self.kind is not None:
            found = found.filter(kind=self.kind)
        if self.in_force_on is None:
            return found
        goes_on = Q(ends_on=None) | Q(ends_on__gte=self.in_force_on)
        return found.filter(goes_on, starts_on__lte=self.in_force_on)


def shown(actor: Actor) -> QuerySet[Any]:
    """The fees of the balances that the actor reads."""
    readable(actor)  # refuses who may see no balances
    return visible(Fee, actor).select_related("balance__customer")


def billed_by(actor: Actor, key: int) -> Fee:
    """A fee that the actor's customer bills; 403 for one that somebody below it does."""
    fee: Fee = visible_or_404(shown(actor), key)
    if not may_bill(actor, fee.balance):
        raise PermissionDenied
    return fee


@router.get("/fees", response={200: FeePage, REFUSALS: ErrorOut})
def list_fees(request: HttpRequest, search: Query[FeeSearch]) -> Any:
    """Fees and one-off items of the own balance and of those below."""
    return search.page(search.narrow(shown(actor_of(request))))


@router.get("/fees/{key}", response={200: FeeOut, REFUSALS: ErrorOut})
def get_fee(request: HttpRequest, key: int) -> Any:
    """One fee."""
    return visible_or_404(shown(actor_of(request)), key)


@router.post("/fees", response={201: FeeOut, REFUSALS: ErrorOut})
def post_fee(
    request: HttpRequest,
    body: FeeIn,
    idempotency_key: Annotated[str, Header(min_length=1, max_length=80)],
) -> Any:
    """Add a fee to a balance that the token's customer bills.

    Sent again with the same ``Idempotency-Key``, it adds nothing and is answered the same.
    """
    actor = actor_of(request, "money.manage")
    values = body.model_dump(exclude={"balance_id"})
    made = add_fee(
        actor=actor,
        balance=visible_or_404(readable(actor), body.balance_id),
        key=uuid5(NAMESPACE_URL, ledger_key(actor, idempotency_key)),
        **values,
    )
    return Status(201, visible_or_404(shown(actor), made.pk))


@router.patch("/fees/{key}", response={200: FeeOut, REFUSALS: ErrorOut})
def patch_fee(request: HttpRequest, key: int, body: FeePatch) -> Any:
    """Change a fee from the next draft on; issued invoices stay as they are."""
    actor = actor_of(request, "money.manage")
    named = body.model_dump(exclude_unset=True)
    values = {name: value for name, value in named.items() if value is not None}
    if "ends_on" in named:
        values["ends_on"] = named["ends_on"]
    change_fee(actor=actor, fee=billed_by(actor, key), values=values)
    return visible_or_404(shown(actor), key)


@router.post("/fees/{key}/end", response={200: FeeOut, REFUSALS: ErrorOut})
def end(request: HttpRequest, key: int, body: EndIn) -> Any:
    """Bill a fee up to a day and no further."""
    actor = actor_of(request, "money.manage")
    end_fee(actor=actor, fee=billed_by(actor, key), ends_on=body.ends_on)
    return visible_or_404(shown(actor), key)
