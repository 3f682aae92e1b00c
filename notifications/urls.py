"""Addresses of the log of messages."""

from django.urls import path

from notifications.views import messages

app_name = "notifications"
urlpatterns = [
    path("", messages.MessageListView.as_view(), name="message_list"),
    path("test/", messages.TestMailView.as_view(), name="test_mail"),
    path("<int:pk>/", messages.MessageDetailView.as_view(), name="message_detail"),
    path("<int:pk>/resend/", messages.ResendView.as_view(), name="message_resend"),
]
