"""The columns of a login: who gets one, and where the letter with its link would go."""

from django.utils.translation import gettext as _

from billing.selectors.records.columns import LOGIN
from billing.services.records.cells import Cells
from billing.services.records.plans import clean_key
from customers.models import Customer, User
from customers.tenancy import Actor

FIELDS = {"login": "login", "login_name": "name", "login_email": "email"}


def new_login(row: Cells, actor: Actor, customer: Customer, *, address: str = "") -> User | None:
    """The login that a row asks for, not stored yet; ``address`` takes its letters without another.

    None without one. What is wrong is noted in ``row``.
    """
    if not row.text("login"):
        given = [name for name in LOGIN if row.text(name)]
        if given:
            row.wrong("login", _("Enter a login for this name or e-mail address."))
        return None
    values = {
        field: row.clean(name, User, field) for name, field in FIELDS.items() if row.text(name)
    }
    if actor.is_switched:
        row.wrong("login", _("Logins are not made while switched."))
    if not (values.get("email") or address):
        row.wrong("login_email", _("Enter an address: the link to set a password goes there."))
    return User(
        login=clean_key("login", row.text("login")),
        name=(values.get("name") or "").strip(),
        email=values.get("email") or "",
        customer=customer,
    )
