"""WSGI entry point of the web server."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from softswitch.celery import app

app.set_default()  # what requests enqueue goes to the configured broker

if settings.HTTPS and settings.SECRET_KEY == settings.DEVELOPMENT_KEY:
    raise ImproperlyConfigured("SECRET_KEY: set a secret of your own (see README.md).")

application = get_wsgi_application()
