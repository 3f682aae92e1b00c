"""Months are archived and restored; nothing is lost, nothing is charged twice, all stays proven."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils.timezone import now

from billing.models import ArchivedMonth, Balance, BillingPeriod, Charge, UsageEntry
from billing.services import verify
from calls import tasks
from calls.models import Call, PendingCall, Switch, Traffic, UnratedCall
from calls.parsers.record import ParsedCall
from calls.services import archiving
from calls.services import verify as verify_calls
from calls.services.archiving import archive_month, candidates, reasons_against, restore_month
from calls.services.charging import charge_pending
from calls.services.ingest import ARCHIVED, store_calls
from calls.services.rate_imports import roll_back_import
from calls.services.traffic import fold_traffic
from customers.models import AuditEvent
from softswitch.core.errors import DomainError
from softswitch.core.moments import to_microseconds
from softswitch.core.partitions import ensure_months
from tariffs.models import Rate, RateImport
from tests.calls.re_rated import DAY, apply, preview, undo
from tests.calls.stored import START, store_call
from tests.concurrency.threads import at_once
from tests.world import World, tariff_with_rates

MARCH = date(2026, 3, 1)


def is_proven() -> bool:
    return [*verify.differences(), *verify_calls.differences()] == []


def fill(world: World) -> None:
    """Charged calls of March and April at all levels, in closed periods."""
    for day in (0, 3, 30):
        at = START + timedelta(days=day)
        store_call(world.shop, "442071234567", 75, at=at, account=world.account, pdd_ms=5)
        store_call(world.sub_customer, "33199990000", 200, at=at)
        store_call(world.sub_reseller, "447700900123", at=at, answered=False, hangup_cause=17)
    charge_pending()
    fold_traffic()
    BillingPeriod.objects.update(closed_at=now())


def rows() -> dict[str, list[Any]]:
    return {
        model.__name__: sorted(map(repr, model.objects.values_list()))
        for model in (Call, Charge, UsageEntry, Traffic)
    }


def balances() -> list[Any]:
    return list(Balance.objects.order_by("pk").values_list("pk", "amount", "last_sequence"))


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_an_archived_month_is_out_of_the_way_and_all_stays_proven(world: World) -> None:
    fill(world)
    before, stood, operator = rows(), balances(), world.actor("operator")
    archived = archive_month(actor=operator, month=MARCH)
    after = rows()
    assert archived.calls == 6
    assert archived.charges == len(before["Charge"]) - len(after["Charge"]) > 12
    assert len(after["Call"]) == len(before["Call"]) - 6 == 3
    assert after["UsageEntry"] == before["UsageEntry"]
    assert after["Traffic"] == before["Traffic"]
    assert balances() == stood
    assert is_proven()
    restore_month(actor=operator, month=MARCH)
    assert rows() == before
    assert is_proven()
    assert not ArchivedMonth.objects.exists()
    events = AuditEvent.objects.filter(action__in=["calls_archived", "calls_restored"])
    assert list(events.order_by("pk").values_list("action", "subject")) == [
        ("calls_archived", "2026-03"),
        ("calls_restored", "2026-03"),
    ]
    archive_month(actor=operator, month=MARCH)
    assert is_proven()


def test_it_is_proven_against_the_sums_that_were_kept(world: World) -> None:
    fill(world)
    archive_month(actor=world.actor("operator"), month=MARCH)
    sums = ArchivedMonth.objects.get().sums.get(level=1, balance=world.balance("shop"))
    sums.traffic[7] += 1
    sums.save()
    lines = [*verify.differences(), *verify_calls.differences()]
    assert f"archived month 2026-03 balance {sums.balance_id}: its entries are" in lines[0]
    assert len(lines) == 1 + 3  # and the three grains of traffic
    assert [*verify.differences(customer_id=world.sub_customer.pk)] == []


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("pending", "1 call waits to be charged"),
        ("unrated", "1 call is unrated"),
        ("period", "1 billing period with calls of it is open"),
    ],
)
def test_what_is_not_finished_stands_against_it(world: World, what: str, reason: str) -> None:
    fill(world)
    if what == "period":
        entry = UsageEntry.objects.filter(setup_month=MARCH)[0]
        BillingPeriod.objects.filter(pk=entry.period_id).update(closed_at=None)
    else:
        call = store_call(None if what == "unrated" else world.shop, "442071234567")
        if what == "unrated":
            charge_pending()
            assert UnratedCall.objects.get().call_id == call.id
    before = rows()
    assert reasons_against(MARCH) == [reason]
    with pytest.raises(DomainError, match=f"2026-03: {reason}"):
        archive_month(actor=world.actor("operator"), month=MARCH)
    assert rows() == before
    assert reasons_against(date(2026, 5, 1)) == []


def test_the_running_month_a_month_without_calls_and_an_archived_one_are_refused(
    world: World,
) -> None:
    fill(world)
    operator, today = world.actor("operator"), now().astimezone(UTC).date()
    assert reasons_against(today.replace(day=1)) == ["the month is not over"]
    with pytest.raises(DomainError, match="no charged calls of 2024-01"):
        archive_month(actor=operator, month=date(2024, 1, 1))
    with pytest.raises(DomainError, match="2026-03 is not archived"):
        restore_month(actor=operator, month=MARCH)
    archive_month(actor=operator, month=MARCH)
    with pytest.raises(DomainError, match="archived already"):
        archive_month(actor=operator, month=MARCH)


def test_a_month_whose_entries_are_off_is_not_archived(world: World) -> None:
    fill(world)
    entry = UsageEntry.objects.filter(setup_month=MARCH)[0]
    execute("ALTER TABLE billing_usageentry DISABLE TRIGGER USER")
    execute(f"UPDATE billing_usageentry SET amount = amount - 1 WHERE id = {entry.id}")
    with pytest.raises(DomainError, match="its entries are"):
        archive_month(actor=world.actor("operator"), month=MARCH)
    assert Call.objects.filter(setup_at__lt="2026-04-01T00:00Z").count() == 6


def parsed(at: datetime, native_id: str) -> ParsedCall:
    start = to_microseconds(at)
    facts = dict.fromkeys(ParsedCall._fields)
    facts |= {"setup_us": start, "answered_us": start, "ended_us": start + 60_000_000}
    facts |= {"native_id": native_id, "leg": "", "duration_ms": 60_000, "line": 7}
    facts |= {"caller": "442079460000", "called": "442071234567", "auth_name": "alice"}
    return ParsedCall(**facts)  # type: ignore[arg-type]


def test_a_call_of_an_archived_month_is_rejected_and_never_charged_again(world: World) -> None:
    switch = Switch.objects.create(name="sw-9")
    operator, stood = world.actor("operator"), START
    march, april = parsed(stood, "a-1"), parsed(stood + timedelta(days=30), "a-2")
    assert store_calls(switch=switch, calls=[march]).new == 1
    PendingCall.objects.all().delete()
    ensure_months(["billing_charge"], [MARCH])
    archive_month(actor=operator, month=MARCH)
    report = store_calls(switch=switch, calls=[march, april, parsed(stood, "a-3")])
    assert (report.new, report.repeated, report.conflicting) == (1, 0, 0)
    assert [error.reason for error in report.rejected] == [ARCHIVED, ARCHIVED]
    assert "a-3" in report.rejected[1].raw
    assert PendingCall.objects.get().setup_at == stood + timedelta(days=30)
    with pytest.raises(DomainError, match="2026-03 are archived"):
        ensure_months(["calls_call"], [MARCH])
    restore_month(actor=operator, month=MARCH)
    report = store_calls(switch=switch, calls=[march, april, parsed(stood, "a-3")])
    assert (report.new, report.repeated) == (1, 2)


@pytest.mark.parametrize("is_archived", [True, False])
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE {} SET amount = amount + 1",
        "DELETE FROM {}",
        "TRUNCATE {}",
        "INSERT INTO {} SELECT * FROM {}",
    ],
)
def test_nothing_is_changed_in_the_archive_nor_after(
    world: World, change: str, is_archived: bool
) -> None:
    fill(world)
    table = "archive.billing_charge_2026_03"
    archive_month(actor=world.actor("operator"), month=MARCH)
    if not is_archived:
        table = "billing_charge_2026_03"
        restore_month(actor=world.actor("operator"), month=MARCH)
    with pytest.raises(DatabaseError), transaction.atomic():
        execute(change.format(table, table))


def test_rows_that_were_changed_in_the_archive_are_not_restored(world: World) -> None:
    fill(world)
    archive_month(actor=world.actor("operator"), month=MARCH)
    execute("ALTER TABLE archive.billing_charge_2026_03 DISABLE TRIGGER USER")
    execute("UPDATE archive.billing_charge_2026_03 SET amount = amount + 1 WHERE level = 2")
    with pytest.raises(DomainError, match="not the rows as archived"):
        restore_month(actor=world.actor("operator"), month=MARCH)


def test_retention_counts_full_months(world: World, settings: Any) -> None:
    fill(world)
    assert candidates(today=date(2030, 1, 1)) == []
    settings.CALL_RETENTION_MONTHS = 1
    for today, months in (("2026-04-30", []), ("2026-05-01", [3]), ("2026-06-01", [3, 4])):
        found = candidates(today=date.fromisoformat(today))
        assert [one.month.month for one in found if one.month >= MARCH] == months
    assert candidates(today=date(2026, 6, 1), keep=12) == []


def test_the_job_archives_month_by_month_and_logs_why_not(
    world: World, settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sent: list[str] = []
    monkeypatch.setattr("calls.tasks.enqueue", sent.append)
    fill(world)
    tasks.archive_months()
    assert not ArchivedMonth.objects.exists()
    settings.CALL_RETENTION_MONTHS = 2
    store_call(world.shop, "442071234567")
    tasks.archive_months()
    assert [str(month) for month in ArchivedMonth.objects.all()] == ["2026-04"]
    assert sent == ["calls.archive_months"]
    assert "2026-03 is not archived: 1 call waits to be charged" in caplog.text
    tasks.archive_months()
    assert sent == ["calls.archive_months"]


def test_the_command_shows_archives_and_restores(world: World, capsys: Any) -> None:
    fill(world)

    def told(*arguments: str) -> str:
        call_command("archive_calls", *arguments)
        return str(capsys.readouterr().out)

    assert told() == "No month is to be archived.\n"
    assert "2026-03: can be archived, with --apply\n" in told("--keep", "2")
    assert "2026-03: can be archived" in told("--month", "2026-03")
    assert not ArchivedMonth.objects.exists()
    store_call(world.shop, "442071234567", at=START + timedelta(days=30))
    lines = told("--keep", "2", "--apply")
    assert "2026-03: 6 calls, " in lines
    assert "2026-04: 1 call waits to be charged" in lines
    with pytest.raises(CommandError, match="2026-04: 1 call waits"):
        told("--month", "2026-04", "--apply")
    assert told("--restore", "2026-03").startswith("2026-03: 6 calls, ")
    with pytest.raises(CommandError, match="a month, as 2026-03"):
        told("--restore", "March")
    assert is_proven()


@pytest.mark.django_db(transaction=True)
def test_an_archive_gives_way_to_who_writes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archiving, "TRIES", 2)
    fill(world)
    operator = world.actor("operator")

    def archive() -> str:
        try:
            archive_month(actor=operator, month=MARCH)
        except DomainError as error:
            return error.code
        return "done"

    with transaction.atomic():
        execute("LOCK TABLE ONLY calls_call IN ROW EXCLUSIVE MODE")
        assert at_once(archive) == ["busy"]
    assert not ArchivedMonth.objects.exists()
    assert at_once(archive) == ["done"]
    archiving.restore_month(actor=operator, month=MARCH)


@pytest.mark.django_db(transaction=True)
def test_other_months_take_calls_while_one_is_counted(world: World) -> None:
    fill(world)
    switch = Switch.objects.create(name="sw-9")
    april = parsed(START + timedelta(days=31), "a-1")

    def deliver_and_charge() -> int:
        execute("SET lock_timeout = '3s'")
        assert store_calls(switch=switch, calls=[april]).new == 1
        return charge_pending().calls

    with transaction.atomic():
        archiving._lock_rows(MARCH)
        assert at_once(deliver_and_charge) == [1]


def test_no_re_rating_passes_over_archived_calls(world: World) -> None:
    """Neither a new one nor the undo of one that was applied before."""
    fill(world)
    actor = world.actor("sub_reseller")
    dear = tariff_with_rates(world.sub_reseller, "Dear", "USD", factor="9")
    window = {"since": START - timedelta(days=5), "till": START + timedelta(days=5)}
    job = preview(actor, **window, tariff=dear)
    job = apply(actor, job, posts_to_open=True)
    assert (job.state, job.calls_changed) == ("applied", 2)
    BillingPeriod.objects.update(closed_at=now())
    archive_month(actor=world.actor("operator"), month=MARCH)
    assert is_proven()
    with pytest.raises(DomainError, match="Calls of 2026-03 are archived"):
        preview(actor, **window)
    april = preview(actor, since=datetime(2026, 4, 1, tzinfo=UTC), till=window["till"] + 60 * DAY)
    assert april.state == "previewed"
    stood = balances()
    job = undo(actor, job, posts_to_open=True)
    assert (job.state, "archived" in job.failure) == ("failed", True)
    assert balances() == stood
    restore_month(actor=world.actor("operator"), month=MARCH)
    assert undo(actor, job, posts_to_open=True).state == "undone"
    assert is_proven()


def test_a_sheet_rolled_back_leaves_the_rates_of_archived_calls(world: World) -> None:
    fill(world)
    used = Charge.objects.filter(setup_at__lt=START + DAY, rate__tariff__name="Street")
    rate = Rate.objects.get(pk=used.values("rate_id")[:1])
    later = Rate.objects.create(tariff=rate.tariff, prefix="999", price_1=1, price_n=1)
    Rate.objects.filter(pk=later.pk).update(valid_from=START + 60 * DAY)
    sheet = RateImport.objects.create(tariff=rate.tariff, file="x.csv", state="undoing")
    for one in (rate, later):
        sheet.effects.create(rate_id=one.pk, kind="opened", till_after=one.valid_till)
    for month in (MARCH, date(2026, 4, 1)):
        archive_month(actor=world.actor("operator"), month=month)
    assert roll_back_import(sheet.pk)
    assert Rate.objects.filter(pk=rate.pk, valid_till__lte=now()).exists()
    assert not Rate.objects.filter(pk=later.pk).exists()
    for month in (MARCH, date(2026, 4, 1)):
        restore_month(actor=world.actor("operator"), month=month)
    assert is_proven()
