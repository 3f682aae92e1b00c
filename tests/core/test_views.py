"""The generic views: login, rights, scope, lists, forms, actions."""

import re
from typing import cast

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.models import AuditEvent, Customer
from softswitch.core.views import DetailView, ListView
from tests.core.conftest import Tree, add_customer

pytestmark = [pytest.mark.urls("tests.core.pages"), pytest.mark.django_db]
LIST = "/customers/"


def test_strangers_are_sent_to_the_login_page_and_back(client):
    response = client.get(LIST + "?kind=reseller")
    assert response.status_code == 302
    assert response["Location"] == "/login/?next=/customers/%3Fkind%3Dreseller"


def test_a_missing_right_is_403_with_our_page(tree: Tree):
    response = tree.login(tree.reporter).get(LIST)
    assert response.status_code == 403
    assert "Not allowed" in response.content.decode()


def test_rows_out_of_scope_and_rows_that_are_not_there_look_the_same(tree: Tree):
    browser = tree.login(tree.seller)
    foreign = browser.get(reverse("customers:customer_detail", args=[tree.other.pk]))
    missing = browser.get(reverse("customers:customer_detail", args=[10**9]))
    assert foreign.status_code == missing.status_code == 404
    assert tree.other.name not in foreign.content.decode()
    assert without_token(foreign) == without_token(missing)


def test_views_without_a_model_do_not_start():
    with pytest.raises(ImproperlyConfigured):
        cast("type[ListView]", type("Nothing", (ListView,), {})).as_view()
    unscoped = type("Unscoped", (DetailView,), {"model": type("Plain", (), {})})
    with pytest.raises(ImproperlyConfigured):
        cast("type[DetailView]", unscoped).as_view()


def test_a_list_shows_what_the_actor_sees_sorted_as_read(tree: Tree):
    response = tree.login(tree.seller).get(LIST)
    names = [row.record.name for row in response.context["page"].object_list]
    assert names == ["Calder Voice", "hartwell & sons"]
    text = response.content.decode()
    assert "hartwell &amp; sons" in text
    assert 'aria-sort="ascending"' in text
    assert "1–2 of 2" in text


def test_an_htmx_request_gets_the_rows_alone(tree: Tree):
    response = tree.login(tree.seller).get(LIST, headers={"HX-Request": "true"})
    text = response.content.decode()
    assert text.strip().startswith('<div id="rows"')
    assert "<html" not in text
    assert '<span id="export-query" hidden hx-swap-oob="true">' in text
    assert "HX-Request" in response["Vary"]


def test_filters_find_and_say_when_nothing_is_found(tree: Tree):
    browser = tree.login(tree.seller)
    assert "Calder" not in rows_of(browser.get(LIST, {"name": "HARTW"}))
    assert "Nothing found" in browser.get(LIST, {"name": "nobody"}).content.decode()


def test_an_invalid_filter_is_shown_and_finds_nothing(tree: Tree):
    response = tree.login(tree.seller).get(LIST, {"since": "yesterday"})
    assert "Not searched" in response.content.decode()
    assert not response.context["page"].object_list


def test_page_size_and_columns_are_remembered(tree: Tree):
    for number in range(30):
        add_customer(f"Sub {number:02}", "business", tree.reseller)
    browser = tree.login(tree.seller)
    assert browser.get(LIST, {"page": "2"}).context["page"].number == 2
    browser.get(LIST, {"per_page": "50"})
    assert browser.get(LIST).context["page"].paginator.per_page == 50
    assert browser.get(LIST, {"per_page": "7"}).context["page"].paginator.per_page == 50
    assert browser.get(LIST, {"page": "99"}).context["page"].number == 1
    answer = browser.post(LIST + "?sort=-name", {"set_columns": "", "columns": ["kind"]})
    assert answer["Location"] == LIST + "?sort=-name"
    shown = [column.name for column in browser.get(LIST).context["table"].columns]
    assert shown == ["select", "name", "kind", "actions"]


def test_the_number_of_statements_does_not_grow_with_the_rows(
    tree: Tree, django_assert_num_queries
):
    browser = tree.login(tree.seller)
    browser.get(LIST)
    with CaptureQueriesContext(connection) as before:
        browser.get(LIST)
    for number in range(20):
        add_customer(f"Sub {number:02}", "business", tree.reseller)
    with django_assert_num_queries(len(before)):
        browser.get(LIST)


def test_row_actions_follow_the_rights(tree: Tree):
    assert f"/customers/{tree.sub.pk}/edit/" in rows_of(tree.login(tree.seller).get(LIST))
    reader = tree.seller
    reader.role = "read_only"
    reader.save()
    assert f"/customers/{tree.sub.pk}/edit/" not in rows_of(tree.login(reader).get(LIST))


