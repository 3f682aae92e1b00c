"""Closing of billing periods: what is due, what holds it back, in which order, exactly once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.choices import NEVER, PeriodOutcome
from billing.models import Balance, BillingPeriod, ClosingHold, Invoice, LedgerEntry
from billing.selectors.closing import due_balances, limits_at
from billing.services import closing, drafts, verify
from billing.services.accounts import AccountTariff, close_account, set_charging
from billing.services.archive import archive_customer
from billing.services.closing import close_due
from billing.services.ledger import Posting, post_entry
from billing.services.move import NewTerms, move_customer
from billing.services.periods import periods_for
from calls.selectors.pending import uncharged_since
from calls.services.charging import charge_pending
from customers.models import Customer
from notifications.models import Message, Notice
from softswitch.core.errors import DomainError
from tests.billing.test_verify import plant
from tests.calls.stored import store_call
from tests.security.portal import signed_in
from tests.world import OPENED, World, tariff_with_rates

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FEBRUARY = datetime(2026, 2, 1, tzinfo=UTC)
MARCH = datetime(2026, 3, 1, tzinfo=UTC)


def at(month: int, day: int, hour: int = 0) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def closed(balance: Balance) -> list[datetime]:
    """The ends of the closed periods of a balance."""
    rows = BillingPeriod.objects.filter(balance=balance, closed_at__isnull=False)
    return list(rows.order_by("starts_at").values_list("ends_at", flat=True))


def post(world: World, moment: datetime, key: str, who: str = "shop") -> LedgerEntry:
    """A credit of 1 to ``who``, posted at ``moment``."""
    balance = world.balance(who)
    return post_entry(
        actor=world.actor("operator"),
        balance_id=balance.pk,
        posting=Posting("credit", Decimal(1), balance.currency_id, key),
        at=moment,
    )


def hold(world: World, ended_at: datetime, call_id: int = 7) -> ClosingHold:
    row: ClosingHold = ClosingHold.objects.create(
        call_id=call_id, customer=world.shop, ended_at=ended_at, reason="no_rate"
    )
    return row


@pytest.fixture
def shop(world: World) -> Iterator[Balance]:
    """The shop's balance; whatever a test did, the ledger adds up."""
    yield world.balance("shop")
    assert [*verify.differences()] == []


def test_a_period_closes_the_delay_after_its_end(world: World, shop: Balance) -> None:
    """Balances without any period row get theirs; the moment itself is due."""
    close_due(moment=FEBRUARY + 6 * HOUR - timedelta(microseconds=1))
    assert closed(shop) == []
    moment = FEBRUARY + 6 * HOUR
    assert close_due(moment=moment) == Balance.objects.count() == 5
    period = BillingPeriod.objects.get(balance=shop)
    assert (period.starts_at, period.ends_at) == (OPENED, FEBRUARY)
    assert (period.closed_at, period.outcome) == (moment, PeriodOutcome.ZERO)
    assert world.balance("shop").closes_at == MARCH


def test_the_delay_is_a_setting(shop: Balance, settings: Any) -> None:
    settings.CLOSING_DELAY_HOURS = 12
    close_due(moment=FEBRUARY + 11 * HOUR)
    assert closed(shop) == []
    close_due(moment=FEBRUARY + 12 * HOUR)
    assert closed(shop) == [FEBRUARY]


def test_a_period_closes_once(shop: Balance) -> None:
    assert close_due(moment=FEBRUARY + 6 * HOUR) > 0
    before = list(BillingPeriod.objects.values())
    assert close_due(moment=FEBRUARY + 7 * HOUR) == 0
    assert list(BillingPeriod.objects.values()) == before


