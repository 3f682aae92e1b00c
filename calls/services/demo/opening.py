"""Opens the demo's customers with their tariffs, logins, accounts and trunks, through services."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from accounts.services.hosts import NewHost
from accounts.services.trunks import create_trunk
from billing.models import Balance
from billing.services.accounts import AccountTariff, open_account
from billing.services.customers import Login, Terms, open_customer
from calls.services.demo.destinations import world_destinations
from calls.services.demo.market import add_tariff
from calls.services.demo.plan import OPENED_DAYS, PASSWORD, Firm
from calls.services.demo.sheets import write_sheet
from calls.services.demo.sources import Source
from customers.models import Customer, User
from customers.selectors import actor_for
from customers.tenancy import Actor
from tariffs.models import Tariff

LEVEL_DAYS = 5  # that customers of a level came after their owners
OWN_WEIGHT = 2
OWN_FUNDS = Decimal(15)


@dataclass(frozen=True, slots=True)
class Opened:
    """A customer that stands, with the actor of its owner (who acts on it) and its balance."""

    firm: Firm
    customer: Customer
    owner: Actor
    balance: Balance


class Opening:
    """Opens firm after firm; ``opened`` and ``sources`` are what came of it, in a fixed order."""

    def __init__(self, operator: Actor, anchor: datetime, seed: int) -> None:
        self.opened: list[Opened] = []
        self.sources: list[Source] = []
        self.tariffs = 0
        self._operator = operator
        self._anchor = anchor
        self._seed = seed
        self._rng = Random(f"{seed}/opening")  # noqa: S311 (made-up moments)
        self._destinations = world_destinations(seed)
        self._names = 0
        self._addresses = 0

    def open_below(self, top: Firm, actor: Actor, *, level: int = 1) -> None:
        """Open what ``top``, as whom ``actor`` acts, sells by, and everybody below it."""
        since = actor.customer.opened_at
        if actor.is_root:
            since = self._anchor - timedelta(days=OPENED_DAYS + 1)
        offers = {
            offer.name: add_tariff(
                actor=actor,
                offer=offer,
                zone=top.home.zone,
                sheet=write_sheet(offer, self._destinations, anchor=self._anchor, seed=self._seed),
                since=since,
            )
            for offer in top.sells
        }
        self.tariffs += len(offers)
        if top.own:
            self._add_own(top, actor, offers[top.sells[-1].name])
        for firm in top.customers:
            customer = self._open(firm, actor, offers[firm.offer], level)
            if firm.sells:
                self.open_below(firm, self._actor_of(customer), level=level + 1)

    def _open(self, firm: Firm, owner: Actor, tariff: Tariff, level: int) -> Customer:
        day = self._anchor - timedelta(days=OPENED_DAYS - (level - 1) * LEVEL_DAYS)
        customer = open_customer(
            actor=owner,
            name=firm.name,
            kind=firm.kind,
            terms=Terms(
                tariff=tariff,
                currency=firm.currency,
                mode=firm.mode,
                credit_limit=firm.credit,
                opening_balance=firm.brought,
                period_type=firm.period,
            ),
            login=Login(firm.login, PASSWORD, name=firm.person) if firm.login else None,
            opened_at=day + timedelta(minutes=self._rng.randrange(LEVEL_DAYS * 1200)),
            timezone=firm.home.zone,
            language=firm.home.language,
            company_name=firm.company,
            main_email=f"office@{firm.slug}.example",
            billing_email=f"accounts@{firm.slug}.example",
            contact=firm.person,
            call_limit=firm.call_limit,
            cps_limit=firm.cps_limit,
        )
        balance = Balance.objects.get(customer=customer, account=None)
        self.opened.append(Opened(firm, customer, owner, balance))
        self._add_accounts(firm, customer, owner)
        self._add_trunks(firm, customer, owner)
        return customer

    def _actor_of(self, customer: Customer) -> Actor:
        """The customer's administrator; Root's in its place where it has no login.

        In its place, not switched to it: whoever switches sets no passwords of phones.
        """
        own = User.objects.filter(customer=customer, account=None).first()
        if own is not None:
            return actor_for(own)
        if self._operator.user is None:
            raise RuntimeError("Root has an administrator.")
        switched = actor_for(self._operator.user, stack=[customer.pk])
        return replace(switched, stack=(customer.pk,))

    def _add_accounts(self, firm: Firm, customer: Customer, owner: Actor) -> None:
        for number in range(firm.accounts):
            is_first = number == 0 and not firm.own
            name = self._next_name(firm)
            open_account(
                actor=owner,
                customer=customer,
                auth_name=name,
                name=firm.person if is_first else "",
                sip_password=f"{self._rng.getrandbits(64):016x}",
                opened_at=customer.opened_at,
                login=_login(firm) if is_first else None,
                max_sessions=firm.call_limit,
            )
            self._add_source(firm, auth_name=name)

    def _add_own(self, firm: Firm, actor: Actor, tariff: Tariff) -> None:
        for number in range(firm.own):
            name = self._next_name(firm)
            open_account(
                actor=actor,
                customer=actor.customer,
                auth_name=name,
                by_itself=AccountTariff(tariff, opening_balance=OWN_FUNDS),
                login=_login(firm) if number == 0 else None,
                sip_password=f"{self._rng.getrandbits(64):016x}",
                opened_at=actor.customer.opened_at,
                max_sessions=2,
            )
            self._add_source(firm, auth_name=name, weight=OWN_WEIGHT, is_home=True)

    def _add_trunks(self, firm: Firm, customer: Customer, owner: Actor) -> None:
        shared = self._next_address()
        for number in range(firm.trunks):
            prefix = f"{firm.tech_prefix}{number + 1}" if firm.tech_prefix else ""
            address = shared if prefix else self._next_address()
            create_trunk(
                actor=owner,
                customer=customer,
                name=f"{firm.slug}-{number + 1}",
                hosts=[NewHost(network=address, tech_prefix=prefix, port=5060)],
                opened_at=customer.opened_at,
                call_limit=firm.call_limit,
                cps_limit=firm.cps_limit,
            )
            self._add_source(firm, address=address, tech_prefix=prefix)

    def _next_name(self, firm: Firm) -> str:
        self._names += 1
        return f"{firm.slug}-{100 + self._names}"

    def _next_address(self) -> str:
        """Addresses that documentation may use: 198.51.100.0/24, then 203.0.113.0/24."""
        self._addresses += 1
        block, host = divmod(self._addresses - 1, 250)
        return f"{('198.51.100', '203.0.113')[block]}.{host + 1}"

    def _add_source(
        self,
        firm: Firm,
        *,
        auth_name: str = "",
        address: str = "",
        tech_prefix: str = "",
        weight: int = 0,
        is_home: bool = False,
    ) -> None:
        number = len(self.sources)
        callers = firm.home.callers
        share = 60 * firm.traffic // max(1, firm.accounts + firm.trunks)
        if not (share or weight):
            return
        self.sources.append(
            Source(
                auth_name=auth_name,
                address=address or f"100.64.{number // 250}.{number % 250 + 1}",
                tech_prefix=tech_prefix,
                home=firm.home,
                caller=f"{callers[number % len(callers)]}{(number * 37 + 101) % 1000:03d}",
                offer=firm.offer,
                weight=60 * weight or share,
                is_home=is_home or firm.kind == "residential",
            )
        )


def _login(firm: Firm) -> Login | None:
    return Login(firm.account_login, PASSWORD) if firm.account_login else None
