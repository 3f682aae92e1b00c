"""Accounts in the API: list, read, open, change, charge, archive."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.timezone import now
from ninja import Query, Router, Status

from accounts.api.schemas import (
    AccountIn,
    AccountOut,
    AccountPage,
    AccountPatch,
    ByItself,
    ChargingIn,
    ClosingIn,
    Key,
    LoginIn,
    Name,
)
from accounts.models import Account
from accounts.selectors import live_accounts
from accounts.services.accounts import edit_account
from billing.services.accounts import AccountTariff, close_account, open_account, set_charging
from billing.services.customers import Login
from customers.models import Customer
from customers.tenancy import Actor
from softswitch.core.api import REFUSALS, ErrorOut, Paging, actor_of, visible, visible_or_404
from softswitch.core.errors import DomainError
from tariffs.models import Tariff

router = Router(tags=["Accounts"])


class AccountSearch(Paging):
    """Which accounts: those of one customer, by a part of the auth name or card number."""

    customer_id: Key | None = None
    auth_name: Name = ""

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Of ``rows`` those that were asked for."""
        if self.customer_id is not None:
            rows = rows.filter(customer_id=self.customer_id)
        return rows.filter(auth_name__icontains=self.auth_name) if self.auth_name else rows


@router.get("/accounts", response={200: AccountPage, REFUSALS: ErrorOut})
def list_accounts(request: HttpRequest, search: Query[AccountSearch]) -> Any:
    """The accounts and cards of the token's customer and of those below, in order of id."""
    actor = actor_of(request, "accounts.view")
    return search.page(search.narrow(accounts_of(actor)))


@router.get("/accounts/{key}", response={200: AccountOut, REFUSALS: ErrorOut})
def get_account(request: HttpRequest, key: int) -> Any:
    """One account."""
    return visible_or_404(accounts_of(actor_of(request, "accounts.view")), key)


@router.post("/accounts", response={201: AccountOut, REFUSALS: ErrorOut})
def add_account(request: HttpRequest, body: AccountIn) -> Any:
    """Open a SIP account of the own customer or of a direct one."""
    actor = actor_of(request, "accounts.add")
    values = body.model_dump(exclude={"customer_id", "by_itself", "login"})
    account = open_account(
        actor=actor,
        customer=customer_of(actor, body.customer_id),
        by_itself=terms_of(actor, body.by_itself),
        login=login_of(body.login),
        **values,
    )
    return Status(201, accounts_of(actor).get(pk=account.pk))


@router.patch("/accounts/{key}", response={200: AccountOut, REFUSALS: ErrorOut})
def change_account(request: HttpRequest, key: int, body: AccountPatch) -> Any:
    """Change name, status, limits or expiry."""
    actor = actor_of(request, "accounts.edit")
    account = visible_or_404(accounts_of(actor), key)
    edit_account(actor=actor, account=account, values=body.model_dump(exclude_unset=True))
    return visible_or_404(accounts_of(actor), key)


@router.put("/accounts/{key}/charging", response={200: AccountOut, REFUSALS: ErrorOut})
def change_charging(request: HttpRequest, key: int, body: ChargingIn) -> Any:
    """Charge calls that start from now on by itself, or with the customer."""
    actor = actor_of(request, "accounts.edit")
    account = visible_or_404(accounts_of(actor), key)
    set_charging(actor=actor, account=account, by_itself=terms_of(actor, body.by_itself))
    return visible_or_404(accounts_of(actor), key)


@router.post("/accounts/{key}/archive", response={204: None, REFUSALS: ErrorOut})
def archive(request: HttpRequest, key: int, body: ClosingIn) -> Any:
    """Archive an account: billed up to now, its balance ends with 0. There is no undo."""
    actor = actor_of(request, "accounts.delete")
    account = visible_or_404(accounts_of(actor), key)
    close_account(actor=actor, account=account, **body.model_dump())
    return Status(204, None)


def accounts_of(actor: Actor) -> QuerySet[Any]:
    """The live accounts that the actor sees."""
    return live_accounts(visible(Account, actor), now())


def customer_of(actor: Actor, key: int | None) -> Customer:
    """The customer that something new is for: the own one, or one that the actor sees."""
    if key is None:
        return actor.customer
    found: Customer = visible_or_404(visible(Customer, actor).filter(archived_at=None), key)
    if found.pk != actor.customer_id and not actor.can("customers.view"):
        raise PermissionDenied
    return found


def terms_of(actor: Actor, terms: ByItself | None) -> AccountTariff | None:
    """The way of charging by itself as the services take it; any tariff out of sight is unknown."""
    if terms is None:
        return None
    tariff = visible(Tariff, actor).filter(pk=terms.tariff_id, archived_at=None).first()
    if tariff is None:
        raise DomainError("tariff", "Choose a tariff of the customer.", field="tariff_id")
    return AccountTariff(tariff=tariff, **terms.model_dump(exclude={"tariff_id"}))


def login_of(login: LoginIn | None) -> Login | None:
    """The login as the services take it: without a password it has none yet."""
    if login is None:
        return None
    return Login(**login.model_dump(exclude={"password"}), password=login.password or None)
