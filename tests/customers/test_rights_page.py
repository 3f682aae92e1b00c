"""The permissions page: what is offered, previewed, confirmed, restored; and who reads it only."""

from typing import Any

import pytest
from django.urls import reverse

from customers.choices import Kind, Role
from customers.models import AuditEvent, BusinessModel, Customer
from customers.selectors import effective_rights
from customers.selectors.rights import affected
from customers.services.permissions import delegated_rights, set_rights
from customers.services.rights import change_rights
from customers.services.users import create_user
from softswitch.core.errors import DomainError
from tests.security.portal import signed_in, text_of
from tests.sql import count_queries
from tests.world import PASSWORD, World, customer_of, tariff_with_rates


def page_of(customer: Customer) -> str:
    return reverse("customers:customer_rights", args=[customer.pk])


def without(customer: Customer, *codes: str) -> list[str]:
    return sorted(delegated_rights(customer) - set(codes))


def send(client: Any, customer: Customer, rights: list[str], previewed: str = "") -> Any:
    return client.post(page_of(customer), {"rights": rights, "previewed": previewed})


def model_for(world: World, customer: Customer, **values: Any) -> None:
    assert customer.owner is not None
    model = BusinessModel.objects.create(
        owner=customer.owner, name="Voice only", **{"kinds": [customer.kind]} | values
    )
    Customer.objects.filter(pk=customer.pk).update(business_model=model)
    customer.refresh_from_db()


def test_revoking_is_previewed_then_confirmed(world: World) -> None:
    client = signed_in(world.user("operator"))
    left = without(world.reseller, "accounts.add")
    shown = text_of(send(client, world.reseller, left))
    assert "1 change, not saved yet." in shown
    assert "Revokes Accounts: add, also from 3 below." in shown
    for name in ("Sub reseller", "Sub customer", "Shop"):
        assert name in shown.partition('id="losing"')[2].partition("</section>")[0]
    assert "Other reseller" not in shown.partition("<main")[2]
    assert "Save 1 change" in shown
    assert "accounts.add" in delegated_rights(world.reseller)
    answer = send(client, world.reseller, left, " ".join(left))
    assert answer.status_code == 302
    assert "accounts.add" not in delegated_rights(world.reseller)
    assert "accounts.add" in delegated_rights(world.shop)
    assert "accounts.add" not in effective_rights(world.shop)


def test_another_choice_is_previewed_again(world: World) -> None:
    client = signed_in(world.user("operator"))
    seen = without(world.reseller, "accounts.add")
    other = without(world.reseller, "accounts.add", "trunks.add")
    shown = text_of(send(client, world.reseller, other, " ".join(seen)))
    assert "2 changes, not saved yet." in shown
    assert delegated_rights(world.reseller) >= {"accounts.add", "trunks.add"}


def test_granting_again_restores_what_was_below(world: World) -> None:
    everything = sorted(delegated_rights(world.reseller))
    set_rights(
        actor=world.actor("operator"),
        customer=world.reseller,
        rights=without(world.reseller, "trunks.add"),
    )
    set_rights(
        actor=world.actor("sub_reseller"),
        customer=world.shop,
        rights=without(world.shop, "trunks.delete"),
    )
    client = signed_in(world.user("operator"))
    shown = text_of(send(client, world.reseller, everything))
    assert "Grants Trunks: add, and gives it back to 3 below." in shown
    send(client, world.reseller, everything, " ".join(everything))
    assert "trunks.add" in effective_rights(world.shop)
    assert AuditEvent.objects.filter(action="rights_changed").count() == 3


def test_a_grant_that_reaches_nobody_is_saved_at_once(world: World) -> None:
    owner = signed_in(world.user("sub_reseller"))
    send(
        owner,
        world.shop,
        without(world.shop, "trunks.add"),
        " ".join(without(world.shop, "trunks.add")),
    )
    more = [*delegated_rights(world.shop), "trunks.add"]
    assert send(owner, world.shop, more).status_code == 302
    assert "trunks.add" in delegated_rights(world.shop)
    assert send(owner, world.shop, more).status_code == 302


def test_who_is_affected_is_who_holds_it_all_the_way_down(world: World) -> None:
    """Against effective rights before and after, for every right of the reseller's."""
    model_for(world, world.shop, rights=["cdrs.view", "accounts.add"])
    set_rights(
        actor=world.actor("reseller"),
        customer=world.sub_reseller,
        rights=without(world.sub_reseller, "trunks.edit"),
    )
    below = [world.sub_reseller, world.sub_customer, world.shop]
    for customer in below:
        customer.refresh_from_db()  # its place in the tree, as later ones have moved it
    held = delegated_rights(world.reseller)
    for code in sorted(held):
        before = {c.pk for c in below if code in effective_rights(c)}
        told = affected(world.reseller, {code})
        set_rights(actor=world.actor("operator"), customer=world.reseller, rights=held - {code})
        after = {c.pk for c in below if code in effective_rights(c)}
        again = affected(world.reseller, {code})
        set_rights(actor=world.actor("operator"), customer=world.reseller, rights=held)
        assert {pk for pk, _name, _rights in told.named} == before - after, code
        assert told.total == len(before - after) == sum(told.counts.values())
        assert again == told


