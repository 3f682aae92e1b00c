"""A Maintenance form sent several times at once posts once, and says so once."""

from decimal import Decimal
from functools import partial

import pytest

from billing.services import verify
from billing.services.maintenance import maintain
from customers.models import AuditEvent
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
