"""A file that was not applied is thrown away with its rows, by who may import, and only then."""

import pytest
from django.test import Client
from django.urls import reverse

from billing.services.records.applying import apply_import
from billing.services.records.checking import check_import
from billing.services.records.leases import resume_stale
from billing.services.records.uploads import discard_import, request_apply
from customers.models import AuditEvent, Customer, RecordImport
from softswitch.core.errors import DomainError
from tests.billing.records import checked, csv_file, uploaded
from tests.world import World

pytestmark = pytest.mark.django_db
ROWS = [{"name": "Ada Ltd", "kind": "business", "tariff": "Retail"}]
WRONG = [ROWS[0] | {"mode": "later"}]


@pytest.fixture
def client(world: World, client: Client) -> Client:
    """The reseller's browser."""
    client.force_login(world.user("reseller"))
    return client


def page(job: RecordImport, name: str = "detail") -> str:
    return reverse(f"billing:record_import_{name}", args=[job.pk])


def discarded() -> int:
    return AuditEvent.objects.filter(action="records_discarded").count()


@pytest.mark.parametrize("rows", [ROWS, WRONG], ids=["checked", "failed"])
def test_a_file_is_discarded_after_a_question(
    world: World, client: Client, rows: list[dict[str, str]]
) -> None:
    job = checked(world.actor("reseller"), "customer", rows)
    shown = client.get(page(job)).content.decode()
    assert page(job, "discard") in shown
    assert "Discard file.csv?" in client.get(page(job, "discard")).content.decode()
    job.refresh_from_db()
    assert job.rows, "asking changes nothing"
    for _press in range(2):
        answer = client.post(page(job, "discard"), follow=True)
        assert answer.redirect_chain == [(page(job), 302)]
    job.refresh_from_db()
    assert (job.state, job.rows, job.errors) == ("discarded", [], [])
    assert discarded() == 1
    shown = client.get(page(job)).content.decode()
    assert "its rows are gone" in shown
    assert "Ada Ltd" not in shown
    assert page(job, "discard") not in shown
    assert "Discarded" in client.get(reverse("billing:customer_import_list")).content.decode()


def test_what_is_discarded_is_never_applied(world: World) -> None:
    actor = world.actor("reseller")
    job = checked(actor, "customer", ROWS)
    discard_import(actor=actor, job=job)
    with pytest.raises(DomainError) as refused:
        request_apply(actor=actor, job=RecordImport.objects.get(pk=job.pk))
    assert refused.value.code == "not_ready"
    apply_import(job.pk)
    assert not Customer.objects.filter(name="Ada Ltd").exists()


def test_a_check_that_waits_finds_nothing_to_do(world: World) -> None:
    actor = world.actor("reseller")
    job = uploaded(actor, "customer", csv_file(ROWS))
    discard_import(actor=actor, job=job)
    assert resume_stale() == 0
    check_import(job.pk)
    job.refresh_from_db()
    assert (job.state, job.done) == ("discarded", 0)


@pytest.mark.parametrize("state", ["applying", "applied"])
def test_what_is_being_applied_stays(world: World, client: Client, state: str) -> None:
    actor = world.actor("reseller")
    job = checked(actor, "customer", ROWS)
    request_apply(actor=actor, job=job)
    if state == "applied":
        apply_import(job.pk)
    stale = job  # as it was read before
    with pytest.raises(DomainError) as refused:
        discard_import(actor=actor, job=stale)
    assert refused.value.code == "started"
    answer = client.post(page(job, "discard"), follow=True)
    assert "cannot be discarded" in answer.content.decode()
    assert page(job, "discard") not in client.get(page(job)).content.decode()
    job.refresh_from_db()
    assert job.state == state
    assert discarded() == 0


def test_nobody_else_discards_it(world: World, client: Client) -> None:
    job = checked(world.actor("sub_reseller"), "customer", [ROWS[0] | {"tariff": "Street"}])
    for who, expected in {"other_reseller": 404, "shop": 404, "reseller": 403}.items():
        client.force_login(world.user(who))
        for send in (client.get, client.post):
            assert send(page(job, "discard")).status_code == expected, who
    job.refresh_from_db()
    assert job.state == "checked"
