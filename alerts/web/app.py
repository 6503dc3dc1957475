"""The application: pages, API, metrics and what guards them, put together."""

from __future__ import annotations

import logging
from importlib.metadata import version
from urllib.parse import quote

import psycopg
from fastapi import FastAPI, Request
from fastapi.exception_handlers import http_exception_handler, request_validation_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from prometheus_client import CollectorRegistry
from psycopg_pool import ConnectionPool, PoolTimeout
from starlette.exceptions import HTTPException
from starlette.middleware.sessions import SessionMiddleware

from alerts.web import (
    act,
    alert_page,
    api,
    line_health_page,
    link_page,
    performance_page,
    sign_in_page,
)
from alerts.web.context import Context, Database
from alerts.web.guard import SignInNeededError
from alerts.web.headers import Safety
from alerts.web.metrics import Meter, Metered, metrics_router
from alerts.web.page import FOLDER, refusal
from alerts.web.settings import Settings
from plant.model import Plant
from storage.connect import Connection, conninfo

_LOG = logging.getLogger("jellyroll.web")
_TITLES = {403: "Not allowed", 404: "Not found", 409: "Not possible", 410: "No longer", 503: "Away"}


def open_pool(dsn: str) -> ConnectionPool[Connection]:
    """Return an open pool of connections in autocommit, which are looked at before use."""
    return ConnectionPool(
        conninfo(dsn, application="jellyroll web"),
        kwargs={"autocommit": True},
        min_size=2,
        max_size=10,
        timeout=5.0,
        check=ConnectionPool.check_connection,
        configure=_configure,
        open=True,
    )


def create_app(pool: ConnectionPool[Connection], plant: Plant, settings: Settings) -> FastAPI:
    """Return the application for one plant and its database."""
    context = Context(pool, plant, settings)
    registry = CollectorRegistry()
    app = FastAPI(
        title="Jellyroll",
        description="Line health, alerts and alarm performance of a cell plant.",
        version=version("jellyroll"),
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.context = context
    for page in (line_health_page, alert_page, act, link_page, performance_page, sign_in_page):
        app.include_router(page.router, include_in_schema=False)
    if settings.openid:
        from alerts.web.openid import openid_router  # noqa: PLC0415  # an extra of the package

        app.include_router(openid_router(context, settings.openid), include_in_schema=False)
        app.add_middleware(
            SessionMiddleware, secret_key=settings.key, session_cookie="jellyroll-openid",
            max_age=600, path="/sign-in/openid", same_site="lax", https_only=settings.is_https,
        )  # fmt: skip
    app.include_router(api.router)
    app.include_router(metrics_router(registry), include_in_schema=False)
    app.add_api_route("/healthz", _alive, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=FOLDER / "static"))
    app.add_exception_handler(SignInNeededError, _to_sign_in)
    app.add_exception_handler(HTTPException, _refuse)
    app.add_exception_handler(RequestValidationError, _refuse_nonsense)
    app.add_exception_handler(psycopg.OperationalError, _database_away)
    app.add_exception_handler(PoolTimeout, _database_away)
    app.add_middleware(Metered, meter=Meter(registry))
    app.add_middleware(Safety, https=settings.is_https)
    return app


def _configure(connection: Connection) -> None:
    # A page that takes so long is of use to nobody, and would hold up the others.
    connection.execute("SET statement_timeout = '10s'")


def _alive(connection: Database) -> Response:
    connection.execute("SELECT 1")
    return PlainTextResponse("ok\n")


async def _to_sign_in(request: Request, _: Exception) -> Response:
    target = request.url.path if request.method == "GET" else "/"
    if request.method == "GET" and request.url.query:
        target += f"?{request.url.query}"
    return RedirectResponse(f"/sign-in?next={quote(target, safe='')}", 303)


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if _is_of_programs(request):
        return await http_exception_handler(request, error)
    title = _TITLES.get(error.status_code, "Not possible")
    response = refusal(request, error.status_code, title, error.detail)
    response.headers.update(error.headers or {})
    return response


async def _refuse_nonsense(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    if _is_of_programs(request):
        return await request_validation_exception_handler(request, error)
    faults = "; ".join(f"{fault['loc'][-1]}: {fault['msg']}" for fault in error.errors())
    return refusal(request, 422, "Not understood", faults)


async def _database_away(request: Request, error: Exception) -> Response:
    _LOG.warning("no answer to %s: %s", request.url.path, str(error).partition("\n")[0])
    if _is_of_programs(request):
        return JSONResponse({"detail": "the database is away"}, 503)
    return refusal(
        request, 503, "Away", "The database does not answer. Nothing is lost; try again soon."
    )


def _is_of_programs(request: Request) -> bool:
    return request.url.path.startswith(("/api/", "/metrics", "/healthz"))
