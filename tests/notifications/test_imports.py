"""Who started an import is told how it has ended: files of records, of rates, of CDRs."""

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse

from billing.services.records.uploads import discard_import
from calls.services.importing import run_import, start_import
from customers.models import Customer, User
from customers.selectors import actor_for
from notifications.models import Message, Notice
from tariffs.models import Tariff
from tariffs.services.imports.checking import check_import
from tariffs.services.imports.uploads import request_apply as request_rates
from tariffs.services.imports.uploads import start_import as start_rates
from tests.billing.records import applied, checked
from tests.calls.deliveries import csv_file, make_switch
from tests.security.portal import signed_in, text_of
from tests.tariffs.test_import_services import HEAD, SHEET
from tests.tariffs.test_import_services import applied as applied_rates
from tests.tariffs.test_import_services import checked as checked_rates
from tests.world import World, actor_of

RECORDS = [{"name": f"Leaf {number}", "kind": "business", "tariff": "Retail"} for number in (1, 2)]


@pytest.fixture
def starters(world: World) -> World:
    """Those who import have addresses."""
    User.objects.filter(login="reseller").update(email="rita@reseller.example")
    User.objects.filter(login="operator").update(email="olaf@root.example")
    return world


def the_news(recipient: str) -> str:
    """The only letter and the only notice: to one login; the subject."""
    letter, notice = Message.objects.get(event="import_finished"), Notice.objects.get()
    assert (letter.recipient, notice.user) == (recipient, letter.user)
    assert notice.path in letter.text
    return letter.subject


def test_records_that_are_made(starters: World) -> None:
    job = applied(starters.actor("reseller"), "customer", RECORDS)
    assert the_news("rita@reseller.example") == "Import of file.csv: Applied"
    letter = Message.objects.get()
    assert letter.owner == starters.root  # who provides to the login, as in all its letters
    assert "Customers" in letter.text
    assert Notice.objects.get().path == reverse("billing:record_import_detail", args=[job.pk])
    client = signed_in(starters.user("reseller"))
    page = text_of(client.get(reverse("notifications:notice_list")))
    assert "Import of file.csv: Applied" in page
    assert client.get(Notice.objects.get().path).status_code == 200


def test_records_with_errors(starters: World) -> None:
    checked(starters.actor("reseller"), "customer", [*RECORDS, RECORDS[0]])
    assert the_news("rita@reseller.example") == "Import of file.csv: Failed"
    assert Notice.objects.get().values["import.rows"] == 3
    assert Notice.objects.get().values["import.errors"] == 1


def test_records_that_wait_or_are_thrown_away_have_not_ended(starters: World) -> None:
    actor = starters.actor("reseller")
    job = checked(actor, "customer", RECORDS)
    assert job.state == "checked"
    discard_import(actor=actor, job=job)
    assert not Message.objects.exists()
    assert not Notice.objects.exists()


def test_records_by_who_may_import_no_more(starters: World) -> None:
    actor = starters.actor("reseller")
    starters.user("reseller")
    User.objects.filter(login="reseller").update(role="reporter")
    # Uploaded with the rights of before, checked with those of now.
    checked(actor, "customer", RECORDS)
    assert the_news("rita@reseller.example") == "Import of file.csv: Failed"


def test_only_who_started_it_hears_of_it(starters: World) -> None:
    owner = starters.actor("reseller")
    applied(owner, "customer", RECORDS)
    for who in ("operator", "sub_reseller"):
        page = text_of(signed_in(starters.user(who)).get(reverse("notifications:notice_list")))
        assert "file.csv" not in page


@pytest.mark.parametrize("kind", ["records", "rates"])
def test_who_acted_as_a_customer_is_told_at_home(starters: World, kind: str) -> None:
    """Its bell is that of its own customer, wherever it was switched to."""
    actor = actor_for(starters.user("operator"), stack=[starters.reseller.pk])
    assert actor.customer == starters.reseller
    if kind == "records":
        applied(actor, "customer", RECORDS)
    else:
        tariff = Tariff.objects.get(owner=starters.reseller)
        file = ContentFile(f"{HEAD}x,Nowhere,1,60/6\n".encode(), name="file.csv")
        check_import(start_rates(actor=actor, tariff=tariff, file=file, name="file.csv").pk)
    assert the_news("olaf@root.example").startswith("Import of file.csv: ")
    notice = Notice.objects.get()
    assert notice.recipient == starters.root
    assert signed_in(starters.user("operator")).get(notice.path).status_code == 200


def test_rates_that_are_applied(starters: World) -> None:
    job = checked_rates(starters, SHEET)
    assert not Message.objects.exists()  # a person decides first
    applied_rates(starters, job)
    assert the_news("olaf@root.example") == "Import of sheet.csv: Applied"
    assert Notice.objects.get().path == reverse("tariffs:import_detail", args=[job.pk])
    applied_rates(starters, job)
    assert Message.objects.count() == 1


def test_rates_that_are_rejected_and_then_applied_in_part(starters: World) -> None:
    job = checked_rates(starters, SHEET + "x,Nowhere,1,60/6\n")
    assert job.state == "rejected"
    assert the_news("olaf@root.example") == "Import of sheet.csv: Rejected"
    assert Notice.objects.get().values["import.errors"] == 1
    request_rates(actor=starters.actor("operator"), rate_import=job, leaves_out_rejected=True)
    applied_rates(starters, job)
    subjects = Message.objects.order_by("pk").values_list("subject", flat=True)
    assert list(subjects) == ["Import of sheet.csv: Rejected", "Import of sheet.csv: Applied"]


def test_a_second_check_tells_nothing(starters: World) -> None:
    job = checked_rates(starters, HEAD + "x,Nowhere,1,60/6\n")
    check_import(job.pk)
    assert Message.objects.count() == Notice.objects.count() == 1


def test_cdrs_that_are_read(starters: World) -> None:
    job = start_import(
        actor=starters.actor("operator"),
        switch=make_switch(),
        file=ContentFile(csv_file(3) + b"broken,line\n"),
        file_name="cdrs.csv",
        format_name="generic_csv",
    )
    for _twice in range(2):
        run_import(import_id=job.pk)
    assert the_news("olaf@root.example") == "Import of cdrs.csv: Done"
    values = Notice.objects.get().values
    assert (values["import.rows"], values["import.errors"]) == (4, 1)
    assert Notice.objects.get().path == reverse("calls:import_detail", args=[job.pk])


def test_cdrs_that_cannot_be_read(starters: World) -> None:
    job = start_import(
        actor=starters.actor("operator"),
        switch=make_switch(),
        file=ContentFile(csv_file(3)),
        file_name="cdrs.csv",
        format_name="freeswitch_json",
    )
    run_import(import_id=job.pk)
    assert the_news("olaf@root.example") == "Import of cdrs.csv: Failed"


def test_who_reads_a_file_itself_sees_the_end_itself(starters: World) -> None:
    job = start_import(
        actor=starters.actor("operator"),
        switch=make_switch(),
        file=ContentFile(csv_file(3)),
        file_name="cdrs.csv",
        format_name="generic_csv",
        is_inline=True,
    )
    run_import(import_id=job.pk, is_inline=True)
    assert not Message.objects.exists()
    assert not Notice.objects.exists()


def test_the_words_are_those_of_who_started_it(starters: World) -> None:
    """Its own language goes before its customer's."""
    User.objects.filter(login="reseller").update(language="es")
    Customer.objects.filter(pk=starters.reseller.pk).update(language="ar")
    applied(actor_of(starters.reseller), "customer", RECORDS)
    assert Message.objects.get().language == "es"
