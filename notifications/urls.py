"""Addresses of the log of messages, how mail leaves, its words, webhooks and the bell."""

from django.urls import path

from notifications.views import mail, messages, notices, templates, webhooks

app_name = "notifications"
urlpatterns = [
    path("", messages.MessageListView.as_view(), name="message_list"),
    path("test/", mail.TestMailView.as_view(), name="test_mail"),
    path("settings/", mail.MailSettingsView.as_view(), name="mail_settings"),
    path("notices/", notices.NoticeListView.as_view(), name="notice_list"),
    path("notices/<int:pk>/read/", notices.NoticeReadView.as_view(), name="notice_read"),
    path("<int:pk>/", messages.MessageDetailView.as_view(), name="message_detail"),
    path("<int:pk>/resend/", messages.ResendView.as_view(), name="message_resend"),
    path("templates/", templates.TemplateListView.as_view(), name="template_list"),
    path("templates/edit/", templates.TemplateEditView.as_view(), name="template_edit"),
    path("templates/preview/", templates.TemplatePreviewView.as_view(), name="template_preview"),
    path("templates/reset/", templates.TemplateResetView.as_view(), name="template_reset"),
    path("webhooks/", webhooks.WebhookListView.as_view(), name="webhook_list"),
    path("webhooks/new/", webhooks.WebhookCreateView.as_view(), name="webhook_create"),
    path("webhooks/<int:pk>/", webhooks.WebhookDetailView.as_view(), name="webhook_detail"),
    path("webhooks/<int:pk>/edit/", webhooks.WebhookEditView.as_view(), name="webhook_edit"),
    path(
        "webhooks/<int:pk>/archive/", webhooks.WebhookArchiveView.as_view(), name="webhook_archive"
    ),
    path("webhooks/<int:pk>/secret/", webhooks.WebhookSecretView.as_view(), name="webhook_secret"),
    path("webhooks/<int:pk>/test/", webhooks.WebhookTestView.as_view(), name="webhook_test"),
    path("deliveries/", webhooks.DeliveryListView.as_view(), name="delivery_list"),
    path("deliveries/<int:pk>/", webhooks.DeliveryDetailView.as_view(), name="delivery_detail"),
    path(
        "deliveries/<int:pk>/resend/",
        webhooks.DeliveryResendView.as_view(),
        name="delivery_resend",
    ),
    path("<int:pk>/html/", messages.PreviewView.as_view(), name="message_html"),
    path("<int:pk>/bounced/", messages.BouncedView.as_view(), name="message_bounced"),
]