def test_a_bulk_action_reaches_only_rows_in_scope_and_reports(tree: Tree):
    virtual = add_customer("Cards", "virtual", tree.reseller)
    keys = [tree.sub.pk, virtual.pk, tree.other.pk]
    response = tree.login(tree.seller).post(LIST, {"do": "close", "pk": keys}, follow=True)
    assert "1 done, 1 skipped: Cards: is virtual." in response.content.decode()
    assert statuses(tree.sub, virtual, tree.other) == ["closed", "active", "active"]


def test_a_bulk_action_without_its_right_is_not_there(tree: Tree):
    tree.seller.role = "read_only"
    tree.seller.save()
    response = tree.login(tree.seller).post(LIST, {"do": "close", "pk": [tree.sub.pk]})
    assert response.status_code == 404
    assert statuses(tree.sub) == ["active"]


def test_an_empty_list_says_so(tree: Tree):
    AuditEvent.objects.all().delete()
    response = tree.login(tree.seller).get("/customers/audit/")
    assert "Nothing happened yet" in response.content.decode()


def test_a_detail_page_has_title_status_crumbs_and_tabs(tree: Tree):
    text = tree.login(tree.seller).get(f"/customers/{tree.sub.pk}/").content.decode()
    for part in ("hartwell &amp; sons", "status ok", "crumbs", 'aria-current="page"'):
        assert part in text


def edit_url(customer: Customer) -> str:
    return reverse("customers:customer_edit", args=[customer.pk])


def form_data(**changes: object) -> dict[str, object]:
    return {"name": "Hartwell", "kind": "business", "call_limit": "5", **changes}


def test_save_stays_and_save_and_close_leaves(tree: Tree):
    browser = tree.login(tree.seller)
    stays = browser.post(edit_url(tree.sub), form_data(save=""))
    assert stays["Location"] == edit_url(tree.sub)
    leaves = browser.post(edit_url(tree.sub), form_data(save_and_close=""), follow=True)
    assert leaves.redirect_chain == [(LIST, 302)]
    assert "Saved." in leaves.content.decode()
    tree.sub.refresh_from_db()
    assert (tree.sub.name, tree.sub.call_limit) == ("Hartwell", 5)


@pytest.mark.parametrize(
    ("name", "said"),
    [("Taken", "This name is taken."), ("Closed", "The books are closed."), ("", "required")],
)
def test_what_is_refused_is_422_at_its_place_and_keeps_the_input(tree: Tree, name: str, said: str):
    response = tree.login(tree.seller).post(edit_url(tree.sub), form_data(name=name))
    text = response.content.decode()
    assert response.status_code == 422
    assert said in text
    assert "Not saved." in text
    assert 'value="5"' in text
    if name != "Closed":
        assert 'aria-invalid="true"' in text
        assert 'href="#id_name"' in text


def test_what_leaves_the_scope_is_taken_back(tree: Tree):
    response = tree.login(tree.seller).post(
        "/customers/new/", form_data(name="New", call_limit=str(tree.other.pk))
    )
    assert response.status_code == 404
    tree.other.refresh_from_db()
    assert tree.other.call_limit is None


def test_choices_of_a_form_are_the_actors(tree: Tree):
    response = tree.login(tree.seller).get(edit_url(tree.sub))
    offered = {customer.pk for customer in response.context["form"].fields["owner"].queryset}
    assert offered == {tree.reseller.pk, tree.sub.pk}
    refused = tree.login(tree.seller).post(edit_url(tree.sub), form_data(owner=tree.other.pk))
    assert refused.status_code == 422


def test_a_money_form_carries_a_new_key_each_time(tree: Tree):
    browser = tree.login(tree.seller)
    first = browser.get("/customers/pay/").context["form"]["idempotency_key"].value()
    second = browser.get("/customers/pay/").context["form"]["idempotency_key"].value()
    assert first != second
    assert browser.post("/customers/pay/", {"amount": "5"}).status_code == 422


def test_an_action_posts_only_and_reports(tree: Tree):
    browser = tree.login(tree.seller)
    url = reverse("customers:customer_close", args=[tree.sub.pk])
    assert browser.get(url).status_code == 405
    assert "Done." in browser.post(url, follow=True).content.decode()
    assert statuses(tree.sub) == ["closed"]
    foreign = reverse("customers:customer_close", args=[tree.other.pk])
    assert browser.post(foreign).status_code == 404


def test_a_confirmation_names_the_record_before_it_acts(tree: Tree):
    browser = tree.login(tree.seller)
    url = reverse("customers:customer_archive", args=[tree.sub.pk])
    text = browser.get(url).content.decode()
    assert "Archive hartwell &amp; sons?" in text
    assert "Leaves the lists" in text
    assert statuses(tree.sub) == ["active"]
    browser.post(url)
    assert statuses(tree.sub) == ["closed"]


def without_token(response) -> str:
    return re.sub(r'value="\w{64}"', "", response.content.decode())


def rows_of(response) -> str:
    return str(response.content.decode().split('id="rows"')[1])


def statuses(*customers: Customer) -> list[str]:
    found = dict(Customer.objects.values_list("pk", "status"))
    return [found[customer.pk] for customer in customers]
