"""The demo: loaded once for all of these tests, by the same services as everything else."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.db import transaction
from django.db.models import Count, F, Sum
from pytest_django import DjangoDbBlocker

from billing.models import Balance, Charge, LedgerEntry
from billing.services.verify import differences
from calls.choices import ReportKind
from calls.models import Call, CallConflict, CdrImport, DailyReport, PendingCall, UnratedCall
from calls.services.demo.build import load_demo
from calls.services.demo.logins import KINDS, demo_logins
from calls.services.demo.sources import SWITCHES
from calls.services.demo.tree import all_firms
from customers.models import Customer
from notifications.models import Message
from tariffs.models import Rate, RateImport, Tariff

pytestmark = pytest.mark.django_db

ANCHOR = datetime(2026, 3, 10, 12, tzinfo=UTC)
SEED, CALLS = 7, 1500


@dataclass(frozen=True)
class Sums:
    """What must be the same whenever the demo is loaded with one seed, anchor and size."""

    charged_by_level: dict[int, Decimal]
    posted_by_kind: dict[str, Decimal]
    balances_by_currency: dict[str, Decimal]


# Of SEED, ANCHOR and CALLS, whatever the process or machine. A wanted change of the demo, or of
# what phonenumbers knows, changes them; anything else that does is a fault.
EXPECTED = Sums(
    charged_by_level={
        0: Decimal("9.918000"),
        1: Decimal("404.005399"),
        2: Decimal("77.353751"),
        3: Decimal("15.177350"),
        4: Decimal("1.173930"),
    },
    posted_by_kind={
        "opening": Decimal("-84860.875000"),
        "add_funds": Decimal("6587.048904"),
        "pay_out": Decimal("-20.000000"),
        "credit": Decimal("313.930000"),
        "debit": Decimal("-201.490000"),
        "tax": Decimal("-7.420000"),
        "rounding": Decimal("-0.070455"),
    },
    balances_by_currency={
        "USD": Decimal("5447.371180"),
        "EUR": Decimal("-35283.778516"),
        "GBP": Decimal("-766.930669"),
        "BHD": Decimal("-1518.921712"),
        "NOK": Decimal("-46574.245264"),
    },
)


def sums() -> Sums:
    charges = Charge.objects.values_list("level").annotate(Sum("amount"))
    entries = LedgerEntry.objects.values_list("kind").annotate(Sum("amount"))
    balances = Balance.objects.values_list("currency").annotate(Sum("amount"))
    return Sums(dict(charges), dict(entries), dict(balances))


@pytest.fixture(scope="module")
def said(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[list[str]]:
    """Load the demo, and take it back after the last test of this file."""
    lines: list[str] = []
    with django_db_blocker.unblock(), transaction.atomic():
        assert load_demo(anchor=ANCHOR, seed=SEED, calls=CALLS, say=lines.append)
        yield lines
        transaction.set_rollback(True)


def test_the_same_seed_and_anchor_give_the_same_sums(said: list[str]) -> None:
    assert sums() == EXPECTED


def test_the_ledger_is_clean(said: list[str]) -> None:
    assert list(differences()) == []
    assert not PendingCall.objects.exists()
    assert not CallConflict.objects.exists()


def test_the_tree_has_four_levels_of_all_kinds(said: list[str]) -> None:
    assert Customer.objects.count() == len(all_firms())
    owners = dict(Customer.objects.values_list("pk", "owner_id"))

    def depth(pk: int) -> int:
        owner = owners[pk]
        return 0 if owner is None else 1 + depth(owner)

    assert max(map(depth, owners)) >= 4
    assert {kind for (kind,) in Customer.objects.values_list("kind")} >= {
        "root", "reseller", "business", "residential", "termination", "virtual",
    }  # fmt: skip
    assert Counter(Customer.objects.values_list("status", flat=True)).keys() == {
        "active", "inactive", "closed",
    }  # fmt: skip
    languages = set(Customer.objects.values_list("language", flat=True))
    assert languages == {"en", "es", "ar"}
    assert set(Balance.objects.values_list("currency", flat=True)) == {
        "USD", "EUR", "GBP", "BHD", "NOK",
    }  # fmt: skip


def test_balances_are_of_every_sort(said: list[str]) -> None:
    assert Balance.objects.filter(amount=0).exists()
    assert Balance.objects.filter(amount__gt=0, mode="prepaid").exists()
    assert Balance.objects.filter(amount__lt=0, amount__gt=-F("credit_limit")).exists()
    dunmore = Balance.objects.get(customer__name="Dunmore Contact Centres")
    assert dunmore.amount + dunmore.credit_limit <= 0
    assert Balance.objects.filter(account__isnull=False).exists()
    kinds = set(LedgerEntry.objects.values_list("kind", flat=True))
    assert kinds == {
        "opening", "debit", "credit", "add_funds", "pay_out", "tax", "rounding",
    }  # fmt: skip
    # What issuing posts is of now, in the periods that are closed; so is what a provider tells.
    of_now = LedgerEntry.objects.filter(posted_at__gt=ANCHOR, invoice=None)
    assert set(of_now.values_list("source", flat=True)) == {"online"}


def test_every_rate_came_from_a_sheet(said: list[str]) -> None:
    applied = RateImport.objects.filter(state="applied").count()
    assert applied == RateImport.objects.count() == Tariff.objects.count()
    sizes = dict(Rate.objects.values_list("tariff__name").annotate(Count("pk")))
    assert sizes["Halyard Wholesale A–Z USD"] > 5000
    assert min(sizes.values()) < 50


def test_every_format_brought_calls(said: list[str]) -> None:
    brought = dict(
        CdrImport.objects.values_list("format").annotate(Sum("calls_new")).order_by("format")
    )
    assert brought.keys() == {switch.format for switch in SWITCHES}
    assert min(brought.values()) > CALLS // 20
    assert sum(brought.values()) == Call.objects.count() == CALLS
    assert set(CdrImport.objects.values_list("state", flat=True)) == {"done"}
    repeated = CdrImport.objects.aggregate(n=Sum("calls_repeated"))["n"]
    rejected = CdrImport.objects.aggregate(n=Sum("lines_rejected"))["n"]
    assert repeated > 0
    assert rejected > 0


def test_calls_are_spread_and_fail_as_calls_do(said: list[str]) -> None:
    calls = Call.objects.values_list(
        "setup_at", "ended_at", "answered_at", "duration_ms", "hangup_cause", "caller_number"
    )
    rows = list(calls)
    assert min(setup for setup, *_ in rows) >= ANCHOR - timedelta(days=60, seconds=1)
    assert max(ended for _, ended, *_ in rows) <= ANCHOR
    assert len({setup.date() for setup, *_ in rows}) > 55
    answered = [duration for *_, answered_at, duration, _, _ in rows if answered_at]
    assert 0.5 < len(answered) / len(rows) < 0.62
    assert 150_000 < sum(answered) / len(answered) < 230_000
    assert sum(duration <= 6_000 for duration in answered) > len(answered) // 20
    assert {16, 17, 19} < {cause for *_, cause, _ in rows}
    assert "anonymous" in {caller for *_, caller in rows}
    office = sum(9 <= setup.hour < 17 for setup, *_ in rows)
    assert office > len(rows) // 2


def test_a_few_calls_cannot_be_rated(said: list[str]) -> None:
    reasons = Counter(UnratedCall.objects.values_list("reason", flat=True))
    assert reasons == {"forbidden": 6, "no_rate": 7, "unknown": 5}
    lacking = UnratedCall.objects.filter(reason="no_rate")
    levels = lacking.values_list("level_customer__owner__name", flat=True).distinct()
    assert list(levels) == ["Orchard Telecom"]


def test_somebody_was_warned_and_reported_to(said: list[str]) -> None:
    told = Counter(Message.objects.values_list("event", flat=True))
    assert told["low_balance"] > 3
    assert told["zero_balance"] > 1
    assert told["credit_limit"] > 0
    days = set(DailyReport.objects.values_list("day", flat=True))
    assert days == {ANCHOR.date() - timedelta(days=n) for n in (1, 2, 3)}
    assert set(DailyReport.objects.values_list("state", flat=True)) == {"sent"}
    assert set(DailyReport.objects.values_list("kind", flat=True)) == set(ReportKind.values)


def test_every_kind_of_user_can_log_in(said: list[str]) -> None:
    logins = demo_logins()
    assert [one.login for one in logins] == list(KINDS)
    printed = StringIO()
    call_command("demo_logins", stdout=printed)
    assert len(printed.getvalue().splitlines()) == len(KINDS) + 1
    for one in logins:
        assert authenticate(username=one.login, password=one.password) is not None


def test_a_loaded_demo_is_left_alone(said: list[str]) -> None:
    before = sums()
    lines: list[str] = []
    assert not load_demo(anchor=ANCHOR, seed=SEED + 1, calls=CALLS, say=lines.append)
    assert lines == [
        f"Demo data: seed {SEED}, anchor {ANCHOR.isoformat()}, {CALLS} calls: loaded already."
    ]
    assert sums() == before
