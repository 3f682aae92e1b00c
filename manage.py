#!/usr/bin/env python
"""Django's command line for this project."""

import os
import sys

from django.core.management import execute_from_command_line

from softswitch.celery import app

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "softswitch.settings.base")
    app.set_default()  # what commands enqueue goes to the configured broker
    execute_from_command_line(sys.argv)
