"""The form of a customer template's name; its answers are on the forms of the wizard's steps."""

from django.forms.models import fields_for_model

from customers.models import CustomerTemplate
from softswitch.core.forms import ScopedForm

_COLUMN = fields_for_model(CustomerTemplate)


class TemplateForm(ScopedForm):
    """Under which name answers are kept."""

    widths = {"name": 3}
    name = _COLUMN["name"]
    description = _COLUMN["description"]
