# One image for the three processes of docs/setup-production.md: web (the default command), worker and beat.
# .dockerignore lists what may enter it: no tests, no sandbox, no embedded servers.

FROM python:3.11-slim AS packages
COPY requirements/base.txt /tmp/base.txt
# Only what the lock names, bit for bit, and ready-made: nothing is compiled and no setup script runs.
RUN python -m venv --without-pip /opt/venv \
    && pip --python /opt/venv/bin/python install --no-cache-dir --disable-pip-version-check \
        --require-hashes --only-binary :all: -r /tmp/base.txt

FROM python:3.11-slim
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    ENVIRONMENT=production \
    PROMETHEUS_MULTIPROC_DIR=/tmp/metrics
RUN groupadd --gid 10001 berth \
    && useradd --no-log-init --uid 10001 --gid berth --no-create-home --shell /usr/sbin/nologin berth
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY . .
# Production settings decide how static files are named, and do not load without their secrets: these are none.
RUN filler=fills-a-place-while-the-image-is-built \
    && SECRET_KEY=$filler JWT_SECRET=$filler REFRESH_TOKEN_PEPPER=$filler JOBS_SECRET=$filler \
        STRIPE_SECRET_KEY=$filler STRIPE_WEBHOOK_SECRET=$filler EMAIL_URL=dummymail:// \
        ALLOWED_HOSTS=build.invalid PUBLIC_URL=https://build.invalid \
        DATABASE_URL=postgres://build.invalid/none REDIS_URL=redis://build.invalid/0 \
        python manage.py collectstatic --no-input \
    && python -m compileall -q .
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
# The Host header is one that ALLOWED_HOSTS has. The worker and beat do not listen: compose.yaml switches this off there.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import http.client, os, sys, urllib.parse; web = http.client.HTTPConnection('127.0.0.1', 8000, timeout=4); web.request('GET', '/health/live', headers={'Host': urllib.parse.urlsplit(os.environ['PUBLIC_URL']).netloc}); sys.exit(web.getresponse().status != 200)"]
CMD ["granian", "--interface", "wsgi", "config.wsgi:application", "--host", "0.0.0.0", "--port", "8000", "--no-ws", "--blocking-threads", "16"]
