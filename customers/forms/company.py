"""The form in which a customer edits its own company."""

from typing import Any

from django.utils.translation import gettext as _

from customers.forms.custom_fields import custom_form_fields
from customers.forms.customers import CompanyForm
from softswitch.core.forms import BoundSection


class OwnCompanyForm(CompanyForm):
    """Company data, and the custom fields that the owner lets the customer edit."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own_class = self.actor.customer.customer_class
        self.custom_fields = custom_form_fields(own_class, for_customer=True)
        self.fields.update(self.custom_fields)

    def laid_out(self) -> list[BoundSection]:
        """The custom fields, where there are any, come last under a title of their own."""
        shown = super().laid_out()
        if not self.custom_fields:
            return shown
        custom = [self[name] for name in self.custom_fields]
        return [*shown[:-1], BoundSection(_("Further data"), "", custom)]
