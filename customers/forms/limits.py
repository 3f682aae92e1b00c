"""The limits of a customer, as its owner sets them in a row of the Limits list."""

from collections.abc import Sequence
from typing import ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from softswitch.core.forms import LimitField, ScopedForm, Section


class LimitsForm(ScopedForm):
    """Credit limit in the balance's currency, calls at once, calls per second."""

    sections: ClassVar[Sequence[Section]] = (
        Section(
            _("Limits"),
            ("credit_limit", "call_limit", "cps_limit"),
            _("An empty limit of calls is no limit, 0 allows none."),
        ),
    )
    widths = {"credit_limit": 2, "call_limit": 2, "cps_limit": 2}

    credit_limit = forms.DecimalField(
        label=_("Credit limit"), min_value=0, max_digits=20, decimal_places=6
    )
    call_limit = LimitField(_("Call limit"))
    cps_limit = LimitField(_("CPS limit"))
