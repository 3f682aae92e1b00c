"""Forms of CDR uploads, switches, re-ratings and what-ifs."""

from calls.forms.deliveries import ImportForm, SettleForm, SwitchForm
from calls.forms.re_rating import ReRatingForm
from calls.forms.what_if import CompareForm, RenameForm, WhatIfForm

__all__ = [
    "CompareForm",
    "ImportForm",
    "ReRatingForm",
    "RenameForm",
    "SettleForm",
    "SwitchForm",
    "WhatIfForm",
]
