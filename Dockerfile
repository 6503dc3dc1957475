# One image for every service of Jellyroll; the command says which one it is.

FROM python:3.13-slim-bookworm AS build
WORKDIR /src
# .dockerignore lets through what the wheel is made of, and nothing else.
COPY . .
RUN pip wheel --no-cache-dir --wheel-dir /wheels ".[notify,oidc]" \
    && python -m venv /opt/jellyroll \
    && /opt/jellyroll/bin/pip install --no-cache-dir --no-index --find-links /wheels "jellyroll[notify,oidc]"

FROM python:3.13-slim-bookworm
LABEL org.opencontainers.image.title="Jellyroll" \
    org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin jellyroll
COPY --from=build /opt/jellyroll /opt/jellyroll
ENV PATH=/opt/jellyroll/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    OMP_NUM_THREADS=1
USER 10001:10001
WORKDIR /tmp
STOPSIGNAL SIGTERM
# No HEALTHCHECK: each service has another one, in docker-compose.yml, or none: one that cannot work
# ends, and is started again.
ENTRYPOINT ["jellyroll"]
CMD ["--help"]
