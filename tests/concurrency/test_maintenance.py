"""A Maintenance form sent several times at once posts once, and says so once."""

from decimal import Decimal
from functools import partial

import pytest

from billing.models import Balance, LedgerEntry
from billing.services import verify
from billing.services.archive import archive_customer
from billing.services.maintenance import maintain
from billing.services.settlement import settle_balance
from calls.services.charging import charge_pending
from customers.models import AuditEvent
from tests.calls.stored import store_call
from tests.concurrency.threads import at_once
from tests.world import build_world


@pytest.mark.django_db(transaction=True)
def test_one_form_sent_at_once_posts_and_is_audited_once() -> None:
    world = build_world()
    balance = world.balance("sub_reseller")
    send = partial(
        maintain,
        actor=world.actor("reseller"),
        balance=balance,
        action="credit",
        amount=Decimal(5),
        currency="GBP",
        key="pressed-twice",
    )
    entries = at_once(*[send] * 4)
    assert len({entry.pk for entry in entries}) == 1
    balance.refresh_from_db()
    assert (balance.amount, balance.last_sequence) == (Decimal(5), 1)
    assert AuditEvent.objects.filter(action="maintenance_credit").count() == 1
    assert [*verify.differences()] == []


@pytest.mark.django_db(transaction=True)
def test_a_settlement_sent_at_once_while_late_calls_come_in_is_one_entry() -> None:
    world = build_world()
    actor = world.actor("sub_reseller")
    store_call(world.shop, "442071234567", account=world.account)
    archive_customer(actor=actor, customer=world.shop, surplus="pay_out", reason="Closed")
    assert charge_pending().charged == 1
    store_call(world.shop, "442071234567", account=world.account)
    balance = world.balance("shop")
    send = partial(
        settle_balance, actor=actor, balance=balance, kind="write_off", reason="x", key="twice"
    )
    entries = at_once(send, send, send, charge_pending)[:3]
    assert len({entry.pk for entry in entries}) == 1
    assert LedgerEntry.objects.filter(source="settlement").count() == 1
    assert AuditEvent.objects.filter(action="balance_settled").count() == 1
    left = Balance.objects.get(pk=balance.pk).amount
    assert left in (0, balance.amount)  # the second call came before the settlement, or after it
    assert [*verify.differences()] == []
