"""Destination groups: what an owner adds up as one line of a report or an invoice."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from tariffs.querysets import DestinationGroupQuerySet

NAME_SIZE = 120  # as Rate.destination


class DestinationGroup(models.Model):
    """Destinations by country and by name, such as "Europe, mobile".

    A destination is in it that has one of ``countries`` (ISO codes) and whose name fits one of
    ``patterns``, whatever its case, ``*`` being any text; where one of the two is empty, the other
    alone tells. What several groups of an owner claim is in the one of the lowest ``position``.
    """

    owner = models.ForeignKey(
        "customers.Customer", models.PROTECT, related_name="destination_groups"
    )
    name = models.CharField(_("name"), max_length=80)
    position = models.PositiveSmallIntegerField(_("order"), default=10)
    countries = ArrayField(
        models.CharField(max_length=2, validators=[RegexValidator(r"^[A-Z]{2}\Z")]),
        verbose_name=_("countries"),
        default=list,
        blank=True,
    )
    patterns = ArrayField(
        models.CharField(max_length=NAME_SIZE),
        verbose_name=_("destinations"),
        default=list,
        blank=True,
    )

    objects: ClassVar = DestinationGroupQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                "owner",
                Lower("name"),
                name="destination_group_name_taken",
                violation_error_message=_("You have a destination group of this name."),
            ),
        ]

    def __str__(self) -> str:
        return self.name
