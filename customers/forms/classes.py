"""The form of a customer class: its name, and the parameters that its customers inherit."""

from typing import Any

from django import forms
from django.forms.models import fields_for_model
from django.utils.translation import gettext_lazy as _

from customers.forms.parameters import ParametersForm
from customers.models import CustomerClass
from customers.selectors.parameters import CHOSEN_FIELDS, NOTHING, inherited
from softswitch.core.forms import Section

_COLUMN = fields_for_model(CustomerClass, fields=("name", "description"))


class ClassForm(ParametersForm):
    """A class; the settings, term and tax in ``initial`` count for what is empty."""

    sections = (
        Section(
            _("Class"),
            ("name", "description"),
            help=_("Its customers inherit what they do not set themselves, at once."),
        ),
        *ParametersForm.sections,
    )

    name = _COLUMN["name"]
    description = forms.CharField(label=_("Description"), required=False, max_length=300)

    def __init__(self, *args: Any, initial: dict[str, Any], **kwargs: Any) -> None:
        shown = {name: initial.get(name) for name in (*CHOSEN_FIELDS, "tax_percent")}
        nothing = [name for name, value in shown.items() if value is NOTHING]
        chosen = {name: value for name, value in shown.items() if value is not NOTHING}
        above = inherited(own=CustomerClass(nothing=nothing, **chosen))
        super().__init__(*args, initial=initial, inherited=above, **kwargs)
