"""The jobs around charging: go on until nothing waits, and shout when the ledger is off."""

import pytest

from billing.models import Balance
from billing.tasks import verify_ledger
from calls import tasks
from calls.models import PendingCall
from tests.calls.stored import store_call
from tests.world import World


def test_the_job_goes_on_in_another_until_nothing_waits(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr("calls.tasks.enqueue", sent.append)
    monkeypatch.setattr("calls.tasks.BATCHES_AT_ONCE", 1)
    store_call(world.shop, "442071234567")
    tasks.charge_pending()
    assert sent == ["calls.charge_pending"]
    assert not PendingCall.objects.exists()
    tasks.charge_pending()
    assert sent == ["calls.charge_pending"]


def test_the_nightly_proof_logs_every_difference(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    verify_ledger()
    assert caplog.text == ""
    Balance.objects.filter(customer=world.shop).update(amount=1)
    verify_ledger()
    balance = world.balance("shop")
    assert f"ledger: balance {balance.pk}: stands at 1.000000" in caplog.text
