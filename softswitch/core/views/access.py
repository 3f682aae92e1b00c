"""Who may open a page, which rows it has, and what stands around its content."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, cast

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.views.generic import View

from softswitch.core import nav
from softswitch.core.actors import ActorLike
from softswitch.core.chrome import Action, Link, Tab, Text, permitted


def rows_of(model: type[Model], actor: Any) -> QuerySet[Any]:
    """The rows of ``model`` that ``actor`` sees."""
    rows: QuerySet[Any] = cast(Any, model).objects.visible_to(actor)
    return rows


class AccessMixin(View):
    """Login, then the declared right, before any handler runs; ``further`` are needed as well.

    A page with ``is_for_accounts`` False is closed to logins that see one account alone. The menu
    asks the same (softswitch.core.nav).
    """

    permission: ClassVar[str | None] = None
    further: ClassVar[Sequence[str]] = ()
    is_for_accounts: ClassVar[bool] = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not self.is_open_to(self.actor):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    @classmethod
    def is_open_to(cls, actor: ActorLike) -> bool:
        """Whether the actor has what the page declares; it may ask for more of a single row."""
        needed = [cls.permission, *cls.further] if cls.permission else cls.further
        is_among = cls.is_for_accounts or actor.account_id is None
        return is_among and all(actor.can(right) for right in needed)

    @classmethod
    def is_listed_to(cls, actor: ActorLike) -> bool:
        """Whether the menu leads the actor here: not where the page could only answer 404."""
        return cls.is_open_to(actor)

    @property
    def actor(self) -> Any:
        """Who acts, ``customers.tenancy.Actor``; core cannot name the class its services want."""
        return getattr(self.request, "actor")  # noqa: B009 - set by the middleware, unknown to mypy


class ScopedMixin(AccessMixin):
    """Rows of ``model`` that the actor sees: the only caller of ``visible_to`` for pages."""

    model: ClassVar[type[Model] | None] = None
    lookup: ClassVar[str] = "pk"  # the field of the URL's pk; "id" where the key has two columns
    object: Any = None

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponseBase]:
        if cls.model is None:
            raise ImproperlyConfigured(f"{cls.__name__} declares no model")
        if not hasattr(cls.model, "objects") or not hasattr(cls.model.objects, "visible_to"):
            raise ImproperlyConfigured(f"{cls.model.__name__} has no visible_to()")
        return super().as_view(**initkwargs)

    def visible(self) -> QuerySet[Any]:
        """The rows of ``model`` in the actor's scope, as they are."""
        return rows_of(cast("type[Model]", self.model), self.actor)

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Joins, annotations and narrower conditions of this page."""
        return queryset

    def get_queryset(self) -> QuerySet[Any]:
        return self.refine(self.visible())

    def get_object(self) -> Any:
        """The row that the URL's ``pk`` names: 404 if it is not there or not the actor's."""
        obj = get_object_or_404(self.get_queryset(), **{self.lookup: self.kwargs["pk"]})
        self.check_object(obj)
        return obj

    def check_object(self, obj: Any) -> None:
        """Raise PermissionDenied where this row may be seen but not used so."""

    def check_in_scope(self, obj: Model) -> None:
        """404 if a saved row has left the scope; inside atomic() it takes the write back."""
        if not rows_of(type(obj), self.actor).filter(pk=obj.pk).exists():
            raise Http404


class PageMixin(AccessMixin):
    """The page head and the answer; see base.html for what each entry becomes."""

    template_name: ClassVar[str] = ""
    title: ClassVar[Text] = ""

    def get_title(self) -> Text:
        return self.title

    def get_meta(self) -> Text:
        """One line under the title."""
        return ""

    def get_status(self) -> Any:
        """A badge beside the title: a ToneChoices member or a chrome.Badge."""
        return None

    def get_crumbs(self) -> Sequence[Link]:
        return ()

    def get_actions(self) -> Sequence[Action]:
        """Buttons of the page head; those without the right are left out."""
        return ()

    @property
    def view_name(self) -> str:
        """The full name of the page's address."""
        match = self.request.resolver_match
        return match.view_name if match else type(self).__name__

    def get_tabs(self) -> Sequence[Tab]:
        """Parts of the record; for a page of the menu, those that stand beside it (LIST_TABS)."""
        declared = cast("tuple[nav.Declared, ...]", settings.NAVIGATION)
        return nav.tabs(self.actor, self.view_name, declared, settings.LIST_TABS)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The context of the template; extend it, keep what super() gives."""
        actions = permitted(self.get_actions(), self.actor)
        return {
            "view": self,
            "actor": self.actor,
            "title": self.get_title(),
            "meta": self.get_meta(),
            "status": self.get_status(),
            "crumbs": self.get_crumbs(),
            "actions": [action for action in actions if not action.more],
            "more_actions": [action for action in actions if action.more],
            "tabs": self.get_tabs(),
            **kwargs,
        }

    def render(self, status: int = 200, **context: Any) -> TemplateResponse:
        return TemplateResponse(
            self.request, self.template_name, self.get_context_data(**context), status=status
        )


class PageView(PageMixin):
    """A page without rows of its own, such as the dashboard."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.render()
