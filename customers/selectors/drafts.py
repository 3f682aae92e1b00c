"""The wizard's answers as they wait: the draft of a user below an owner, and templates' answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Value
from django.db.models.functions import Lower, Trim
from django.utils.timezone import now

from customers.models import Customer, CustomerDraft, CustomerTemplate
from customers.tenancy import Actor

LIFETIME = timedelta(days=1)  # without a change; then a draft is as if it had never been
# What was sent for one step: each field with its texts, as a browser sends them.
StepAnswers = Mapping[str, list[str]]
Answers = Mapping[str, StepAnswers]
# What tells one customer from another, or was its own: no template holds it. The whole of the
# company's step identifies. Passwords are in no answers at all.
IDENTIFYING: Mapping[str, frozenset[str]] = {
    "basic": frozenset(
        {"name", "main_email", "noc_email", "opening_balance", "opened_at", "internal_notes"}
    ),
    "portal": frozenset({"login", "email"}),
}
LEFT_OUT = frozenset({"company"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """What Submit was refused for: the step and the field (empty: all of it) that it is about."""

    step: str
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Draft:
    """The answers so far.

    ``key`` stands in every page of the draft, so that no page of another one (submitted or
    cancelled in another tab) writes into it. ``template`` is the name of the template it started
    from; ``is_checked`` once Submit found errors, so that all steps say theirs. After Submit
    nothing is left but ``customer_id``, whom the answers made: whoever presses Submit twice is led
    there.
    """

    key: str
    answers: Answers = field(default_factory=dict)
    template: str = ""
    is_checked: bool = False
    refusal: Refusal | None = None
    customer_id: int | None = None


def draft_of(actor: Actor) -> Draft | None:
    """The draft at which the real user works below the effective customer; None without a live one.

    What Submit leaves behind is no draft either: see ``read_draft``.
    """
    row = CustomerDraft.objects.filter(
        user=actor.user, owner=actor.customer_id, updated_at__gt=now() - LIFETIME
    ).first()
    found = read_draft(row) if row else None
    return None if found is None or found.customer_id else found


def read_draft(row: CustomerDraft) -> Draft:
    """The stored row as a Draft, whatever its age."""
    stored: dict[str, Any] = dict(row.answers)
    refused = stored.get("refusal")
    return Draft(
        key=stored.get("key", ""),
        answers=stored.get("steps", {}),
        template=stored.get("template", ""),
        is_checked=stored.get("is_checked", False),
        refusal=Refusal(*refused) if refused else None,
        customer_id=stored.get("customer"),
    )


def own_templates(actor: Actor) -> list[CustomerTemplate]:
    """The templates that the actor can create customers by, by name."""
    return list(CustomerTemplate.objects.of(actor).order_by("name", "pk"))


def is_name_taken(name: str, *, but: Customer | None = None) -> bool:
    """Whether any customer of the system, archived ones too, has this name."""
    rows = Customer.objects.annotate(plain=Lower(Trim("name")))  # as its index has it
    same = rows.filter(plain=Lower(Value(" ".join(name.split()))))
    is_taken: bool = same.exclude(pk=but.pk if but else None).exists()
    return is_taken