def test_every_missed_period_closes_in_order(
    world: World, shop: Balance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that was off; one period of a balance in a transaction."""
    daily = world.balance("sub_customer")
    Balance.objects.filter(pk=daily.pk).update(period_type="daily")
    seen: list[tuple[datetime, datetime]] = []

    def note(periods: list[BillingPeriod], *, moment: datetime) -> dict[int, PeriodOutcome]:
        seen.extend((p.starts_at, p.ends_at) for p in periods if p.balance_id == daily.pk)
        assert len({period.balance_id for period in periods}) == len(periods)
        return drafts.draft_periods(periods, moment=moment)

    monkeypatch.setattr(closing, "draft_periods", note)
    close_due(moment=at(1, 5, 8))
    assert seen == [(at(1, day), at(1, day + 1)) for day in range(1, 5)]
    assert world.balance("sub_customer").closes_at == at(1, 6)
    assert closed(shop) == []


def test_a_clock_that_jumps_back_closes_and_opens_nothing(world: World, shop: Balance) -> None:
    close_due(moment=FEBRUARY + 6 * HOUR)
    assert close_due(moment=FEBRUARY - 9 * DAY) == 0
    entry = post(world, FEBRUARY - 9 * DAY, "back")
    assert (entry.period.starts_at, entry.period.ends_at) == (FEBRUARY, MARCH)
    assert close_due(moment=FEBRUARY + 6 * HOUR) == 0


def test_closing_stops_when_its_time_is_over_and_is_resumed(
    shop: Balance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing, "BATCH", 2)
    assert close_due(moment=FEBRUARY + 6 * HOUR, seconds=0) == 0
    assert close_due(moment=FEBRUARY + 6 * HOUR) == 5
    assert len(closed(shop)) == 1


def test_statements_do_not_grow_with_balances(shop: Balance) -> None:
    close_due(moment=OPENED)
    with CaptureQueriesContext(connection) as counted:
        assert close_due(moment=FEBRUARY + 6 * HOUR) == 5
    others = Balance.objects.exclude(pk=shop.pk)
    others.update(closes_at=NEVER)
    with CaptureQueriesContext(connection) as alone:
        assert close_due(moment=MARCH + 6 * HOUR) == 1
    assert len(counted) == len(alone)


def test_a_draft_that_fails_stops_no_other(
    world: World, shop: Balance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(periods: list[BillingPeriod], *, moment: datetime) -> dict[int, PeriodOutcome]:
        if any(period.balance_id == shop.pk for period in periods):
            raise ValueError("a bad row")
        return drafts.draft_periods(periods, moment=moment)

    monkeypatch.setattr(closing, "draft_periods", fail)
    assert close_due(moment=FEBRUARY + 6 * HOUR) == 4
    assert closed(shop) == []
    monkeypatch.undo()
    assert close_due(moment=FEBRUARY + 6 * HOUR) == 1


def test_a_period_that_cannot_be_closed_is_told_once_a_reason_to_who_bills_it(
    world: World, shop: Balance, monkeypatch: pytest.MonkeyPatch
) -> None:
    Customer.objects.filter(pk=world.sub_reseller.pk).update(billing_email="money@sub.example")
    causes: list[Exception] = [ValueError("a row of others"), ValueError("again")]
    causes += [DomainError("no_rate", "There is no exchange rate."), ValueError("once more")]

    def fail(periods: list[BillingPeriod], *, moment: datetime) -> dict[int, PeriodOutcome]:
        if any(period.balance_id == shop.pk for period in periods):
            raise causes[0]
        return drafts.draft_periods(periods, moment=moment)

    monkeypatch.setattr(closing, "draft_periods", fail)
    while causes:
        close_due(moment=FEBRUARY + 6 * HOUR)
        causes.pop(0)
    first, second = Message.objects.order_by("pk")
    assert first.subject == "The period of Shop until 31 Jan 2026 could not be closed"
    assert (first.owner, first.recipient) == (world.sub_reseller, "money@sub.example")
    assert "ValueError" in first.text
    assert "a row of others" not in first.text  # what a database says may name them
    assert "There is no exchange rate." in second.text
    assert {notice.recipient for notice in Notice.objects.all()} == {world.sub_reseller}
    assert Notice.objects.count() == 2
    client = signed_in(world.user("sub_reseller"))
    page = client.get(reverse("notifications:notice_list")).content.decode()
    assert "The period of Shop until 31 Jan 2026 could not be closed" in page
    assert f'href="{reverse("billing:closing_list")}"' in page
    monkeypatch.undo()
    assert close_due(moment=FEBRUARY + 6 * HOUR) == 1
    assert Message.objects.count() == 2


# What holds back -------------------------------------------------------------------------------


def test_an_unrated_call_holds_its_period_back_at_most_72_hours(
    world: World, shop: Balance
) -> None:
    hold(world, FEBRUARY - HOUR)
    hold(world, OPENED, 8)
    hold(world, FEBRUARY, 9)  # of the next period
    assert close_due(moment=FEBRUARY + 77 * HOUR) == 4
    assert closed(shop) == []
    close_due(moment=FEBRUARY + 78 * HOUR)
    period = BillingPeriod.objects.get(balance=shop)
    assert (period.closed_at, period.unrated_calls) == (FEBRUARY + 78 * HOUR, 2)


def test_a_call_that_is_rated_in_time_frees_the_period(world: World, shop: Balance) -> None:
    row = hold(world, FEBRUARY - HOUR)
    close_due(moment=FEBRUARY + 7 * HOUR)
    row.delete()
    close_due(moment=FEBRUARY + 8 * HOUR)
    assert closed(shop) == [FEBRUARY]
    assert BillingPeriod.objects.get(balance=shop).unrated_calls == 0


def test_what_a_closed_period_waited_for_in_vain_does_not_hold_the_next(
    world: World, shop: Balance
) -> None:
    hold(world, FEBRUARY - HOUR)
    close_due(moment=FEBRUARY + 78 * HOUR)
    close_due(moment=MARCH + 6 * HOUR)
    assert closed(shop) == [FEBRUARY, MARCH]
    rows = BillingPeriod.objects.filter(balance=shop).order_by("starts_at")
    assert list(rows.values_list("unrated_calls", flat=True)) == [1, 0]


def test_the_longest_hold_is_a_setting(world: World, shop: Balance, settings: Any) -> None:
    settings.CLOSING_HOLD_HOURS = 1
    hold(world, FEBRUARY - HOUR)
    close_due(moment=FEBRUARY + 7 * HOUR)
    assert closed(shop) == [FEBRUARY]


def test_calls_that_wait_to_be_charged_hold_back_what_they_could_belong_to(
    world: World, shop: Balance
) -> None:
    """However long after the period's end: the charging queue of a machine that was off."""
    call = store_call(world.shop, "442071234567", 60, at=FEBRUARY - HOUR)
    since = uncharged_since(MARCH)
    assert since == call.ended_at
    close_due(moment=FEBRUARY + 20 * DAY, calls_since=since)
    assert closed(shop) == []
    charge_pending()
    assert uncharged_since(MARCH) is None
    close_due(moment=FEBRUARY + 20 * DAY, calls_since=uncharged_since(MARCH))
    assert closed(shop) == [FEBRUARY]
    period = BillingPeriod.objects.get(balance=shop, ends_at=FEBRUARY)
    assert period.usage_entries.get().calls == 1


def test_a_waiting_call_of_a_later_period_holds_nothing_back(world: World, shop: Balance) -> None:
    close_due(moment=FEBRUARY + 6 * HOUR, calls_since=FEBRUARY)
    assert closed(shop) == [FEBRUARY]


def test_a_late_call_goes_to_the_open_period(world: World, shop: Balance) -> None:
    close_due(moment=FEBRUARY + 6 * HOUR)
    store_call(world.shop, "442071234567", 60, at=FEBRUARY - HOUR)
    charge_pending()
    assert shop.usage_entries.get().period.starts_at == FEBRUARY


# Ended balances --------------------------------------------------------------------------------


def test_a_balance_that_a_move_closed_closes_its_last_period_and_is_done(world: World) -> None:
    old = world.balance("sub_reseller")
    move_customer(
        actor=world.actor("operator"),
        customer=world.sub_reseller,
        owner=world.other_reseller,
        terms=NewTerms(tariff_with_rates(world.other_reseller, "Beside", "USD")),
        surplus="pay_out",
        reason="Sold on",
    )
    old.refresh_from_db()
    assert old.closed_at is not None
    assert old.closes_at == NEVER
    assert closed(old)[0] == FEBRUARY
    assert closed(old)[-1] == old.closed_at
    assert not BillingPeriod.objects.filter(balance=old, closed_at=None).exists()
    assert [*verify.differences()] == []


def test_what_is_archived_closes_its_last_periods_and_is_done(world: World, shop: Balance) -> None:
    street = shop.issuer.tariffs.get()
    set_charging(actor=world.actor("shop"), account=world.account, by_itself=AccountTariff(street))
    close_due(moment=FEBRUARY)
    archive_customer(
        actor=world.actor("sub_reseller"), customer=world.shop, surplus="pay_out", reason="Gone"
    )
    world.shop.refresh_from_db()
    moment = world.shop.archived_at
    assert moment is not None
    ended = Balance.objects.filter(customer=world.shop)
    assert set(ended.values_list("closes_at", flat=True)) == {NEVER}
    assert closed(shop)[-1] == moment
    assert close_due(moment=moment + 99 * DAY) > 0
    *_earlier, before, settled = closed(shop)  # what brought it to 0 stands in one more
    assert before == moment
    assert not Invoice.objects.filter(balance=shop, period__ends_at=settled).exists()
    close_due(moment=moment + 999 * DAY)
    assert closed(shop)[-1] == settled
    assert set(ended.values_list("closes_at", flat=True)) == {NEVER}


def test_an_archived_account_is_done_too(world: World, shop: Balance) -> None:
    street = shop.issuer.tariffs.get()
    set_charging(actor=world.actor("shop"), account=world.account, by_itself=AccountTariff(street))
    own = Balance.objects.get(account=world.account)
    periods_for({own.pk: own}, [(own.pk, own.opened_at)])
    close_account(actor=world.actor("shop"), account=world.account)
    world.account.refresh_from_db()
    own.refresh_from_db()
    assert own.closes_at == NEVER
    assert closed(own)[-1] == world.account.archived_at
    before = closed(own)
    close_due(moment=own.opened_at + 999 * DAY)
    assert closed(own) == before


# Guards ----------------------------------------------------------------------------------------


def test_only_an_invoice_posts_to_a_closed_period(world: World, shop: Balance) -> None:
    close_due(moment=FEBRUARY + 6 * HOUR)
    period = BillingPeriod.objects.get(balance=shop)
    actor = world.actor("sub_reseller")
    posting = Posting("tax", Decimal(-1), shop.currency_id, "tax")
    other = world.balance("sub_reseller")
    with pytest.raises(ValueError, match="another balance"):
        post_entry(actor=actor, balance_id=other.pk, posting=posting, period=period)
    with transaction.atomic():
        entry = post_entry(actor=actor, balance_id=shop.pk, posting=posting, period=period)
        assert entry.period == period
        said = f"ledger entry {entry.pk}: of"
        assert [line[: len(said)] for line in verify.differences()] == [said]
        invoice = Invoice.objects.create(
            issuer=shop.issuer,
            customer=shop.customer,
            balance=shop,
            period=period,
            mode=shop.mode,
            currency=shop.currency,
        )
        plant(f"UPDATE billing_ledgerentry SET invoice_id = {invoice.pk} WHERE id = {entry.pk}")
        assert not [line for line in verify.differences() if line.startswith(said)]
        transaction.set_rollback(True)


# Plans -----------------------------------------------------------------------------------------

# Balances of customers that do not exist, as foreign keys are not looked at: a tenth is due.
_MANY = """
INSERT INTO billing_balance (customer_id, issuer_id, currency_id, mode, amount, reserved,
    credit_limit, last_sequence, period_type, period_timezone, next_period_type, opened_at,
    closes_at)
SELECT 1000000 + n, %s, 'USD', 'prepaid', 0, 0, 0, 0, 'monthly', 'UTC', '', %s,
    %s::timestamptz + (n %% 1000) * interval '1 hour'
FROM generate_series(1, 20000) n
"""


def plan_of(rows: Any) -> str:
    sql, parameters = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}", parameters)
        return "\n".join(row[0] for row in cursor.fetchall())


def test_due_and_new_balances_are_found_by_indexes(world: World) -> None:
    close_due(moment=OPENED)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(_MANY, [world.root.pk, OPENED, OPENED])
        cursor.execute("ANALYZE billing_balance")
        due = due_balances(limits_at(OPENED + 10 * HOUR))
        plan = plan_of(due.exclude(pk__in=[1, 2])[:100])
        assert "balance_closes" in plan
        assert "Seq Scan on billing_balance" not in plan
        unknown = Balance.objects.filter(closes_at=None).order_by("pk")[:100]
        assert "balance_unscheduled" in plan_of(unknown)
        transaction.set_rollback(True)
