"""The life of a draft: one per user and owner, until Submit, Cancel or a day; never a password."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from customers.choices import Role
from customers.forms.steps import SLUGS
from customers.models import Customer, CustomerDraft
from customers.services.drafts import LARGEST, cancel_draft, save_step
from customers.tasks import purge_drafts
from softswitch.core.errors import DomainError
from tests.customers.wizard import BASIC, fill_in, press, sent, signed_in, step, submit
from tests.world import World


@pytest.fixture
def client(world: World) -> Client:
    """The reseller's browser."""
    return signed_in(world, "reseller")


def name_shown(client: Client) -> Any:
    return client.get(step("basic")).context["form"]["name"].value() or ""


def test_a_draft_survives_another_browser_and_a_new_sign_in(world: World, client: Client) -> None:
    press(client, "basic", **BASIC)
    other = signed_in(world, "reseller")
    assert name_shown(other) == "Calder Voice"
    press(other, "company", tax_id="GB 9")
    client.logout()
    again = signed_in(world, "reseller")
    assert again.get(step("company")).context["form"]["tax_id"].value() == "GB 9"
    assert CustomerDraft.objects.count() == 1


def test_each_user_and_each_owner_has_a_draft_of_its_own(world: World, client: Client) -> None:
    press(client, "basic", **BASIC)
    operator = signed_in(world, "operator")
    assert name_shown(operator) == ""
    press(operator, "basic", name="Operator's own")
    operator.post(reverse("customers:switch_to", args=[world.reseller.pk]))
    assert name_shown(operator) == ""
    press(operator, "basic", name="As the reseller")
    assert name_shown(client) == "Calder Voice"
    operator.post(reverse("customers:switch_back"))
    assert name_shown(operator) == "Operator's own"
    assert CustomerDraft.objects.count() == 3


def test_cancel_forgets_the_draft(client: Client) -> None:
    press(client, "basic", **BASIC)
    answer = press(client, "company", "cancel")
    assert answer.headers["Location"] == reverse("customers:customer_list")
    assert not CustomerDraft.objects.exists()
    assert name_shown(client) == ""


def test_a_draft_is_gone_after_a_day(client: Client) -> None:
    press(client, "basic", **BASIC)
    rows = CustomerDraft.objects.all()
    rows.update(updated_at=now() - timedelta(hours=23))
    assert name_shown(client) == "Calder Voice"
    purge_drafts()
    assert rows.count() == 1
    rows.update(updated_at=now() - timedelta(hours=25))
    assert name_shown(client) == ""
    press(client, "company", tax_id="GB 1")
    assert rows.get().answers["steps"].keys() == {"company"}
    rows.update(updated_at=now() - timedelta(hours=25))
    purge_drafts()
    assert not rows.exists()


def test_submit_forgets_the_answers_and_leads_twice_to_one_customer(client: Client) -> None:
    fill_in(client)
    last = sent(client, SLUGS[-1]) | {"go": "submit"}
    first, second = (client.post(step(SLUGS[-1]), last) for _press in range(2))
    made = Customer.objects.get(name="Calder Voice")
    assert first.headers["Location"] == second.headers["Location"]
    assert first.headers["Location"] == reverse("customers:customer_detail", args=[made.pk])
    assert CustomerDraft.objects.get().answers == {"key": last["draft"], "customer": made.pk}
    assert name_shown(client) == ""


def test_a_page_of_a_draft_that_was_submitted_does_not_touch_the_next_one(client: Client) -> None:
    fill_in(client)
    old = sent(client, "company")
    submit(client)
    press(client, "basic", name="Second")
    answer = client.post(step("company"), {**old, "tax_id": "GB 1", "go": "submit"}, follow=True)
    assert "Another tab has started another customer" in answer.content.decode()
    assert "company" not in CustomerDraft.objects.get().answers["steps"]
    client.post(step("company"), {**old, "go": "cancel"})
    assert name_shown(client) == "Second"
    assert Customer.objects.filter(name="Calder Voice").count() == 1


def test_submit_after_cancel_in_another_tab_finds_what_is_missing(client: Client) -> None:
    fill_in(client)
    last = sent(client, SLUGS[-1]) | {"go": "submit"}
    press(client, "basic", "cancel")
    assert client.post(step(SLUGS[-1]), last).headers["Location"] == step("basic")
    assert not Customer.objects.filter(name="Calder Voice").exists()


def test_no_password_is_ever_stored(client: Client) -> None:
    fill_in(client, {"portal": {"login": "calder"}})
    secret = "zanzibar mailed nothing"
    for go in ("back", "next", "template"):
        press(client, SLUGS[-1], go, password=secret)
    refused = press(client, "company", "submit", password=secret, billing_email="nobody")
    assert refused.status_code == 422
    assert secret not in refused.content.decode()
    press(client, "company", billing_email="")
    client.post(
        reverse("customers:template_create") + "?from=draft",
        {"name": "By draft", "password": secret},
    )
    assert tables_with(secret) == []
    submit(client, password=secret)
    assert Customer.objects.filter(name="Calder Voice").exists()
    assert tables_with(secret) == []


def tables_with(text: str) -> list[str]:
    """The tables in which a row holds ``text``, whatever the column."""
    with connection.cursor() as cursor:
        found = []
        for table in connection.introspection.table_names(cursor):
            name = connection.ops.quote_name(table)
            cursor.execute(f"SELECT 1 FROM {name} t WHERE t::text ILIKE %s", [f"%{text}%"])
            found += [table] if cursor.fetchone() else []
    return found


def test_answers_have_a_limit_and_no_nul(world: World) -> None:
    actor = world.actor("reseller")
    with pytest.raises(DomainError, match="too long"):
        save_step(actor=actor, key="k", step="company", values={"address": ["x" * LARGEST]})
    draft = save_step(actor=actor, key="k", step="company", values={"address": ["a\x00b"]})
    assert draft.answers["company"]["address"] == ["ab"]


def test_fields_that_no_step_has_are_not_kept(client: Client) -> None:
    press(client, "company", owner="1", is_root="on", tax_id="GB 1")
    assert "owner" not in CustomerDraft.objects.get().answers["steps"]["company"]


@pytest.mark.parametrize("role", [Role.REPORTER, Role.READ_ONLY, Role.BILLING])
def test_a_role_that_adds_no_customers_has_no_draft(world: World, role: str) -> None:
    user = world.user("reseller")
    user.role = role
    user.save()
    actor = world.actor("reseller")
    with pytest.raises(PermissionDenied):
        save_step(actor=actor, key="k", step="company", values={})
    with pytest.raises(PermissionDenied):
        cancel_draft(actor=actor, key="k")


def test_marks_are_gone_with_the_errors(client: Client) -> None:
    press(client, "company", "back", billing_email="nobody")
    submit(client)
    press(client, "basic", **BASIC)
    press(client, "company", billing_email="")
    page = client.get(step("report")).content.decode()
    assert "tag err" not in page
    assert 'value="submit"' in page  # once it was tried, it can be tried from everywhere
