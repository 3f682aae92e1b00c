"""Time-of-day profiles: when the rates that name one apply."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from tariffs.parsers.windows import write_windows
from tariffs.querysets import RateProfileQuerySet


class RateProfile(models.Model):
    """Local times of weekdays and holidays, such as "Peak", in the zone of each tariff with it.

    ``windows`` are ``[days, start, end]``: bits of the days (Monday is 1, Sunday 64, holidays 128)
    and minutes of the day, half-open. They stay as they are once a rate uses the profile, and so do
    the ``holidays`` that have begun: calls were priced by them.
    """

    owner = models.ForeignKey("customers.Customer", models.PROTECT, related_name="rate_profiles")
    name = models.CharField(_("name"), max_length=80)
    windows = models.JSONField(_("times"))
    holidays = ArrayField(models.DateField(), verbose_name=_("holidays"), default=list, blank=True)
    archived_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar = RateProfileQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                "owner",
                Lower("name"),
                condition=Q(archived_at=None),
                name="rate_profile_name_taken",
                violation_error_message=_("You have a profile of this name."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def times(self) -> str:
        """The windows in words, one a line."""
        return write_windows(self.windows)
