"""The generic views all pages are declared with.

Each declares ``permission`` (a right, or None for everybody signed in) and, where it shows rows,
``model``. Strangers go to the login page, a missing right is 403, a row out of scope 404.

PageView    a page without rows of its own (dashboard): ``template_name``, ``get_context_data``
ListView    ``table_class``, ``filterset_class``, ``bulk_actions``; export, columns, paging included
DetailView  one row in ``template_name`` (extends base_detail.html)
CreateView, EditView, FormView   ``form_class`` and ``service(form)``, which calls one service
RowEditView a row of a list turned into inputs, on a page of its own without HTMX
ConfirmView a page that names the consequence, and on POST calls ``service(obj)``
ActionView  POST only: ``service(obj)``
DownloadView   ``get_download(obj)`` or rows of its own: a file

All take ``title``, ``get_title``, ``get_meta``, ``get_crumbs``, ``get_actions``, ``get_tabs``,
``get_status``; ``refine(queryset)`` adds joins and annotations after the scope. In a view the actor
is ``self.actor``, the row ``self.object``.
"""

from softswitch.core.views.access import AccessMixin, PageMixin, PageView, ScopedMixin
from softswitch.core.views.actions import ActionView, ConfirmView, Download, DownloadView
from softswitch.core.views.detail import DetailView
from softswitch.core.views.edit import CreateView, EditView, FormView
from softswitch.core.views.inplace import RowEditView
from softswitch.core.views.lists import ListView

__all__ = [
    "AccessMixin",
    "ActionView",
    "ConfirmView",
    "CreateView",
    "DetailView",
    "Download",
    "DownloadView",
    "EditView",
    "FormView",
    "ListView",
    "PageMixin",
    "PageView",
    "RowEditView",
    "ScopedMixin",
]
