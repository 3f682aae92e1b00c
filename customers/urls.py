"""Addresses of customers, their tree, the own profile and the audit log."""

from django.urls import path

from customers.views import audit, session

app_name = "customers"
urlpatterns = [
    path("<int:pk>/switch/", session.SwitchView.as_view(), name="switch_to"),
    path("switch-back/", session.SwitchBackView.as_view(), name="switch_back"),
    path("profile/", session.ProfileView.as_view(), name="profile"),
    path("profile/password/", session.PasswordView.as_view(), name="password"),
    path("audit-log/", audit.AuditListView.as_view(), name="audit_list"),
]
