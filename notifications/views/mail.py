"""Pages of how an owner's mail leaves, and of trying it out."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications.choices import MailSecurity, MailStep
from notifications.forms import MailSettingsForm
from notifications.models import MailSettings
from notifications.selectors import may_send_test, own_mail_settings, own_rest
from notifications.services.delivery import Trial, try_out
from notifications.services.letters import send_test
from notifications.services.mail_settings import save_mail_settings
from softswitch.core.chrome import Action, Badge, Link
from softswitch.core.display import datetime_text, spoken
from softswitch.core.errors import DomainError
from softswitch.core.pictures import MOST_BYTES, data_uri
from softswitch.core.views import FormView, PageMixin

MANAGE = "users.manage"
# What the form shows under the names of columns.
COLUMNS = tuple(MailSettingsForm.base_fields.keys() - {"password", "logo_file", "without_logo"})


class MailSettingsView(FormView):
    """From whom mail comes and through which server; the password is never shown again."""

    permission = "profile.edit"
    is_for_accounts = False
    form_class = MailSettingsForm
    template_name = "notifications/mail_settings.html"
    title = gettext_lazy("Mail settings")
    close_label = ""

    @cached_property
    def row(self) -> MailSettings:
        return own_mail_settings(self.actor) or MailSettings()

    def get_initial(self) -> dict[str, Any]:
        return {name: getattr(self.row, name) for name in COLUMNS}

    def get_actions(self) -> list[Action]:
        return [test_action()] if may_send_test(self.actor) else []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        logo = self.row.logo
        return super().get_context_data(
            row=self.row,
            has_password=self.row.password is not None,
            logo=data_uri(logo.content_type, bytes(logo.content)) if logo else "",
            rest=self.get_rest(),
            **kwargs,
        )

    def get_rest(self) -> str:
        """What waits for its server, in a sentence; empty where nothing does."""
        rest = own_rest(self.actor)
        if rest is None:
            return ""
        facts = {"at": datetime_text(rest.until), "reason": spoken(rest.reason)}
        return _("Letters wait until %(at)s, as the server failed: %(reason)s") % facts

    def service(self, form: Any) -> MailSettings:
        data = form.cleaned_data
        values = {name: data[name] for name in COLUMNS if name in data}
        file = data["logo_file"]
        return save_mail_settings(
            actor=self.actor,
            values=values | ({"logo": None} if data["without_logo"] else {}),
            password=data.get("password", ""),
            logo_file=None if file is None else file.read(MOST_BYTES + 1),
        )

    def get_stay_url(self, saved: Any) -> str:
        return self.request.path

    def get_close_url(self, saved: Any) -> str:
        return reverse("notifications:message_list")


class TestMailView(PageMixin):
    """A mail to the signed-in user's own address, to see that mail arrives.

    Through an own server at once, telling what it answered; else by a worker, as all mail.
    """

    permission = MANAGE
    http_method_names = ["post", "options"]
    template_name = "notifications/trial.html"
    title = gettext_lazy("Test mail")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        own = own_mail_settings(self.actor)
        try:
            if own is not None and own.host:
                return self.answer(own, try_out(actor=self.actor))
            message = send_test(actor=self.actor)
        except DomainError as error:
            messages.error(request, error.message)
            return HttpResponseRedirect(reverse("notifications:message_list"))
        messages.success(request, _("A test mail is on its way to %s.") % message.recipient)
        return HttpResponseRedirect(reverse("notifications:message_detail", args=[message.pk]))

    def answer(self, own: MailSettings, trial: Trial) -> TemplateResponse:
        return self.render(
            trial=trial,
            answer=spoken(trial.answer),
            server=f"{own.host}:{own.port}",
            steps=steps_of(own, trial.failed_at),
        )

    def get_crumbs(self) -> list[Link]:
        return [Link(_("Mail settings"), reverse("notifications:mail_settings"))]

    def get_actions(self) -> list[Action]:
        return [test_action()]


def test_action() -> Action:
    """The button that sends a test mail."""
    url = reverse("notifications:test_mail")
    return Action(_("Send me a test mail"), url, "paper-airplane", post=True)


def steps_of(own: MailSettings, failed_at: MailStep | None) -> list[tuple[str, Badge]]:
    """The steps that a letter takes on its way to a server, and how each went."""
    taken = [
        step
        for step in MailStep
        if (step != MailStep.ENCRYPTION or own.security != MailSecurity.NONE)
        and (step != MailStep.SIGN_IN or own.user)
    ]
    order = list(MailStep)
    reached = order.index(failed_at) if failed_at else len(order)
    done, failed, not_reached = Badge(_("Done"), "ok"), Badge(_("Failed"), "bad"), Badge("–")
    return [
        (
            str(step.label),
            failed if step == failed_at else done if order.index(step) < reached else not_reached,
        )
        for step in taken
    ]
