"""The project: settings, URLs, Celery and the framework under all apps."""
