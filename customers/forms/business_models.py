"""The form of a business model: kinds, account types and features."""

from typing import Any

from django import forms
from django.forms.models import fields_for_model
from django.utils.translation import gettext_lazy as _

from accounts.selectors.kinds import account_kind_choices
from customers.choices import Kind
from customers.models import BusinessModel
from customers.permissions import RIGHTS
from customers.selectors import effective_rights
from softswitch.core.forms import ScopedForm, Section

_COLUMN = fields_for_model(BusinessModel, fields=("name",))
_VERBS = {"add": _("add"), "edit": _("edit"), "delete": _("delete")}


class BusinessModelForm(ScopedForm):
    """A business model; of the features, those that the owner holds itself."""

    sections = (
        Section(_("Business model"), ("name", "description")),
        Section(
            _("Service"),
            ("kinds", "account_kinds"),
            help=_("Which customers can be of this model, and which accounts they can have."),
        ),
        Section(
            _("Features"),
            ("rights",),
            help=_(
                "A customer of this model, and everybody below it, holds no other right, whatever "
                "is granted. A change counts at once."
            ),
        ),
    )

    name = _COLUMN["name"]
    description = forms.CharField(label=_("Description"), required=False, max_length=300)
    kinds = forms.MultipleChoiceField(
        label=_("Kinds"),
        choices=[choice for choice in Kind.choices if choice[0] != Kind.ROOT],
        widget=forms.CheckboxSelectMultiple,
    )
    account_kinds = forms.MultipleChoiceField(
        label=_("Account types"),
        required=False,
        choices=account_kind_choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Nothing ticked: all types."),
    )
    rights = forms.MultipleChoiceField(
        label=_("Rights"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rights: Any = self.fields["rights"]
        rights.choices = right_choices(effective_rights(self.actor.customer))


def right_choices(held: frozenset[str]) -> list[tuple[str, str]]:
    """The delegated rights among ``held``: ("customers.add", "Customers: add")."""
    choices = []
    for right in RIGHTS:
        if right.delegated and right.code in held:
            verb = _VERBS.get(right.code.rpartition(".")[2])
            choices.append((right.code, f"{right.label}: {verb}" if verb else str(right.label)))
    return choices
