"""The words of letters: which there are, and the page that changes one."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.services.letter_previews import known_values
from notifications.catalogue import CATALOGUE, Kind
from notifications.choices import Event
from notifications.forms import WordsForm
from notifications.models import MessageTemplate
from notifications.selectors import EDIT_WORDS, may_send_test, own_words
from notifications.services import templates as services
from notifications.services.letters import send_test
from notifications.services.rendering import Words, logo_as_seen, reply_address, sender_name
from softswitch.core.chrome import Action, Badge, Link, Tab
from softswitch.core.display import listed
from softswitch.core.errors import DomainError
from softswitch.core.views import FormView, PageView
from softswitch.core.views.access import AccessMixin, PageMixin

LANGUAGES = dict(settings.LANGUAGES)


class WordsMixin(PageMixin):
    """Pages about one event in one language, which the address names."""

    permission = EDIT_WORDS
    is_for_accounts = False

    @property
    def event(self) -> Event:
        """The event that is asked for: 404 where there is none."""
        asked = self.request.GET.get("event", Event.values[0])
        if asked not in Event.values:
            raise Http404
        return Event(asked)

    @property
    def language(self) -> str:
        """The language that is asked for, else the reader's own."""
        asked = str(self.request.GET.get("language", self.actor.language))
        if asked not in LANGUAGES:
            raise Http404
        return asked

    @property
    def kind(self) -> Kind:
        return CATALOGUE[self.event]

    def url(self, name: str = "edit", **changes: str) -> str:
        """A page about the event and language, or those of ``changes``."""
        asked = {"event": self.event.value, "language": self.language} | changes
        return f"{reverse(f'notifications:template_{name}')}?{urlencode(asked)}"


class TemplateListView(PageView):
    """Every event, when it is told, and in which languages the words are the own ones."""

    permission = EDIT_WORDS
    is_for_accounts = False
    title = gettext_lazy("Message templates")
    template_name = "notifications/template_list.html"

    def get_meta(self) -> str:
        return _("Your own words go before the system's, event by event and language by language.")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        own = own_words(self.actor)
        address = reverse("notifications:template_edit")
        rows = [
            (
                event.label,
                f"{address}?{urlencode({'event': event.value})}",
                CATALOGUE[event].purpose,
                [LANGUAGES[language] for language in own.get(event, ()) if language in LANGUAGES],
            )
            for event in Event
        ]
        return super().get_context_data(rows=rows, **kwargs)


class TemplateEditView(WordsMixin, FormView):
    """The editor: the text, its fields, and what comes of it."""

    form_class = WordsForm
    template_name = "notifications/template_edit.html"
    list_url_name = "notifications:template_list"
    success_message = gettext_lazy("Saved. It counts from the next letter.")

    def get_title(self) -> str:
        return str(self.event.label)

    def get_meta(self) -> str:
        mailbox = self.kind.mailbox.label
        told = _("To the %(mailbox)s, from %(sender)s, in the language of the recipient.")
        sender = sender_name(self.actor.customer)
        return f"{self.kind.purpose} {told % {'mailbox': mailbox, 'sender': sender}}"

    def get_crumbs(self) -> Sequence[Link]:
        return [Link(_("Message templates"), self.get_list_url())]

    def get_status(self) -> Badge | None:
        return Badge(_("Your version"), "info") if self.is_own else None

    def get_actions(self) -> Sequence[Action]:
        if not self.is_own:
            return []
        return [Action(_("Back to the default"), self.url("reset"), "arrow-path", post=True)]

    @property
    def is_own(self) -> bool:
        return self.language in self.own.get(self.event, {})

    @cached_property
    def own(self) -> dict[str, dict[str, MessageTemplate]]:
        """The own words of every event."""
        return own_words(self.actor)

    @property
    def words(self) -> Words:
        """The words in force."""
        row = self.own.get(self.event, {}).get(self.language)
        if row is not None:
            return row.subject, row.body
        return services.neutral_in(self.event, self.language)

    def get_initial(self) -> dict[str, Any]:
        subject, body = self.words
        return {"subject": subject, "body": body}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if "preview" in request.POST or "test" in request.POST:
            return self.try_out()
        return super().post(request, *args, **kwargs)

    def try_out(self) -> HttpResponseBase:
        """Show the words as they would be, keep what was typed, and mail them if asked to."""
        form: Any = self.get_form()
        if not form.is_valid():
            return self.render(422, form=form)
        shown = shown_preview(self, form)
        if "test" in self.request.POST and "letter" in shown:
            try:
                message = send_test(actor=self.actor, letter=shown["letter"])
            except DomainError as error:
                messages.error(self.request, error.message)
            else:
                text = _("A test is on its way to %s.") % message.recipient
                messages.success(self.request, text)
        return self.render(form=form, shown=shown)

    def service(self, form: WordsForm) -> None:
        services.save_words(
            actor=self.actor, event=self.event, language=self.language, words=typed(form)
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if "shown" not in kwargs:
            kwargs["shown"] = shown_preview(self, kwargs["form"])
        return super().get_context_data(
            fields=self.kind.all_fields,
            events=[
                (
                    Tab(event.label, self.url(event=event.value), event == self.event),
                    event in self.own,
                )
                for event in Event
            ],
            languages=[
                Tab(name, self.url(language=code), code == self.language)
                for code, name in settings.LANGUAGES
            ],
            preview_url=self.url("preview"),
            may_test=may_send_test(self.actor),
            **kwargs,
        )


class TemplatePreviewView(WordsMixin, AccessMixin):
    """What is typed as a letter, for HTMX; what is wrong with it is said in its place."""

    template_name = "notifications/template_preview.html"
    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        form = WordsForm(data=request.POST, actor=self.actor)
        return self.render(shown=shown_preview(self, form))


class TemplateResetView(WordsMixin, AccessMixin):
    """Back to the system's words of an event in a language."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        services.reset_words(actor=self.actor, event=self.event, language=self.language)
        messages.success(request, _("The system's words count again."))
        return HttpResponseRedirect(self.url())


def typed(form: Any) -> Words:
    """The words of a form: those that were sent, else those that it began with."""
    data = form.cleaned_data if form.is_bound else form.initial
    return data["subject"], data["body"]


def shown_preview(page: Any, form: Any) -> dict[str, Any]:
    """What the preview shows: letter, sender and recipient, or what is wrong with the words."""
    if form.is_bound and not form.is_valid():
        problems = [f"{form[name].label}: {errors[0]}" for name, errors in form.errors.items()]
        return {"problems": problems}
    customer = form.cleaned_data.get("customer") if form.is_bound else None
    try:
        recipient, letter = services.preview(
            actor=page.actor,
            event=page.event,
            language=page.language,
            words=typed(form),
            customer=customer,
            values=known_values(actor=page.actor, customer=customer) if customer else {},
        )
    except DomainError as error:
        return {"problems": [error.message]}
    owner = page.actor.customer
    unsaid = services.unsaid(event=page.event, language=page.language, words=typed(form))
    return {
        "letter": letter,
        "recipient": recipient,
        "sender": sender_name(owner),
        "reply_to": reply_address(owner),
        "logo": logo_as_seen(owner),
        "unsaid": listed(unsaid),
        "is_sample": customer is None,
    }
