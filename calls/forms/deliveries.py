"""Forms of CDR uploads and switches."""

from django import forms
from django.utils.translation import gettext_lazy as _

from calls.choices import CdrFormat
from calls.models import Switch
from calls.parsers.freeswitch_csv import TEMPLATES
from softswitch.core.forms import ScopedForm, ScopedModelForm, Section


class ImportForm(ScopedForm):
    """A CDR file, the switch it comes from, and its format."""

    sections = (
        Section(_("File"), ("file", "switch")),
        Section(
            _("How to read it"),
            ("format", "template"),
            help=_("Numbers and local times are read by the rules of the switch."),
        ),
    )
    widths = {"switch": 3, "format": 3, "template": 3}

    file = forms.FileField(label=_("CDR file"), help_text=_("Calls stored already count once."))
    switch = forms.ModelChoiceField(Switch.objects.all(), label=_("Switch"))
    format = forms.ChoiceField(
        label=_("Format"),
        choices=[("", _("Told from the file")), *CdrFormat.choices],
        required=False,
    )
    template = forms.ChoiceField(
        label=_("Template"),
        choices=[("", _("Default")), *((name, name) for name in TEMPLATES)],
        required=False,
        help_text=_("Only for FreeSWITCH mod_cdr_csv: the template in its configuration."),
    )


class SettleForm(ScopedForm):
    """Why a level of an unrated call costs nothing."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("Only this level becomes free; the others pay their own price."),
    )


class SwitchForm(ScopedModelForm):
    """A switch with the rules to read its numbers and times."""

    sections = (
        Section(_("Switch"), ("name", "timezone", "is_active")),
        Section(
            _("Source addresses"),
            ("source_addresses",),
            help=_("Who may deliver with the token of this switch. Empty: from anywhere."),
        ),
        Section(
            _("Numbers"),
            (
                "international_prefixes",
                "default_country_code",
                "national_prefix",
                "tech_prefix_separator",
            ),
            help=_("How called numbers are cleaned to E.164 before matching."),
        ),
    )
    widths = {
        "name": 3,
        "timezone": 3,
        "international_prefixes": 3,
        "default_country_code": 3,
        "national_prefix": 3,
        "tech_prefix_separator": 3,
    }

    class Meta:
        model = Switch
        fields = (
            "name",
            "timezone",
            "is_active",
            "source_addresses",
            "international_prefixes",
            "default_country_code",
            "national_prefix",
            "tech_prefix_separator",
        )
        labels = {
            "national_prefix": _("National prefix"),
            "tech_prefix_separator": _("Tech-prefix separator"),
        }
        help_texts = {
            "source_addresses": _("One address or network a line."),
            "international_prefixes": _("With spaces between them, such as + 00 011."),
            "default_country_code": _("For numbers in national form, such as 44."),
            "national_prefix": _("Before national numbers, such as 0."),
            "tech_prefix_separator": _("Between tech prefix and number, such as #."),
        }
        widgets = {"source_addresses": forms.Textarea({"rows": 3})}
