"""Imports of records under fire: killed workers, two at once, a name taken at the same moment."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils.timezone import now

from billing.services.customers import Terms, open_customer
from billing.services.records import leases
from billing.services.records.applying import apply_import
from billing.services.records.checking import check_import
from billing.services.records.letters import mail_links
from billing.services.records.uploads import request_apply
from billing.services.verify import differences
from customers.models import AuditEvent, Customer, RecordImport
from customers.services.tree import broken_nodes
from notifications.models import Message
from tariffs.models import Tariff
from tests.billing.records import checked, csv_file, uploaded
from tests.concurrency.threads import at_once
from tests.world import World, build_world

ROWS = 1_500
# Runs one job, and stops for ever at the named call, the {nth} time.
STOPPING = """
import sys, time, django
django.setup()
from importlib import import_module
job, where, name, nth = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
module = import_module(where)
whole = getattr(module, name)
calls = []
def stop(*args, **kwargs):
    calls.append(1)
    if len(calls) == nth:
        print("stopped", flush=True)
        time.sleep(600)
    return whole(*args, **kwargs)
setattr(module, name, stop)
package, task = sys.argv[5].rsplit(".", 1)
getattr(import_module(package), task)(int(job))
"""


@pytest.fixture
def stored_world(transactional_db: None) -> World:
    """The test world, committed, so that other connections and processes see it."""
    return build_world()


def rows(count: int, **more: Any) -> list[dict[str, Any]]:
    first = {"kind": "business", "tariff": "Retail", "opening_balance": "5"} | more
    return [{"name": f"Row {number}", **first} for number in range(count)]


def kill_in(job: RecordImport, task: str, *, where: str, name: str, nth: int = 1) -> None:
    """Run ``task`` in a process of its own and kill it where it calls ``where.name``."""
    server, _slash, _database = os.environ["DATABASE_URL"].rpartition("/")
    environment = os.environ | {
        "DATABASE_URL": f"{server}/{connection.settings_dict['NAME']}",
        "DJANGO_SETTINGS_MODULE": "softswitch.settings.base",
        "HTTPS": "false",
    }
    arguments = [str(job.pk), where, name, str(nth), f"billing.services.records.{task}"]
    worker = subprocess.Popen(
        [sys.executable, "-c", STOPPING, *arguments], env=environment, stdout=subprocess.PIPE
    )
    assert worker.stdout is not None
    assert worker.stdout.readline() == b"stopped\n"
    worker.kill()
    worker.wait()
    worker.stdout.close()


def sweep(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the sweep sends, once the leases are over."""
    sent: list[str] = []
    monkeypatch.setattr(leases, "enqueue", lambda name, import_id: sent.append(name))
    RecordImport.objects.update(leased_till=now())
    leases.resume_stale()
    return sent


def test_a_check_killed_in_the_middle_starts_again(
    stored_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = uploaded(stored_world.actor("reseller"), "customer", csv_file(rows(ROWS)))
    where = "billing.services.records.checking"
    kill_in(job, "checking.check_import", where=where, name="renew", nth=3)
    job.refresh_from_db()
    assert (job.state, job.done) == ("checking", 1_000)
    check_import(job.pk)  # the dead worker's lease still runs
    job.refresh_from_db()
    assert (job.state, job.done) == ("checking", 1_000)
    assert sweep(monkeypatch) == ["billing.check_record_import"]
    check_import(job.pk)
    job.refresh_from_db()
    assert (job.state, job.done, job.wrong) == ("checked", ROWS, 0)


def test_a_worker_killed_while_it_applies_leaves_nothing(
    stored_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor = stored_world.actor("reseller")
    job = checked(actor, "customer", rows(50))
    request_apply(actor=actor, job=job)
    where = "billing.services.records.customers"
    kill_in(job, "applying.apply_import", where=where, name="create_users")
    job.refresh_from_db()
    assert job.state == "applying"
    assert not Customer.objects.filter(name__startswith="Row").exists()
    assert broken_nodes() == []
    assert sweep(monkeypatch) == ["billing.apply_record_import"]
    apply_import(job.pk)
    job.refresh_from_db()
    assert job.state == "applied"
    assert Customer.objects.filter(name__startswith="Row").count() == 50
    assert broken_nodes() == []
    assert list(differences()) == []


def test_a_worker_killed_while_it_mails_loses_and_doubles_nothing(
    stored_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor = stored_world.actor("reseller")
    logins = [
        row | {"login": f"l{number}", "login_email": f"l{number}@example.com"}
        for number, row in enumerate(rows(250))
    ]
    job = checked(actor, "customer", logins)
    request_apply(actor=actor, job=job)
    apply_import(job.pk)
    where = "billing.services.records.letters"
    kill_in(job, "letters.mail_links", where=where, name="send_set_password", nth=150)
    assert Message.objects.count() == 100
    assert sweep(monkeypatch) == ["billing.mail_record_import"]
    at_once(partial(mail_links, job.pk), partial(mail_links, job.pk))
    mail_links(job.pk)
    recipients = list(Message.objects.values_list("recipient", flat=True))
    assert len(recipients) == len(set(recipients)) == 250
    assert sweep(monkeypatch) == []


def test_two_workers_apply_once(stored_world: World) -> None:
    actor = stored_world.actor("reseller")
    job = checked(actor, "customer", rows(20))
    press = partial(request_apply, actor=actor, job=job)
    at_once(press, press, press)
    at_once(*[partial(apply_import, job.pk)] * 3)
    job.refresh_from_db()
    assert job.state == "applied"
    assert Customer.objects.filter(name__startswith="Row").count() == 20
    assert AuditEvent.objects.filter(action="customers_imported").count() == 1


def test_a_name_that_is_just_being_taken_fails_the_file(stored_world: World) -> None:
    """Another tree has another lock: only the unique name itself makes the import wait."""
    actor = stored_world.actor("reseller")
    job = checked(actor, "customer", rows(20))
    request_apply(actor=actor, job=job)
    terms = Terms(tariff=Tariff.objects.get(name="Wholesale"))
    is_taken = threading.Event()

    def take() -> None:
        with transaction.atomic():
            root = stored_world.actor("operator")
            open_customer(actor=root, name="Row 7", kind="business", terms=terms)
            is_taken.set()
            wait_until(lambda: waiting() > 0)

    def apply() -> None:
        assert is_taken.wait(timeout=60)
        apply_import(job.pk)

    at_once(take, apply)
    job.refresh_from_db()
    assert job.state == "failed"
    assert job.errors == [[9, "name", "This is taken."]]
    assert Customer.objects.filter(name__startswith="Row").count() == 1


def waiting() -> int:
    """How many sessions wait for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return int(cursor.fetchone()[0])


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
