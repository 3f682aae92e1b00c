"""The form of a letter's words."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from softswitch.core.forms import NamedChoiceField, ScopedForm


class WordsForm(ScopedForm):
    """Subject and text of an event in a language, and whom the preview shows it to."""

    subject = forms.CharField(label=_("Subject"), max_length=250)
    body = forms.CharField(
        label=_("Text"),
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 16, "class": "mono", "dir": "auto"}),
        help_text=_("Plain text. Lines and links are kept; HTML is made from it."),
    )
    customer = NamedChoiceField(
        queryset=Customer.objects.all(),
        label=_("Preview for the customer"),
        required=False,
        help_text=_("The name of one of your customers; empty: samples."),
    )

    def narrow_customer(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(owner=self.actor.customer_id, archived_at=None)
