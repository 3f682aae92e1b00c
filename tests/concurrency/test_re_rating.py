"""Re-rating under fire: a worker killed in the middle, workers at once, calls charged meanwhile."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from django.db import connection, transaction

from billing.models import Balance, Charge
from calls.choices import ReRatingState
from calls.models import ReRating
from calls.services.charging import charge_pending
from calls.services.re_rating import previewing
from calls.services.re_rating.deciding import request_apply, request_undo
from calls.services.re_rating.running import run_re_rating
from softswitch.core.embedded.process import spawn
from tariffs.models import Rate, Tariff
from tests.calls.re_rated import assert_sound, figures, preview
from tests.calls.stored import START, store_call
from tests.concurrency.test_charging import _OTHERS, _WAITING, count_of, wait_until
from tests.concurrency.threads import at_once
from tests.world import World, build_world

WORK = """
import sys
import django
django.setup()
from calls.services.re_rating.running import run_re_rating
run_re_rating(re_rating_id=int(sys.argv[1]))
"""


@pytest.fixture
def stored_world(transactional_db: None) -> World:
    """The test world, committed, so that other connections and processes see it."""
    return build_world()


@pytest.fixture
def job(stored_world: World, monkeypatch: pytest.MonkeyPatch) -> ReRating:
    """Four batches of ten calls of the shop and then of the sub-customer.

    What the reseller is paid for them is to double.
    """
    monkeypatch.setattr(previewing.preview_batch, "__defaults__", (10,))
    for place, customer in enumerate((stored_world.shop, stored_world.sub_customer)):
        for n in range(20):
            moment = START + timedelta(days=place, hours=n)
            store_call(customer, f"4420{n:08}", 10 * n + 0.5, at=moment)
    charge_pending()
    for rate in Rate.objects.filter(prefix="4420", tariff__name="Retail"):
        rate.price_1, rate.price_n = 2 * rate.price_1, 2 * rate.price_n
        rate.save()
    Tariff.objects.update(rates_revision=999)
    job = preview(stored_world.actor("reseller"))
    assert (job.batches.count(), job.calls_changed) == (4, 40)
    return job


def worker(job: ReRating, tmp_path: Path) -> "subprocess.Popen[bytes]":
    """A process that goes on with the re-rating."""
    server, _slash, _database = os.environ["DATABASE_URL"].rpartition("/")
    with (tmp_path / "worker.log").open("wb") as log:
        return spawn(
            [sys.executable, "-c", WORK, str(job.pk)],
            death_signal=signal.SIGTERM,
            env=os.environ
            | {
                "DATABASE_URL": f"{server}/{connection.settings_dict['NAME']}",
                "DJANGO_SETTINGS_MODULE": "softswitch.settings.test",
            },
            output=log,
        )


def doubled(before: dict[tuple[int, int], Decimal]) -> None:
    """Every price of Retail is twice what it was; nothing else has changed."""
    sold = {"Retail": 2, "Street": 1, "Wholesale": 1}
    newest = {(c.call_id, c.level): c for c in Charge.objects.order_by("revision")}
    for key, charge in newest.items():
        assert charge.tariff_version is not None
        factor = sold[charge.tariff_version.tariff.name]
        assert charge.cost == factor * before[key]
        assert charge.revision == (2 if factor == 2 else 0)
    assert_sound()


def costs() -> dict[tuple[int, int], Decimal]:
    return {key: facts[2] for key, facts in figures().items()}


def test_a_worker_killed_in_the_middle_is_made_good(
    stored_world: World, job: ReRating, tmp_path: Path
) -> None:
    before, charges = costs(), Charge.objects.count()
    request_apply(actor=stored_world.actor("reseller"), job=job)
    with transaction.atomic():
        # The worker comes to this lock last: two batches are committed, all of the third is done.
        Balance.objects.select_for_update(no_key=True).get(
            pk=stored_world.balance("sub_customer").pk
        )
        process = worker(job, tmp_path)
        wait_until(lambda: count_of(_WAITING) == 1)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    wait_until(lambda: count_of(_OTHERS) == 0)
    job.refresh_from_db()
    assert (job.state, job.batches_applied) == (ReRatingState.APPLYING, 2)
    assert Charge.objects.count() == charges + 2 * 20  # what the sub-reseller pays
    assert_sound()
    run_re_rating(re_rating_id=job.pk)
    job.refresh_from_db()
    assert job.state == ReRatingState.APPLIED
    doubled(before)


def test_workers_at_once_post_once(stored_world: World, job: ReRating, tmp_path: Path) -> None:
    before, stood = costs(), figures()
    actor = stored_world.actor("reseller")
    request_apply(actor=actor, job=job)
    process = worker(job, tmp_path)
    at_once(*[partial(run_re_rating, re_rating_id=job.pk)] * 3)
    assert process.wait(timeout=60) == 0
    doubled(before)
    request_undo(actor=actor, job=job)
    process = worker(job, tmp_path)
    at_once(*[partial(run_re_rating, re_rating_id=job.pk)] * 3)
    assert process.wait(timeout=60) == 0
    assert figures() == stood
    assert_sound()


def test_a_double_click_asks_once(stored_world: World, job: ReRating) -> None:
    before = costs()
    actor = stored_world.actor("reseller")
    at_once(*[partial(request_apply, actor=actor, job=job)] * 3)
    run_re_rating(re_rating_id=job.pk)
    doubled(before)


def test_two_of_the_same_calls_do_not_both_post(stored_world: World, job: ReRating) -> None:
    """The second finds other charges than its preview showed, and stops."""
    before = costs()
    other = preview(stored_world.actor("reseller"))
    assert other.calls_changed == 40
    for one in (job, other):
        request_apply(actor=stored_world.actor("reseller"), job=one)
    at_once(*[partial(run_re_rating, re_rating_id=one.pk) for one in (job, other)])
    states = {one.state for one in ReRating.objects.filter(batches_applied=4)}
    assert states in ({ReRatingState.APPLIED}, set())  # or they met in the middle, and both stopped
    assert ReRating.objects.filter(state=ReRatingState.FAILED).exists()
    assert {
        charge.cost / before[charge.call_id, charge.level]
        for charge in Charge.objects.filter(revision=2)
    } <= {2}
    assert_sound()


def test_calls_are_charged_meanwhile(stored_world: World, job: ReRating) -> None:
    request_apply(actor=stored_world.actor("reseller"), job=job)
    for n in range(30):
        store_call(stored_world.shop, f"447{n:08}", 30, at=START + timedelta(days=5, hours=n))
    at_once(partial(run_re_rating, re_rating_id=job.pk), *[partial(charge_pending, limit=4)] * 2)
    job.refresh_from_db()
    assert job.state == ReRatingState.APPLIED
    charge_pending()
    assert_sound()
