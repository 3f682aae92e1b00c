"""Time-of-day profiles of the acting owner: list, create, edit, copy, delete."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from softswitch.core.chrome import Action, Link
from softswitch.core.views import ConfirmView, CreateView, EditView, ListView
from softswitch.core.views.access import ScopedMixin
from tariffs.forms import ProfileForm
from tariffs.models import RateProfile
from tariffs.selectors import counted_profiles, open_rates
from tariffs.services.profiles import archive_profile, create_profile, edit_profile
from tariffs.tables import ProfileTable

LIST = "tariffs:profile_list"


class OwnProfileMixin(ScopedMixin):
    """The profiles of the acting owner; those of owners below are theirs (404)."""

    permission = "tariffs.edit"
    model = RateProfile

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return counted_profiles(queryset, self.actor)


class ProfileListView(OwnProfileMixin, ListView):
    """All profiles, with how many rates use each."""

    permission = "tariffs.view"
    title = gettext_lazy("Time-of-day profiles")
    table_class = ProfileTable
    empty_icon = "calendar-days"
    empty_title = gettext_lazy("No profiles yet")
    empty_text = gettext_lazy("A profile says when a rate applies: peak, off-peak, weekend.")

    def get_actions(self) -> list[Action]:
        url = reverse("tariffs:profile_create")
        return [Action(_("New profile"), url, "plus", "tariffs.edit", primary=True)]


class ProfileFormMixin(OwnProfileMixin):
    """Where the form of a profile leads."""

    list_url_name = LIST
    edit_url_name = "tariffs:profile_edit"

    def get_crumbs(self) -> list[Link]:
        return [Link(_("Time-of-day profiles"), reverse(LIST))]


class ProfileCreateView(ProfileFormMixin, CreateView):
    """A new profile."""

    form_class = ProfileForm
    title = gettext_lazy("New profile")

    def service(self, form: ProfileForm) -> RateProfile:
        return create_profile(actor=self.actor, **form.cleaned_data)


class ProfileCopyView(ProfileCreateView):
    """A new profile that begins as another: the way to change one that rates use."""

    title = gettext_lazy("Copy profile")

    @cached_property
    def source(self) -> RateProfile:
        found: RateProfile = self.get_object()
        return found

    def get_initial(self) -> dict[str, Any]:
        name = _("%(name)s (copy)") % {"name": self.source.name}
        return shown(self.source) | {"name": name[:80]}


class ProfileEditView(ProfileFormMixin, EditView):
    """Name and holidays ahead; the times only while no rate uses the profile."""

    form_class = ProfileForm

    def get_title(self) -> str:
        return str(self.object)

    def get_meta(self) -> str:
        if not self.object.uses:
            return _("No rate uses it yet.")
        return _("Rates use it: its times are fixed. Copy it to change them.")

    def get_actions(self) -> list[Action]:
        copy, delete = (
            reverse(f"tariffs:profile_{name}", args=[self.object.pk]) for name in ("copy", "delete")
        )
        return [
            Action(_("Copy"), copy, "document-duplicate"),
            Action(_("Delete"), delete, "x-mark", danger=True, more=True),
        ]

    def get_initial(self) -> dict[str, Any]:
        return shown(self.object)

    def get_form(self) -> Any:
        form = super().get_form()
        form.fields["windows"].disabled = bool(self.object.uses)
        return form

    def service(self, form: ProfileForm) -> RateProfile:
        return edit_profile(actor=self.actor, profile=self.object, **form.cleaned_data)


class ProfileDeleteView(OwnProfileMixin, ConfirmView):
    """Refused while a rate uses it now or later."""

    return_url_name = LIST
    success_message = gettext_lazy("Deleted.")

    def get_title(self) -> str:
        return _("Delete %(name)s?") % {"name": self.object}

    def get_crumbs(self) -> list[Link]:
        return [Link(_("Time-of-day profiles"), reverse(LIST))]

    def get_warning(self) -> str:
        used = open_rates(self.object)
        return _("In use: %(count)s rates.") % {"count": used} if used else ""

    def get_facts(self) -> Iterable[tuple[str, str]]:
        yield _("Stays"), _("What calls were charged by it.")

    def service(self, obj: RateProfile) -> None:
        archive_profile(actor=self.actor, profile=obj)


def shown(profile: RateProfile) -> dict[str, str]:
    """What the form shows of a profile."""
    return {
        "name": profile.name,
        "windows": profile.times,
        "holidays": "\n".join(day.isoformat() for day in profile.holidays),
    }