def test_fifty_are_named_and_the_rest_counted(world: World) -> None:
    tariff = tariff_with_rates(world.sub_reseller, "Many", "GBP")
    few = count_queries(lambda: affected(world.sub_reseller, {"cdrs.view"}))
    for number in range(52):
        customer_of(world.sub_reseller, f"Kiosk {number}", "residential", tariff)
    found = affected(world.sub_reseller, {"cdrs.view", "trunks.add"})
    assert (len(found.named), found.total, found.more) == (50, 53, 3)
    assert found.counts == {"cdrs.view": 53, "trunks.add": 1}
    assert count_queries(lambda: affected(world.sub_reseller, {"cdrs.view"})) == few
    client = signed_in(world.user("reseller"))
    left = without(world.sub_reseller, "cdrs.view")
    assert "and 3 more" in text_of(send(client, world.sub_reseller, left))


def test_what_the_grantor_lacks_is_locked_with_its_reason(world: World) -> None:
    client = signed_in(world.user("reseller"))
    shown = text_of(client.get(page_of(world.sub_reseller)))
    row = shown.partition("Change routing")[2].partition("switch-row")[0]
    assert "You do not hold it, so you cannot grant it" in row
    assert " disabled" in row
    everything = [*without(world.sub_reseller), "system.settings"]
    send(client, world.sub_reseller, everything, " ".join(sorted(everything)))
    assert "system.settings" not in delegated_rights(world.sub_reseller)
    with pytest.raises(DomainError) as refused:
        set_rights(actor=world.actor("reseller"), customer=world.sub_reseller, rights=everything)
    assert refused.value.code == "not_held"


def test_root_grants_system_rights_which_may_be_passed_on(world: World) -> None:
    chosen = [*without(world.reseller), "routing.view"]
    send(signed_in(world.user("operator")), world.reseller, chosen)
    assert world.actor("reseller").can("routing.view")
    below = [*without(world.sub_reseller), "routing.view"]
    send(signed_in(world.user("reseller")), world.sub_reseller, below)
    assert world.actor("sub_reseller").can("routing.view")


def test_what_the_business_model_excludes_is_locked(world: World) -> None:
    model_for(world, world.shop, rights=["cdrs.view"])
    client = signed_in(world.user("sub_reseller"))
    assert "Its business model excludes it" in text_of(client.get(page_of(world.shop)))
    before = delegated_rights(world.shop)
    send(client, world.shop, ["cdrs.view"])
    assert delegated_rights(world.shop) == before  # what is locked stays as it was
    set_rights(actor=world.actor("sub_reseller"), customer=world.shop, rights=["cdrs.view"])
    with pytest.raises(DomainError) as refused:
        set_rights(actor=world.actor("sub_reseller"), customer=world.shop, rights=["trunks.add"])
    assert refused.value.code == "excluded_by_model"


def test_a_kind_is_offered_only_what_it_can_hold(world: World) -> None:
    tariff = tariff_with_rates(world.sub_reseller, "Home", "GBP")
    home = customer_of(world.sub_reseller, "Home", "residential", tariff)
    shown = text_of(signed_in(world.user("sub_reseller")).get(page_of(home)))
    assert 'value="accounts.add"' in shown
    for code in ("trunks.add", "vouchers.add", "customers.add", "tariffs.add", "routing.view"):
        assert f'value="{code}"' not in shown


def test_adding_customers_makes_a_business_customer_a_reseller(world: World) -> None:
    client = signed_in(world.user("reseller"))
    chosen = sorted([*without(world.sub_customer), "customers.add"])
    shown = text_of(send(client, world.sub_customer, chosen))
    assert "Sub customer becomes a reseller." in shown
    world.sub_customer.refresh_from_db()
    assert world.sub_customer.kind == Kind.BUSINESS
    with pytest.raises(DomainError) as refused:
        change_rights(actor=world.actor("reseller"), customer=world.sub_customer, rights=chosen)
    assert refused.value.code == "becomes_reseller"
    send(client, world.sub_customer, chosen, " ".join(chosen))
    world.sub_customer.refresh_from_db()
    assert world.sub_customer.kind == Kind.RESELLER
    assert world.actor("sub_customer").can("customers.add")


def test_a_business_model_without_resellers_forbids_that(world: World) -> None:
    model_for(world, world.sub_customer, rights=["cdrs.view", "customers.add"])
    client = signed_in(world.user("reseller"))
    chosen = ["cdrs.view", "customers.add"]
    send(client, world.sub_customer, chosen, " ".join(chosen))
    world.sub_customer.refresh_from_db()
    assert world.sub_customer.kind == Kind.BUSINESS
    assert "customers.add" not in delegated_rights(world.sub_customer)


def test_a_role_that_only_looks_reads_the_page(world: World) -> None:
    reader = create_user(
        actor=world.actor("reseller"),
        customer=world.sub_reseller,
        login="reader",
        password=PASSWORD,
        role=Role.READ_ONLY,
    )
    client = signed_in(reader)
    shown = text_of(client.get(page_of(world.shop)))
    assert "Your role reads this" in shown
    assert "<fieldset disabled>" in shown
    assert 'name="save"' not in shown
    assert send(client, world.shop, []).status_code == 403
    assert "cdrs.view" in delegated_rights(world.shop)


def test_a_deeper_customer_is_read_and_the_own_page_is_not_there(world: World) -> None:
    client = signed_in(world.user("reseller"))
    assert "Switch to the owner first." in text_of(client.get(page_of(world.shop)))
    assert send(client, world.shop, []).status_code == 403
    assert client.get(page_of(world.reseller)).status_code == 403
    assert signed_in(world.user("other_reseller")).get(page_of(world.shop)).status_code == 404


def test_roles_are_explained_with_their_users(world: World) -> None:
    shown = text_of(signed_in(world.user("sub_reseller")).get(page_of(world.shop)))
    roles = shown.partition('id="roles"')[2].partition("</section>")[0]
    assert roles.count("<tr>") == 6
    assert "A role narrows, it never adds" in roles
