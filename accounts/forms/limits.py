"""The limits of a host and its trunk, as they are set in a row of the Hosts list."""

from collections.abc import Sequence
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from softswitch.core.forms import LimitField, ScopedForm, Section


class HostLimitsForm(ScopedForm):
    """The limits of the trunk hold for all its hosts together."""

    sections: ClassVar[Sequence[Section]] = (
        Section(_("Host"), ("call_limit", "cps_limit"), _("Empty: unlimited. 0 allows none.")),
        Section(
            _("Trunk"), ("trunk_calls", "trunk_cps"), _("For all hosts of the trunk together.")
        ),
    )
    widths = {"trunk_calls": 3, "trunk_cps": 3, "call_limit": 3, "cps_limit": 3}

    trunk_calls = LimitField(_("Trunk calls"))
    trunk_cps = LimitField(_("Trunk CPS"))
    call_limit = LimitField(_("Host calls"))
    cps_limit = LimitField(_("Host CPS"))
