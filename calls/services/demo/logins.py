"""Who can log in to the demo: one login per kind of user."""

from typing import NamedTuple

from calls.services.demo.mark import loaded_demo
from calls.services.demo.plan import PASSWORD
from customers.models import User

KINDS = {
    "operator": "Root administrator",
    "auditor": "Root, read-only",
    "calder": "Reseller",
    "orchard": "Sub-reseller",
    "moorside": "Business customer",
    "moorside-desk": "Account user",
    "orchard-line": "Account user, charged by itself",
    "baltic": "Termination partner",
    "dilmun": "Reseller, in Arabic",
}


class DemoLogin(NamedTuple):
    """A login with its password, the kind of user and the customer that it belongs to."""

    kind: str
    login: str
    password: str
    customer: str


def demo_logins() -> list[DemoLogin]:
    """The demo's logins in the order of KINDS; none without the demo.

    Raises DomainError ``not_demo`` in another installation.
    """
    if not loaded_demo():
        return []
    users = User.objects.filter(login__in=KINDS).select_related("customer")
    names = {user.login: user.customer.name for user in users}
    return [
        DemoLogin(kind, login, PASSWORD, names[login])
        for login, kind in KINDS.items()
        if login in names
    ]
