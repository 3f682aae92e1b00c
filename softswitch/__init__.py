"""The project: settings, URLs, Celery and the framework under all apps.

The Celery application is made here, so that jobs enqueued by the web server know the broker.
"""

from softswitch.celery import app as celery_app

__all__ = ["celery_app"]
