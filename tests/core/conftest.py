"""A small tree behind the pages of tests/core/pages.py: Root, two resellers, sub-customers."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from django.test import Client

from customers.choices import Kind, Role
from customers.models import Customer, User
from customers.selectors import system_actor
from customers.services.permissions import grant_defaults
from customers.services.tree import insert_node
from customers.services.users import create_user


@dataclass
class Tree:
    """Who is in the tree; ``login(user)`` gives a browser that is signed in."""

    root: Customer
    reseller: Customer
    other: Customer
    sub: Customer
    operator: User
    seller: User
    reporter: User

    def login(self, user: User) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client


def add_customer(name: str, kind: str, owner: Customer) -> Customer:
    """A customer below ``owner`` with the usual rights."""
    customer = Customer(name=name, kind=kind, rights_group=Group.objects.create(name=name))
    with transaction.atomic():
        insert_node(customer=customer, owner=owner)
    grant_defaults(actor=system_actor(), customer=customer)
    return customer


@pytest.fixture
def tree(db: None) -> Tree:
    group = Group.objects.create(name="root")
    root = Customer.objects.filter(is_root=True).first()
    if root is None:
        root = Customer(name="Operator", kind=Kind.ROOT, is_root=True, rights_group=group)
        Customer.objects.insert_node(root, None, save=True)
    reseller = add_customer("Calder Voice", Kind.RESELLER, root)
    other = add_customer("Andes Conecta", Kind.RESELLER, root)
    sub = add_customer("hartwell & sons", Kind.BUSINESS, reseller)
    password = "correct horse battery"
    actor = system_actor()

    def user(
        customer: Customer, login: str, name: str = "", role: str = Role.ADMINISTRATOR
    ) -> User:
        return create_user(
            actor=actor, customer=customer, login=login, password=password, name=name, role=role
        )

    return Tree(
        root=root,
        reseller=reseller,
        other=other,
        sub=sub,
        operator=user(root, "maya", name="Maya Okonkwo"),
        seller=user(reseller, "ruth"),
        reporter=user(reseller, "rolf", role="reporter"),
    )


@pytest.fixture(autouse=True)
def no_menu(settings: Any) -> None:
    """The product's menu names pages that the addresses of tests/core/pages.py do not have."""
    settings.NAVIGATION = ()
