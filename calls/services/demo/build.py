"""Builds the whole demo in one transaction: whatever stops it, nothing is left of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.core.files.base import ContentFile
from django.db import connection, transaction

from billing.services.first_run import set_up
from calls.choices import CdrImportState
from calls.models import CdrImport, Switch
from calls.services.charging import ChargeReport, charge_pending
from calls.services.demo.cdr_files import CdrFile, Week, write_weeks
from calls.services.demo.definitions import add_definitions
from calls.services.demo.invoicing import Invoicing
from calls.services.demo.mark import MARK, loaded_demo
from calls.services.demo.market import add_exchange_rates
from calls.services.demo.online import add_online_payments
from calls.services.demo.opening import Opening
from calls.services.demo.payments import Payments
from calls.services.demo.plan import PASSWORD
from calls.services.demo.sheets import WORTH
from calls.services.demo.sources import SWITCHES
from calls.services.demo.telling import tell_news
from calls.services.demo.traffic import make_traffic
from calls.services.demo.tree import ROOT
from calls.services.importing import run_import, start_import
from calls.services.switches import create_switch
from customers.choices import Role
from customers.models import User
from customers.selectors import actor_for
from customers.services.customers import edit_profile, set_status
from customers.services.session import edit_own_profile
from customers.services.users import add_login
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from softswitch.core.locks import Space, lock

LEAST_CALLS = 100

Say = Callable[[str], None]


@dataclass(slots=True)
class Delivered:
    """What the CDR files of the demo brought, added up."""

    files: int = 0
    new: int = 0
    repeated: int = 0
    rejected: int = 0

    def add(self, job: CdrImport) -> None:
        """Count one file more."""
        self.files += 1
        self.new += job.calls_new
        self.repeated += job.calls_repeated
        self.rejected += job.lines_rejected


def load_demo(*, anchor: datetime, seed: int, calls: int, say: Say) -> bool:
    """Load the demo as of ``anchor``; False if it is there. ``say`` is told of each step.

    All is one transaction under a lock: a demo that was interrupted is not there, and is begun
    anew. The same seed, anchor and number of calls give the same sums. Raises DomainError
    ``not_demo`` or ``calls``.
    """
    if calls < LEAST_CALLS:
        raise DomainError("calls", f"The demo has at least {LEAST_CALLS} calls.")
    with transaction.atomic():
        lock(Space.NEW_TREE)
        if loaded := loaded_demo():
            say(f"{loaded}: loaded already.")
            return False
        operator = _set_up(f"{MARK}: seed {seed}, anchor {anchor.isoformat()}, {calls} calls")
        rates = add_exchange_rates(actor=operator, anchor=anchor, seed=seed)
        say(f"{ROOT.name} with {len(WORTH) - 1} foreign currencies and {rates} exchange rates")
        opening = Opening(operator, anchor, seed)
        opening.open_below(ROOT, operator)
        add_definitions(operator)
        _analyze()
        say(
            f"{len(opening.opened)} customers, {opening.tariffs} tariffs,"
            f" {len(opening.sources)} accounts and trunks with calls"
        )
        attempts = make_traffic(opening.sources, anchor=anchor, seed=seed, calls=calls)
        _add_switches(operator)
        payments = Payments(opening.opened, seed)
        invoicing = Invoicing(operator, opening.opened)
        for number, week in enumerate(write_weeks(attempts, anchor=anchor, seed=seed)):
            _take_week(week, operator, payments, invoicing, say)
            if number == 0:
                _analyze()
        online = add_online_payments(operator=operator, opened=opening.opened, anchor=anchor)
        say(f"{online} online payments of a provider that is off")
        say(tell_news(opened=opening.opened, anchor=anchor))
        for one in opening.opened:
            if one.firm.status != one.customer.status:
                set_status(actor=one.owner, customer=one.customer, status=one.firm.status)
    return True


def _set_up(mark: str) -> Actor:
    """Root with its two users; the actor is its administrator."""
    root = set_up(name=ROOT.name, login=ROOT.login, password=PASSWORD, timezone=ROOT.home.zone)
    administrator = actor_for(User.objects.get(customer=root))
    edit_profile(
        actor=administrator,
        customer=root,
        values={"internal_notes": mark, "company_name": f"{root.name} Ltd"},
    )
    edit_own_profile(actor=administrator, values={"name": ROOT.person})
    add_login(
        actor=administrator,
        customer=root,
        login="auditor",
        password=PASSWORD,
        name="Henrik Aalto",
        role=Role.READ_ONLY,
    )
    return administrator


def _add_switches(operator: Actor) -> None:
    for plan in SWITCHES:
        create_switch(
            actor=operator,
            name=plan.name,
            timezone=plan.zone,
            default_country_code=plan.country_code,
            national_prefix=plan.national_prefix,
        )


def _take_week(
    week: Week, operator: Actor, payments: Payments, invoicing: Invoicing, say: Say
) -> None:
    """Import and charge the files of a week, post what was paid in it, bill what is over."""
    delivered = Delivered()
    for file in week.files:
        delivered.add(_import(file, operator))
    report: ChargeReport = charge_pending()
    paid = payments.post_week(week.ends_at)
    closed, issued = invoicing.bill_until(week.ends_at)
    say(
        f"week to {week.ends_at:%d %b}: {delivered.new} calls of {delivered.files} files"
        f" ({delivered.repeated} repeated, {delivered.rejected} lines rejected),"
        f" {report.charged} charged, {report.unrated} unrated, {paid} payments and adjustments,"
        f" {closed} periods closed, {issued} invoices"
    )


def _import(file: CdrFile, operator: Actor) -> CdrImport:
    started = start_import(
        actor=operator,
        switch=Switch.objects.get(name=file.switch.name),
        file=ContentFile(file.contents, name=file.name),
        file_name=file.name,
        format_name=file.switch.format,
        is_inline=True,
    )
    run_import(import_id=started.pk, is_inline=True)
    job: CdrImport = CdrImport.objects.get(pk=started.pk)
    if job.state != CdrImportState.DONE:
        raise DomainError("demo", f"{file.name} was not read: {job.failure}")
    return job


def _analyze() -> None:
    """Tell the planner what was stored: within a transaction nobody else does."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
