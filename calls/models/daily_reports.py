"""Automatic reports: how far each was planned, and one row per report and local day."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from calls.choices import DailyReportState, ReportKind
from calls.querysets import DailyReportQuerySet
from customers.choices import Recipients
from softswitch.core.fields import ZoneColumn


class ReportSchedule(models.Model):
    """The first local day of which a customer's report is not planned yet.

    There while the customer has the report: switched off and on again, it begins anew.
    """

    customer = models.ForeignKey(
        "customers.Customer", models.CASCADE, related_name="report_schedules"
    )
    kind = models.CharField(max_length=15, choices=ReportKind.choices)
    next_day = models.DateField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint("customer", "kind", name="report_schedule_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.next_day}"


class DailyReport(models.Model):
    """One report about one local day of a customer, told by its owner of the time (``issuer``).

    ``day`` begins at ``since`` and ends at ``until`` in ``timezone``. ``told``: who was to get it,
    ``recipients`` and ``own_recipients`` are the customer's and the issuer's addresses that did.
    ``file`` is what was computed; a list of many calls has none and is read when it is asked for.
    ``closing`` is the balance that was told, of balance summaries.
    """

    issuer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="+")
    customer = models.ForeignKey(
        "customers.Customer",
        models.PROTECT,
        related_name="daily_reports",
        verbose_name=_("customer"),
    )
    kind = models.CharField(_("report"), max_length=15, choices=ReportKind.choices)
    day = models.DateField(_("day"))
    timezone = ZoneColumn(verbose_name=_("time zone"))
    since = models.DateTimeField()
    until = models.DateTimeField()
    due_at = models.DateTimeField(_("due"))
    planned_at = models.DateTimeField()
    state = models.CharField(
        _("state"),
        max_length=11,
        choices=DailyReportState.choices,
        default=DailyReportState.WAITING,
    )
    told = models.CharField(_("recipient"), max_length=8, choices=Recipients.choices)
    recipients = ArrayField(models.EmailField(), default=list)
    own_recipients = ArrayField(models.EmailField(), default=list)
    calls = models.BigIntegerField(_("calls"), null=True)
    closing = models.DecimalField(max_digits=20, decimal_places=6, null=True, editable=False)
    file = models.ForeignKey(
        "notifications.Attachment", models.PROTECT, null=True, related_name="+"
    )
    times_sent = models.PositiveSmallIntegerField(_("times sent"), default=0)
    sent_at = models.DateTimeField(_("sent"), null=True)
    failure = models.CharField(max_length=300, blank=True)

    objects: ClassVar = DailyReportQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint("customer", "kind", "day", name="daily_report_once")]
        indexes = [
            models.Index(fields=["issuer", "-day"], name="daily_report_by_issuer"),
            models.Index(
                "due_at",
                "id",
                name="daily_report_waiting",
                condition=Q(state=DailyReportState.WAITING),
            ),
            models.Index(
                "customer",
                "kind",
                "day",
                name="daily_report_next",
                condition=Q(state=DailyReportState.WAITING),
            ),
            models.Index("sent_at", name="daily_report_file", condition=Q(file__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.day}"
