"""``manage.py load_test_data``: what it leaves is what charging makes of real calls."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count, Max, Min, Q
from django.utils.timezone import now

from billing.models import Balance, Charge
from billing.services import verify
from billing.services.first_run import set_up
from calls.models import (
    Call,
    Destination,
    PendingCall,
    Switch,
    Traffic,
    TrafficDelta,
    UnratedCall,
)
from calls.services import verify as verify_calls
from calls.services.test_data import build, prefixes, traffic
from calls.services.test_data.prefixes import countries, make_prefixes
from calls.services.test_data.world import Callers
from customers.models import Customer
from tests.world import World


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tariffs of 500 prefixes, batches of 300 calls, and no VACUUM, which needs no transaction."""
    monkeypatch.setattr(prefixes, "PREFIXES", 500)
    monkeypatch.setattr(traffic, "BATCH", 300)
    monkeypatch.setattr(build, "BATCH", 300)
    monkeypatch.setattr(build, "_vacuum", lambda: None)


def load(capsys: Any, **options: int | bool) -> str:
    call_command("load_test_data", **{"calls": 1000, "customers": 7, **options})
    return str(capsys.readouterr().out)


def is_proven() -> bool:
    return [*verify.differences(), *verify_calls.differences()] == []


@pytest.mark.django_db
def test_all_calls_are_charged_at_every_level_and_the_ledger_is_proven(
    small: None, capsys: Any
) -> None:
    set_up(name="Root", login="operator", password="correct horse battery")
    told = load(capsys)
    assert "7 customers at level 4" in told
    assert "600 of 1,000 calls" in told
    assert "1,000 calls charged" in told
    assert Call.objects.count() == 1000
    assert Charge.objects.count() == 4000
    assert not PendingCall.objects.exists()
    assert not UnratedCall.objects.exists()
    assert not TrafficDelta.objects.exists()
    assert Traffic.objects.exists()
    assert is_proven()
    span = Call.objects.aggregate(first=Min("setup_at"), last=Max("setup_at"), end=Max("ended_at"))
    assert timedelta(days=30) < span["last"] - span["first"] < timedelta(days=31)
    assert span["end"] < now()
    assert {b.currency_id for b in Balance.objects.all()} == {"USD", "EUR"}
    assert not Balance.objects.filter(amount__gte=0).exists()


@pytest.mark.django_db
def test_the_mix_looks_like_traffic(small: None, capsys: Any) -> None:
    set_up(name="Root", login="operator", password="correct horse battery")
    load(capsys, calls=2000)
    counts = Call.objects.aggregate(
        failed=Count("id", filter=Q(duration_ms=0)),
        busy=Count("id", filter=Q(sip_code=486)),
        at_night=Count("id", filter=Q(setup_at__hour__lt=5)),
        at_noon=Count("id", filter=Q(setup_at__hour__range=(9, 13))),
        longest=Max("duration_ms"),
    )
    assert 50 < counts["failed"] < 160
    assert 10 < counts["busy"] < counts["failed"]
    assert counts["at_noon"] > 10 * counts["at_night"]
    assert counts["longest"] > 8 * 60_000
    assert Destination.objects.count() > 100
    by_customer = Call.objects.values("customer").annotate(n=Count("id")).order_by("-n")
    assert by_customer[0]["n"] > 3 * by_customer[6]["n"]


@pytest.mark.django_db
def test_a_second_run_adds_calls_and_customers_and_finishes_the_first(
    small: None, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(name="Root", login="operator", password="correct horse battery")
    with monkeypatch.context() as patch:
        patch.setattr(build, "fold_traffic", lambda: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            load(capsys)
    stored = Call.objects.count()
    assert stored == 300
    told = load(capsys, calls=200, customers=9)
    assert "9 customers" in told
    assert Call.objects.count() == stored + 200
    assert Charge.objects.count() == 4 * (stored + 200)
    assert Customer.objects.filter(is_root=False).count() == 3 + 9
    assert is_proven()
    with pytest.raises(CommandError, match="There are 4 levels"):
        load(capsys, levels=3)
    with pytest.raises(CommandError, match="were opened on"):
        load(capsys, months=3)


@pytest.mark.django_db
def test_it_refuses_to_run_among_real_customers(world: World, small: None, capsys: Any) -> None:
    with pytest.raises(CommandError, match="no test data"):
        load(capsys)
    assert not Call.objects.exists()
    load(capsys, beside_others=True, levels=1, customers=2)
    assert Charge.objects.count() == 1000
    assert is_proven()


@pytest.mark.django_db
@pytest.mark.parametrize("wrong", [{"calls": 0}, {"customers": 0}, {"months": 0}, {"levels": 13}])
def test_it_refuses_what_makes_no_system(capsys: Any, wrong: dict[str, int]) -> None:
    set_up(name="Root", login="operator", password="correct horse battery")
    with pytest.raises(CommandError, match=r"There (is|are)"):
        load(capsys, **wrong)


@pytest.mark.django_db
def test_it_needs_a_root(capsys: Any) -> None:
    with pytest.raises(CommandError, match="create_root"):
        load(capsys)


def test_prefixes_are_those_of_countries_and_the_same_each_time() -> None:
    rows = make_prefixes()
    assert rows == make_prefixes()
    assert len({row.prefix for row in rows}) == prefixes.PREFIXES
    codes = dict(countries())
    assert codes["49"] == "DE"
    german = [row for row in rows if row.country == "DE"]
    assert len(german) > 250
    assert {row.destination for row in german} == {"Germany fixed", "Germany mobile"}
    assert all(row.prefix.startswith("49") for row in german)
    assert {row.destination for row in make_prefixes(is_named=False)} == {""}


@pytest.mark.parametrize("hour", range(24))
def test_a_day_that_is_not_over_has_no_calls_of_its_rest(db: None, hour: int) -> None:
    """Whatever the time: calls in the future would wait to be charged."""
    since = datetime(2026, 3, 1, tzinfo=UTC)
    until = since + timedelta(days=2, hours=hour, minutes=20)
    made = traffic.Traffic(calls=400, since=since, until=until, prefixes=[""])
    callers = Callers([1], [1])
    traffic.ensure_call_months(made)
    switch = Switch.objects.create(name="sw")
    assert traffic.store_batch(made, callers, switch=switch, run="a", first=0) == 400
    last = Call.objects.latest("setup_at").setup_at
    assert until - timedelta(hours=3) < last <= until
    assert list(Call.objects.order_by("id")) == list(Call.objects.order_by("setup_at"))
