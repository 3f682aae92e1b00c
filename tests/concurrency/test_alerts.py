"""Alerts from several workers at once, and beside a move: each told once, no trunk left off."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from accounts.models import Trunk
from accounts.services.trunks import create_trunk
from billing.models import AlertState, Balance
from billing.services.alerts import run_alerts
from customers.models import AuditEvent, Customer
from notifications.models import Message, Notice
from tests.billing.alerted import LOW, fund, rule
from tests.billing.dunned import postpaid
from tests.concurrency.threads import at_once
from tests.world import World, actor_of, build_world

NIGHT = datetime(2026, 3, 10, 3, tzinfo=UTC)
NINE = datetime(2026, 3, 10, 9, tzinfo=UTC)


def low_ones(world: World, count: int) -> list[Balance]:
    """Balances that are low and used up, whose trunks are to be disabled at once."""
    balances = [postpaid(world, f"C{number}") for number in range(count)]
    for balance in balances:
        customer = Customer.objects.get(pk=balance.customer_id)
        rule(customer, **LOW, disable_trunks_after_days=0, zero_balance_notice=True)
        Customer.objects.filter(pk=customer.pk).update(billing_email="pay@c.example")
        create_trunk(actor=actor_of(customer), customer=customer, name="One", hosts=[])
        fund(balance, -1)
    return balances


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_tell_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("billing.services.alerts.BATCH", 3)
    balances = low_ones(build_world(), 10)
    at_once(*[partial(run_alerts, moment=NIGHT)] * 4)
    # What another worker has is left to it, so that the next look may still find some.
    run_alerts(moment=NIGHT)
    at_once(*[partial(run_alerts, moment=NINE)] * 4)
    run_alerts(moment=NINE)
    for event in ("zero_balance", "trunks_disabled", "low_balance"):
        assert Message.objects.filter(event=event).count() == len(balances), event
    assert AuditEvent.objects.filter(action="trunk_edited").count() == len(balances)
    assert run_alerts(moment=NINE + timedelta(hours=1)) == 0


@pytest.mark.django_db(transaction=True)
def test_recovery_beside_a_run_enables_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("billing.services.alerts.BATCH", 2)
    balances = low_ones(build_world(), 6)
    run_alerts(moment=NIGHT)
    assert not Trunk.objects.filter(status="active").exists()
    later = NIGHT + timedelta(hours=1)
    paid = [partial(fund, balance, 500) for balance in balances]
    at_once(*paid, *[partial(run_alerts, moment=later)] * 2)
    run_alerts(moment=later)
    assert Trunk.objects.filter(status="active").count() == len(balances)
    enabled = Notice.objects.filter(event="trunks_enabled")
    assert enabled.values("recipient").distinct().count() == len(balances) + 1  # and their owner
    assert AlertState.objects.filter(low_since=None, trunks_disabled_at=None).count() == 6
