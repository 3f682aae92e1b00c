"""Dunning from several workers at once, and beside a payment: each step once."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import transaction
from django.utils.timezone import now

from billing.models import Balance, DunningStep, Invoice, Suspension
from billing.services.dunning import run_dunning
from billing.services.suspensions import lift_if_paid
from notifications.models import Message
from tests.billing.dunned import invoice, pay, postpaid, ready
from tests.concurrency.threads import at_once
from tests.world import build_world

DAY = timedelta(days=1)


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_make_each_step_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("billing.services.dunning.BATCH", 3)
    world, moment = build_world(), now()
    ready(world)
    balances = [postpaid(world, f"C{number}") for number in range(10)]
    for balance in balances:
        balance.customer.billing_email = "pay@c.example"
        balance.customer.save(update_fields=["billing_email"])
        for days in (10, 30):
            invoice(balance, due=moment.date() - days * DAY)
    done = at_once(*[partial(run_dunning, moment=moment)] * 4)
    assert sum(done) == DunningStep.objects.count() == 10 * (2 * 2 + 1)
    assert Suspension.objects.stopping().count() == len(balances)
    assert Message.objects.count() == 10 * 3
    assert run_dunning(moment=moment) == 0


def pay_all(balance: Balance) -> None:
    """What a payment does: it settles under the lock of the balance, then lifts."""
    with transaction.atomic():
        Balance.objects.select_for_update(no_key=True).get(pk=balance.pk)
        pay(*Invoice.objects.filter(balance=balance))
        lift_if_paid(balance=balance)


@pytest.mark.django_db(transaction=True)
def test_a_payment_beside_dunning_leaves_nobody_suspended() -> None:
    world, moment = build_world(), now()
    ready(world)
    balances = [postpaid(world, f"C{number}") for number in range(4)]
    for balance in balances:
        invoice(balance, due=moment.date() - 30 * DAY)
    runs = [partial(run_dunning, moment=moment)] * 2
    at_once(*runs, *[partial(pay_all, balance) for balance in balances])
    run_dunning(moment=moment)
    assert Suspension.objects.standing().count() == 0
    steps = DunningStep.objects.filter(kind__in=("suspended", "lifted"))
    told = {row.pk: sorted(steps.filter(balance=row).values_list("kind", flat=True))
            for row in balances}  # fmt: skip
    assert all(kinds in ([], ["lifted", "suspended"]) for kinds in told.values()), told
