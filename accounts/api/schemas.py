"""What the API takes and gives of accounts, trunks, hosts and vouchers."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from ninja import Field, Schema
from pydantic import AwareDatetime

from softswitch.core.api import In

Status = Literal["active", "inactive"]
Mode = Literal["prepaid", "postpaid"]
PeriodType = Literal["daily", "weekly", "semimonthly", "monthly", "anniversary", "30_days"]
Surplus = Literal["pay_out", "forfeit"]
Key = Annotated[int, Field(ge=1, le=2**63 - 1)]
Limit = Annotated[int, Field(ge=0, le=2**31 - 1)]
Port = Annotated[int, Field(ge=1, le=65_535)]
Name = Annotated[str, Field(max_length=120)]
Amount = Annotated[Decimal, Field(max_digits=20, decimal_places=6)]
Positive = Annotated[Decimal, Field(ge=0, max_digits=20, decimal_places=6)]


class ByItself(In):
    """How an account is charged by itself: at a tariff of its customer, on its own balance."""

    tariff_id: Key
    mode: Mode = "prepaid"
    credit_limit: Positive = Decimal(0)
    period_type: PeriodType = "monthly"
    period_timezone: Annotated[str, Field(max_length=63)] = ""


class NewByItself(ByItself):
    """The same for a new account, with what its balance starts with."""

    opening_balance: Amount = Decimal(0)


class LoginIn(In):
    """A web login: with a password, or (empty) mailed a link under which its user sets it."""

    login: Annotated[str, Field(min_length=1, max_length=150)]
    password: Annotated[str, Field(max_length=128)] = ""
    name: Annotated[str, Field(max_length=150)] = ""
    email: Annotated[str, Field(max_length=254)] = ""


class AccountIn(In):
    """A new SIP account; ``customer_id`` empty: of the token's own customer."""

    customer_id: Key | None = None
    auth_name: Annotated[str, Field(min_length=1, max_length=80)]
    name: Name = ""
    sip_password: Annotated[str, Field(max_length=128)] = ""
    by_itself: NewByItself | None = None
    max_sessions: Limit | None = None
    cps_limit: Limit | None = None
    max_call_seconds: Limit | None = None
    opened_at: AwareDatetime | None = None
    login: LoginIn | None = None


class AccountPatch(In):
    """A change: only what is named changes; ``null`` empties a limit."""

    name: Name = ""
    status: Status = "active"
    max_sessions: Limit | None = None
    cps_limit: Limit | None = None
    max_call_seconds: Limit | None = None
    expires_at: AwareDatetime | None = None


class ChargingIn(In):
    """The way of charging from now on: ``by_itself``, or (null) with the customer."""

    by_itself: ByItself | None


class ClosingIn(In):
    """What becomes of the final invoice, and of a balance that is not 0, and why."""

    final_invoice: Literal["issue", "discard"] = "issue"
    surplus: Surplus | Literal[""] = ""
    reason: Annotated[str, Field(max_length=500)] = ""


class AccountOut(Schema):
    """An account; its balance stands among the balances. No password or PIN is ever given."""

    id: int
    customer_id: int
    kind: str
    auth_name: str
    name: str
    status: str
    charging: str | None
    max_sessions: int | None
    cps_limit: int | None
    max_call_seconds: int | None
    opened_at: datetime
    first_used_at: datetime | None
    expires_at: datetime | None


class AccountPage(Schema):
    """One page of accounts; ``next`` is what to ask ``after`` for more."""

    items: list[AccountOut]
    next: int | None


class HostIn(In):
    """An address or network that leads to a trunk, alone or with a tech prefix."""

    network: Annotated[str, Field(min_length=1, max_length=49)]
    tech_prefix: Annotated[str, Field(max_length=16)] = ""
    port: Port | None = None
    call_limit: Limit | None = None
    cps_limit: Limit | None = None


class HostPatch(In):
    """A change: only what is named changes; ``null`` empties a limit or the port."""

    network: Annotated[str, Field(min_length=1, max_length=49)] = ""
    tech_prefix: Annotated[str, Field(max_length=16)] = ""
    port: Port | None = None
    status: Status = "active"
    call_limit: Limit | None = None
    cps_limit: Limit | None = None


class HostOut(Schema):
    """A host that leads to its trunk now."""

    id: int
    trunk_id: int
    network: str
    tech_prefix: str
    port: int | None
    status: str
    call_limit: int | None
    cps_limit: int | None
    valid_from: datetime


class HostPage(Schema):
    """One page of hosts; ``next`` is what to ask ``after`` for more."""

    items: list[HostOut]
    next: int | None


class TrunkIn(In):
    """A new trunk with its hosts; ``customer_id`` empty: of the token's own customer."""

    customer_id: Key | None = None
    name: Annotated[str, Field(min_length=1, max_length=120)]
    call_limit: Limit | None = None
    cps_limit: Limit | None = None
    opened_at: AwareDatetime | None = None
    hosts: Annotated[list[HostIn], Field(max_length=100)] = []


class TrunkPatch(In):
    """A change: only what is named changes; ``null`` empties a limit."""

    name: Annotated[str, Field(min_length=1, max_length=120)] = ""
    status: Status = "active"
    call_limit: Limit | None = None
    cps_limit: Limit | None = None


class TrunkOut(Schema):
    """A trunk; its hosts stand among the hosts."""

    id: int
    customer_id: int
    name: str
    status: str
    call_limit: int | None
    cps_limit: int | None
    opened_at: datetime


class TrunkPage(Schema):
    """One page of trunks; ``next`` is what to ask ``after`` for more."""

    items: list[TrunkOut]
    next: int | None
