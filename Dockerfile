# One image for web, worker, beat and the migrations; docker-compose.yml says which it is.
FROM python:3.11-slim

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 CSO_STATIC_ROOT=/srv/static
WORKDIR /srv/console

COPY requirements-uv.lock requirements.lock ./
# pg_dump and pg_restore, for backups
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-client && rm -rf /var/lib/apt/lists/*
RUN pip install --no-cache-dir --require-hashes -r requirements-uv.lock \
    && uv pip install --system --no-cache --require-hashes --compile-bytecode -r requirements.lock

COPY . .
RUN CSO_OFFLINE=1 python manage.py collectstatic --no-input --verbosity=0 \
    && useradd --system --no-create-home console
USER console

EXPOSE 8000
CMD ["python", "-m", "cso.web", "--host", "0.0.0.0", "--port", "8000"]
