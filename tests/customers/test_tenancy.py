"""Who sees what, and which rights are in effect at each level of the tree."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from customers.models import AuditEvent, BusinessModel, Customer
from customers.permissions import DELEGATED, SYSTEM
from customers.selectors import actor_for, audit_rows, effective_rights
from customers.selectors.rights import holding
from customers.services.customers import edit_profile
from customers.services.permissions import delegated_rights, set_rights
from customers.services.session import switch_to
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from tests.world import World


def seen(actor: Actor) -> set[str]:
    return set(Customer.objects.visible_to(actor).values_list("name", flat=True))


def test_each_sees_itself_and_what_is_below(world: World) -> None:
    assert seen(world.actor("operator")) == {c.name for c in Customer.objects.all()}
    assert seen(world.actor("reseller")) == {"Reseller", "Sub reseller", "Sub customer", "Shop"}
    assert seen(world.actor("sub_reseller")) == {"Sub reseller", "Shop"}
    assert seen(world.actor("other_reseller")) == {"Other reseller"}


def test_a_revoked_right_is_gone_below_at_once_and_comes_back(world: World) -> None:
    reseller = world.reseller
    operator = world.actor("operator")
    before = delegated_rights(reseller)
    assert world.actor("sub_reseller").can("customers.add")
    set_rights(actor=operator, customer=reseller, rights=before - {"customers.add"})
    assert not world.actor("sub_reseller").can("customers.add")
    assert "customers.add" in delegated_rights(world.sub_reseller)
    set_rights(actor=operator, customer=reseller, rights=before)
    assert world.actor("sub_reseller").can("customers.add")


def test_nobody_grants_what_it_does_not_hold(world: World) -> None:
    held = delegated_rights(world.sub_reseller)
    for right in SYSTEM:
        with pytest.raises(DomainError) as refused:
            set_rights(
                actor=world.actor("reseller"), customer=world.sub_reseller, rights=held | {right}
            )
        assert refused.value.code == "not_held"


def test_what_the_kind_excludes_cannot_be_granted(world: World) -> None:
    held = delegated_rights(world.sub_customer)
    with pytest.raises(DomainError) as refused:
        set_rights(
            actor=world.actor("reseller"),
            customer=world.sub_customer,
            rights=held | {"customers.add"},
        )
    assert refused.value.code == "excluded_by_kind"


def test_only_the_owner_sets_rights(world: World) -> None:
    for who in ("operator", "sub_reseller", "other_reseller"):
        with pytest.raises(PermissionDenied):
            set_rights(actor=world.actor(who), customer=world.sub_reseller, rights=DELEGATED)


def test_roles_narrow_a_users_rights(world: World) -> None:
    user = world.user("reseller")
    user.role = "reporter"
    actor = actor_for(user)
    assert actor.can("cdrs.view")
    assert not actor.can("customers.add")
    assert not actor.can("customers.view")


def test_switching_goes_down_step_by_step_and_takes_the_lesser_rights(world: World) -> None:
    actor = world.actor("operator")
    stack = switch_to(actor=actor, customer=world.reseller)
    acting = actor_for(world.user("operator"), stack=stack)
    assert acting.customer == world.reseller
    assert not acting.can("system.settings")
    stack = switch_to(actor=acting, customer=world.shop)
    acting = actor_for(world.user("operator"), stack=stack)
    assert acting.stack == (world.root.pk, world.reseller.pk, world.shop.pk)
    assert not acting.can("customers.add")
    with pytest.raises(PermissionDenied):
        switch_to(actor=acting, customer=world.reseller)


def test_a_stack_that_left_the_subtree_ends_there(world: World) -> None:
    stack = (world.other_reseller.pk, world.shop.pk)
    assert actor_for(world.user("operator"), stack=stack).customer == world.other_reseller
    assert actor_for(world.user("shop"), stack=(world.reseller.pk,)).customer == world.shop


def test_roots_administrator_keeps_edit_and_maintenance_while_switched(world: World) -> None:
    operator = world.actor("operator")
    held = delegated_rights(world.reseller)
    set_rights(actor=operator, customer=world.reseller, rights=held - {"customers.edit"})
    assert not world.actor("reseller").can("customers.edit")
    acting = actor_for(world.user("operator"), stack=(world.reseller.pk,))
    assert acting.can("customers.edit")
    assert acting.can("money.manage")
    edit_profile(actor=acting, customer=world.sub_customer, values={"company_name": "New"})


def test_an_account_user_sees_its_account_only(world: World) -> None:
    user = world.account.users.get()
    actor = actor_for(user)
    assert actor.rights == {"cdrs.view"}
    assert seen(actor) == set()
    assert list(type(world.account).objects.visible_to(actor)) == [world.account]


def test_the_owner_edits_its_direct_customer_and_nobody_deeper(world: World) -> None:
    edit_profile(actor=world.actor("sub_reseller"), customer=world.shop, values={"tax_id": "GB 1"})
    for who in ("operator", "reseller", "other_reseller", "sub_customer"):
        with pytest.raises(PermissionDenied):
            edit_profile(actor=world.actor(who), customer=world.shop, values={"tax_id": "X"})


def test_a_customer_edits_its_company_but_not_its_terms(world: World) -> None:
    own = world.actor("shop")
    edit_profile(actor=own, customer=world.shop, values={"company_name": "Shop & Sons"})
    for name in ("name", "status", "call_limit", "internal_notes", "max_depth"):
        with pytest.raises(PermissionDenied):
            edit_profile(actor=own, customer=world.shop, values={name: "1"})


def test_private_changes_and_higher_users_are_hidden_in_the_audit_log(world: World) -> None:
    owner = world.actor("sub_reseller")
    edit_profile(
        actor=owner, customer=world.shop, values={"internal_notes": "slow", "tax_id": "GB 2"}
    )
    mine = world.actor("shop")
    rows: list[Any] = list(audit_rows(AuditEvent.objects.visible_to(mine), mine))
    assert rows
    assert all("internal_notes" not in row.changes for row in rows)
    assert {row.shown_user for row in rows if row.is_above} == {""}
    assert any(row.is_above for row in rows)
    above = list(audit_rows(AuditEvent.objects.visible_to(owner), owner))
    assert any("internal_notes" in row.changes for row in above)


def test_rights_of_a_move_or_kind_are_evaluated_not_copied(world: World) -> None:
    Customer.objects.filter(pk=world.sub_reseller.pk).update(kind="business")
    world.sub_reseller.refresh_from_db()
    assert "customers.add" not in effective_rights(world.sub_reseller)
    assert "customers.add" in delegated_rights(world.sub_reseller)


def test_rights_of_many_are_those_of_each(world: World) -> None:
    """Whatever an ancestor lacks, a kind excludes or a business model leaves out."""
    model = BusinessModel.objects.create(
        owner=world.reseller, name="Few", kinds=["reseller"], rights=["cdrs.view", "customers.add"]
    )
    Customer.objects.filter(pk=world.sub_reseller.pk).update(business_model=model)
    for customer, lost in ((world.reseller, "rates.view"), (world.other_reseller, "cdrs.view")):
        rights = delegated_rights(customer) - {lost}
        set_rights(actor=world.actor("operator"), customer=customer, rights=rights)
    everybody = list(Customer.objects.all())
    asked = {(customer.pk, right) for customer in everybody for right in DELEGATED}
    expected = {(one.pk, right) for one in everybody for right in effective_rights(one) & DELEGATED}
    assert holding(asked) == expected
    for code in ("cdrs.view", "customers.add", "rates.view"):
        assert 0 < sum(right == code for _pk, right in expected) < len(everybody)
    assert holding([]) == set()
