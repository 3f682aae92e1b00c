"""Pages that are Root's alone: deliveries of CDR files, their rejected lines, and switches."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from calls.models import CallConflict, CdrImport, CdrImportError, Switch
from calls.services.importing import run_import
from calls.services.switches import switch_of_token
from tests.calls.deliveries import csv_file, make_switch
from tests.calls.stored import store_call
from tests.world import World

pytestmark = pytest.mark.django_db
LISTS = ("import_list", "import_create", "conflict_list", "switch_list", "switch_create")


def url(name: str, *args: Any) -> str:
    return reverse(f"calls:{name}", args=args)


@pytest.fixture
def root(client: Client, world: World) -> Client:
    client.force_login(world.user("operator"))
    return client


def test_only_root_sees_deliveries_and_switches(client: Client, world: World) -> None:
    switch = make_switch()
    job = CdrImport.objects.create(switch=switch, format="generic_csv", file_name="a.csv")
    of_job = [url(name, job.pk) for name in ("import_detail", "import_errors")]
    of_switch = [url(name, switch.pk) for name in ("switch_edit", "switch_token")]
    pages = [*map(url, LISTS), *of_job, *of_switch]
    assert {client.get(page).status_code for page in pages} == {302}
    for who, expected in (("reseller", 403), ("operator", 200)):
        client.force_login(world.user(who))
        assert {client.get(page).status_code for page in pages} == {expected}, who
    assert client.get(url("import_detail", 0)).status_code == 404


def test_a_file_uploaded_twice_counts_once(root: Client) -> None:
    switch = make_switch()
    body = csv_file(3) + b"broken,line\n"
    counts: list[tuple[int, int, int]] = []
    job = CdrImport()
    for _time in range(2):
        sent = {"file": SimpleUploadedFile("cdrs.csv", body), "switch": switch.pk}
        answer = root.post(url("import_create"), sent)
        job = CdrImport.objects.latest("pk")
        assert answer["Location"] == url("import_detail", job.pk)
        waiting = root.get(answer["Location"]).content.decode()
        assert 'hx-trigger="every 2s"' in waiting
        assert "You can leave this page." in waiting
        run_import(import_id=job.pk, is_inline=True)
        job.refresh_from_db()
        counts.append((job.calls_new, job.calls_repeated, job.lines_rejected))
    assert counts == [(3, 0, 1), (0, 3, 1)]
    done = root.get(url("import_detail", job.pk)).content.decode()
    assert "every 2s" not in done
    assert "broken,line" in done
    rejected = root.get(url("import_errors", job.pk)).getvalue().decode("utf-8-sig")
    assert "broken,line" in rejected
    assert len(rejected.splitlines()) == 2


def test_the_poll_ends_with_the_reading(root: Client) -> None:
    job = CdrImport.objects.create(
        switch=make_switch(), format="generic_csv", file_name="a.csv", state="running"
    )
    poll = {"HX-Request": "true"}
    part = root.get(url("import_detail", job.pk), headers=poll)
    assert "<html" not in part.content.decode()
    assert "every 2s" in part.content.decode()
    CdrImport.objects.update(state="done")
    assert root.get(url("import_detail", job.pk), headers=poll)["HX-Refresh"] == "true"


def test_an_unknown_format_is_an_error_of_the_form(root: Client) -> None:
    sent = {"file": SimpleUploadedFile("x.bin", b"\x00\x01\x02"), "switch": make_switch().pk}
    answer = root.post(url("import_create"), sent)
    assert answer.status_code == 422
    assert "The file is of no known format" in answer.content.decode()


def test_rejected_lines_and_deliveries_take_the_same_statements(
    root: Client, django_assert_max_num_queries: Any
) -> None:
    switch = make_switch()
    job = CdrImport.objects.create(switch=switch, format="generic_csv", file_name="a.csv")
    pages = (url("import_list"), url("import_detail", job.pk))
    for page in pages:
        root.get(page)
    counts = []
    for _round in range(2):
        for line in range(20):
            CdrImportError.objects.create(cdr_import=job, line=line, field="x", reason="y", raw="z")
            CdrImport.objects.create(switch=switch, format="generic_csv", file_name="b.csv")
        with django_assert_max_num_queries(40) as seen:
            for page in pages:
                assert root.get(page).status_code == 200
        counts.append(len(seen.captured_queries))
    assert counts[0] == counts[1]


def test_conflicts_lead_to_the_call_that_stands(root: Client, world: World) -> None:
    call = store_call(world.shop, "442079460000")
    CallConflict.objects.create(
        call_id=call.id,
        setup_at=call.setup_at,
        content_hash=call.content_hash,
        contents={"caller": "44", "called": "442079460009", "duration_ms": 5, "native_id": "n"},
    )
    text = root.get(url("conflict_list")).content.decode()
    assert url("call_detail", call.id) in text
    assert "442079460009" in text


def test_a_token_is_shown_once_and_ends_with_the_next(root: Client) -> None:
    values = {"name": "core-9", "timezone": "Europe/London", "international_prefixes": "+ 00",
              "is_active": "on"}  # fmt: skip
    made = root.post(url("switch_create"), values, follow=True)
    switch = Switch.objects.get(name="core-9")
    first = _token(made)
    assert switch_of_token(token=first, address="192.0.2.1") == switch
    assert first not in root.get(url("switch_edit", switch.pk)).content.decode()
    second = _token(root.post(url("switch_token", switch.pk), follow=True))
    assert switch_of_token(token=first, address="192.0.2.1") is None
    assert switch_of_token(token=second, address="192.0.2.1") == switch


def test_editing_a_switch(root: Client) -> None:
    switch = make_switch("core-1")
    make_switch("core-2")
    values = {"name": "core-3", "timezone": "UTC", "international_prefixes": "00"}
    assert root.post(url("switch_edit", switch.pk), values).status_code == 302
    switch.refresh_from_db()
    assert (switch.name, switch.is_active) == ("core-3", False)
    taken = root.post(url("switch_edit", switch.pk), values | {"name": "core-2"})
    assert taken.status_code == 422
    wrong = root.post(url("switch_edit", switch.pk), values | {"source_addresses": "10.0.0"})
    assert "is not an IP address" in wrong.content.decode()


def _token(response: Any) -> str:
    text = next(str(message) for message in response.context["messages"])
    return text.rpartition(" ")[2]
