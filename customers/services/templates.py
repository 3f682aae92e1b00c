"""Customer templates: answers of the wizard under a name, without what identifies a customer."""

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from customers.models import CustomerTemplate, CustomField
from customers.selectors.custom_fields import field_id_of, input_name
from customers.selectors.drafts import IDENTIFYING, LEFT_OUT, Answers, StepAnswers
from customers.services.audit import changed, record
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from softswitch.core.validation import check_columns


def create_template(
    *, actor: Actor, name: str, description: str = "", answers: Answers | None = None
) -> CustomerTemplate:
    """Store ``answers`` under a name; what identifies a customer is left out.

    Atomic with the audit row. Raises DomainError ``taken`` (field name).
    """
    _check(actor)
    template = CustomerTemplate(
        owner=actor.customer,
        name=" ".join(name.split()),
        description=description.strip(),
        answers=portable(answers or {}),
    )
    _save(actor, template, "template_created", {})
    return template


def edit_template(*, actor: Actor, template: CustomerTemplate, name: str, description: str) -> None:
    """Rename a template or describe it anew. Raises DomainError ``taken`` (field name)."""
    _check(actor, template)
    values = {"name": " ".join(name.split()), "description": description.strip()}
    differences = changed(template, values)
    if differences:
        _save(actor, template, "template_edited", differences)


def save_template_step(
    *, actor: Actor, template: CustomerTemplate, step: str, values: StepAnswers
) -> None:
    """Replace the answers of one step; customers opened by the template are not touched.

    Locks the template, so that two tabs keep each other's steps.
    """
    _check(actor, template)
    with transaction.atomic():
        row = CustomerTemplate.objects.select_for_update(no_key=True).get(pk=template.pk)
        row.answers = portable({**row.answers, step: values})
        row.save(update_fields=["answers", "updated_at"])
        record(
            actor=actor,
            customer=actor.customer,
            action="template_edited",
            subject=row,
            changes={"step": ["", step]},
        )


def copy_template(*, actor: Actor, template: CustomerTemplate) -> CustomerTemplate:
    """Another template with the same answers, under the next free "name (2)"."""
    _check(actor, template)
    taken = {row.name.lower() for row in CustomerTemplate.objects.of(actor)}
    stem = template.name[:70]
    number = next(n for n in range(2, len(taken) + 3) if f"{stem} ({n})".lower() not in taken)
    return create_template(
        actor=actor,
        name=f"{stem} ({number})",
        description=template.description,
        answers=template.answers,
    )


def delete_template(*, actor: Actor, template: CustomerTemplate) -> None:
    """Delete a template; customers opened by it stay as they are."""
    _check(actor, template)
    with transaction.atomic():
        record(actor=actor, customer=actor.customer, action="template_deleted", subject=template)
        template.delete()


def portable(answers: Answers) -> dict[str, dict[str, list[str]]]:
    """``answers`` without what identifies a customer, its personal custom fields included."""
    personal = _personal_inputs(answers)
    return {
        step: {
            name: list(texts)
            for name, texts in values.items()
            if name not in IDENTIFYING.get(step, ()) and name not in personal
        }
        for step, values in answers.items()
        if step not in LEFT_OUT
    }


def _personal_inputs(answers: Answers) -> set[str]:
    """The names in ``answers`` of custom fields with personal data."""
    keys = [field_id_of(name) for values in answers.values() for name in values]
    rows = CustomField.objects.filter(pk__in=[key for key in keys if key], is_personal=True)
    return {input_name(pk) for pk in rows.values_list("pk", flat=True)}


def _check(actor: Actor, template: CustomerTemplate | None = None) -> None:
    if not actor.can("customers.add"):
        raise PermissionDenied
    if template is not None and template.owner_id != actor.customer_id:
        raise PermissionDenied


def _save(
    actor: Actor, template: CustomerTemplate, action: str, changes: dict[str, list[object]]
) -> None:
    if not template.name:
        raise DomainError("required", _("Enter a name."), field="name")
    check_columns(template, ["name", "description"])
    try:
        with transaction.atomic():
            template.save()
            record(
                actor=actor,
                customer=actor.customer,
                action=action,
                subject=template,
                changes=changes,
            )
    except IntegrityError as error:
        raise DomainError("taken", _("A template of this name exists."), field="name") from error
