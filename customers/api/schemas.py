"""What the API takes and gives of customers; money as decimal texts, times in ISO 8601."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from ninja import Field, Schema
from pydantic import AwareDatetime

from softswitch.core.api import In

CustomerKind = Literal["reseller", "business", "residential", "termination", "virtual"]
CustomerStatus = Literal["active", "inactive", "closed"]
ProfitUnit = Literal["per_minute", "percent"]
Mode = Literal["prepaid", "postpaid"]
PeriodType = Literal["daily", "weekly", "semimonthly", "monthly", "anniversary", "30_days"]
Key = Annotated[int, Field(ge=1, le=2**63 - 1)]
Limit = Annotated[int, Field(ge=0, le=2**31 - 1)]
Levels = Annotated[int, Field(ge=0, le=32_767)]
Amount = Annotated[Decimal, Field(max_digits=20, decimal_places=6)]
Positive = Annotated[Decimal, Field(ge=0, max_digits=20, decimal_places=6)]
Price = Annotated[Decimal, Field(ge=0, le=10**6, max_digits=20, decimal_places=8)]
Text = Annotated[str, Field(max_length=200)]
# Custom fields by name: texts, a day as 2026-11-21, a number with a dot; empty text: nothing.
CustomFields = Annotated[
    dict[Annotated[str, Field(max_length=80)], Annotated[str, Field(max_length=500)]],
    Field(max_length=200),
]
Code = Annotated[str, Field(pattern="^[A-Z]{3}$")]


class Own(In):
    """What a customer may also change of itself; empty texts are allowed."""

    company_name: Text | None = None
    main_email: Text | None = None
    noc_email: Text | None = None
    billing_email: Text | None = None
    rates_email: Text | None = None
    tax_id: Annotated[str, Field(max_length=40)] | None = None
    address: Annotated[str, Field(max_length=2000)] | None = None
    country: Annotated[str, Field(pattern="^([A-Z]{2})?$")] | None = None
    contact: Text | None = None
    timezone: Annotated[str, Field(max_length=63)] | None = None
    language: Annotated[str, Field(max_length=10)] | None = None


class Kept(Own):
    """What the owner sets beside that."""

    call_limit: Limit | None = None
    cps_limit: Limit | None = None
    max_depth: Levels | None = None
    min_profitability: Price | None = None
    min_profitability_unit: ProfitUnit | None = None
    internal_notes: Annotated[str, Field(max_length=5000)] | None = None


class LoginIn(In):
    """The first administrator of a new customer: with a password, or invited by mail."""

    login: Annotated[str, Field(min_length=1, max_length=150)]
    password: Annotated[str, Field(max_length=128)] = ""
    name: Annotated[str, Field(max_length=150)] = ""
    email: Annotated[str, Field(max_length=254)] = ""


class CustomerIn(Kept):
    """A new customer below the token's own."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    kind: CustomerKind
    tariff_id: Key
    business_model_id: Key | None = None
    customer_class_id: Key | None = None
    custom_fields: CustomFields = {}
    currency: Code | Literal[""] = ""
    mode: Mode = "prepaid"
    credit_limit: Positive = Decimal(0)
    opening_balance: Amount = Decimal(0)
    period_type: PeriodType | Literal[""] = ""
    period_timezone: Annotated[str, Field(max_length=63)] = ""
    opened_at: AwareDatetime | None = None
    login: LoginIn | None = None


class CustomerPatch(Kept):
    """A change: only what is named changes; ``null`` empties a limit."""

    name: Annotated[str, Field(min_length=1, max_length=120)] | None = None
    kind: CustomerKind | None = None
    status: CustomerStatus | None = None
    tariff_id: Key | None = None
    business_model_id: Key | None = None
    customer_class_id: Key | None = None
    custom_fields: CustomFields = {}
    currency: Code | None = None
    mode: Mode | None = None
    credit_limit: Positive | None = None


class ArchiveIn(In):
    """What becomes of the final invoices and the money, and why."""

    final_invoice: Literal["issue", "discard"] = "issue"
    surplus: Literal["pay_out", "forfeit"]
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class CustomerOut(Schema):
    """A customer as its viewer may see it: ``kept`` is null on the own one."""

    id: int
    name: str
    kind: str
    status: str
    standing: str
    owner_id: int | None
    company_name: str
    main_email: str
    noc_email: str
    billing_email: str
    rates_email: str
    tax_id: str
    address: str
    country: str
    contact: str
    timezone: str
    language: str
    call_limit: int | None
    cps_limit: int | None
    opened_at: datetime
    custom_fields: dict[str, str]
    kept: "KeptOut | None"


class KeptOut(Schema):
    """What an owner keeps about its customer."""

    max_depth: int | None
    min_profitability: Decimal | None
    min_profitability_unit: str
    internal_notes: str
    business_model_id: int | None
    customer_class_id: int | None


class CustomerPage(Schema):
    """One page of customers; ``next`` is what to ask ``after`` for more."""

    items: list[CustomerOut]
    next: int | None
