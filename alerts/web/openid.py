"""Sign-in by OpenID Connect: code flow with PKCE, state and nonce, all by authlib."""

from __future__ import annotations

from authlib.integrations.base_client import OAuthError
from authlib.integrations.starlette_client import OAuth, StarletteOAuth2App
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response
from httpx2 import HTTPError
from joserfc.errors import JoseError
from starlette.concurrency import run_in_threadpool

from alerts.web import account
from alerts.web.context import Context
from alerts.web.settings import OpenId
from alerts.web.sign_in_page import Next, begin_session

_TARGET = "openid-next"


def openid_router(context: Context, provider: OpenId) -> APIRouter:
    """Return the routes of sign-in at *provider*."""
    router = APIRouter(prefix="/sign-in/openid")
    client = OAuth().register(
        "openid",
        client_id=provider.client,
        client_secret=provider.secret,
        server_metadata_url=f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256"},
    )
    assert isinstance(client, StarletteOAuth2App)

    @router.get("")
    async def leave(request: Request, next: Next = "/") -> Response:  # noqa: A002  # its name in the address
        request.session[_TARGET] = next
        try:
            answer: Response = await client.authorize_redirect(
                request, f"{context.settings.url}/sign-in/openid/return"
            )
        except HTTPError as error:
            raise _away(provider) from error
        return answer

    @router.get("/return")
    async def come_back(request: Request) -> Response:
        try:
            found = await client.authorize_access_token(request)
        except (OAuthError, JoseError) as error:
            raise HTTPException(403, f"{provider.issuer} did not sign you in: {error}") from error
        except HTTPError as error:
            raise _away(provider) from error
        target = request.session.pop(_TARGET, "/")
        claims = found.get("userinfo") or {}
        name, subject = claims.get(provider.name_claim), claims.get("sub")
        if not isinstance(name, str) or not isinstance(subject, str):
            raise HTTPException(
                403, f"{provider.issuer} does not say your name ({provider.name_claim})."
            )
        return await run_in_threadpool(_enter, context, provider, name, subject, target)

    return router


def _enter(context: Context, provider: OpenId, name: str, subject: str, target: str) -> Response:
    with context.pool.connection() as connection:
        visitor = account.by_identity(connection, name, provider.issuer, subject)
        if visitor is None:
            raise HTTPException(
                403, f"There is no account {name} here for you; ask for one to be added."
            )
        return begin_session(context, connection, visitor, target)


def _away(provider: OpenId) -> HTTPException:
    return HTTPException(503, f"{provider.issuer} does not answer; sign in by password, or wait.")
