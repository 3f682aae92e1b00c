"""Tells whether the demo is loaded, by a mark in the notes of its Root Customer."""

from customers.models import Customer
from softswitch.core.errors import DomainError

MARK = "Demo data"  # how Root's internal notes begin


def loaded_demo() -> str:
    """What the demo was loaded with, empty if it is not there.

    Raises DomainError ``not_demo`` where a Root Customer stands that is not the demo's.
    """
    root = Customer.objects.filter(is_root=True).first()
    if root is None:
        return ""
    if not root.internal_notes.startswith(MARK):
        raise DomainError("not_demo", f"This is the installation of {root}: no place for a demo.")
    return root.internal_notes
