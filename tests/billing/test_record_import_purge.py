"""Rows of imports are kept for a week at most."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from billing.services.records.leases import purge_rows
from customers.models import RecordImport
from tests.billing.records import checked
from tests.world import World

pytestmark = pytest.mark.django_db
ROWS = [{"name": "Ada Ltd", "kind": "business", "tariff": "Retail"}]


def test_rows_older_than_a_week_are_emptied_and_cannot_be_applied(world: World) -> None:
    actor = world.actor("reseller")
    old, fresh = checked(actor, "customer", ROWS), checked(actor, "customer", ROWS)
    RecordImport.objects.filter(pk=old.pk).update(created_at=now() - timedelta(days=8))
    assert purge_rows() == 1
    assert purge_rows() == 0
    old.refresh_from_db()
    fresh.refresh_from_db()
    assert (old.rows, old.state) == ([], "failed")
    assert "upload it again" in old.reason
    assert fresh.rows
    assert fresh.state == "checked"
