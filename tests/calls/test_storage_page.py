"""The Storage page: months, estimates, sizes, and what is archived."""

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from calls.choices import MonthState
from calls.selectors.storage import stored_months
from calls.services.archiving import archive_month
from calls.services.months import prepare_months
from tests.calls.test_archiving import fill
from tests.world import World

MARCH = date(2026, 3, 1)


def test_months_are_told_by_where_they_stand(world: World) -> None:
    fill(world)
    prepare_months()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    before = {one.month: one for one in stored_months()}
    assert before[MARCH].state == MonthState.STORED
    assert before[MARCH].rows["calls"] == 6
    assert before[MARCH].size > 6 * 100
    assert max(before.values(), key=lambda one: one.month).state == MonthState.READY
    archived = archive_month(actor=world.actor("operator"), month=MARCH)
    march = next(one for one in stored_months() if one.month == MARCH)
    assert march.state == MonthState.ARCHIVED
    assert march.rows == before[MARCH].rows | {"charges": archived.charges}
    assert march.size >= before[MARCH].size
    assert march.archived_by == world.user("operator").name


@pytest.mark.parametrize(("months", "told"), [(0, "kept for ever"), (24, "after 24 months")])
def test_root_reads_it_and_exports_it(world: World, settings: Any, months: int, told: str) -> None:
    settings.CALL_RETENTION_MONTHS = months
    fill(world)
    archive_month(actor=world.actor("operator"), month=MARCH)
    client = Client()
    client.force_login(world.user("operator"))
    page = client.get(reverse("calls:storage")).content.decode()
    assert told in page
    assert page.index("2026-04") < page.index("2026-03")
    assert "Archived" in page
    sheet = client.get(reverse("calls:storage"), {"export": "csv"})
    lines = b"".join(sheet).decode().splitlines()
    assert any(line.startswith("2026-03,6,") and "Archived" in line for line in lines), lines
    client.force_login(world.user("reseller"))
    assert client.get(reverse("calls:storage")).status_code == 403
