"""A small OpenID provider for tests: signs in whoever it is told to."""

from __future__ import annotations

import base64
import hashlib
import time
from typing import Annotated, Any, Self
from urllib.parse import urlencode

from fastapi import FastAPI, Form
from fastapi.responses import RedirectResponse
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.alerts.web.serving import Serving

SECRET = "what the provider and the page know"


class Provider:
    """Serves discovery, authorisation, tokens and keys on 127.0.0.1 while it is entered.

    *claims* are what it says of the person; *lie* replaces claims of the identity token.
    """

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {"sub": "4711", "preferred_username": "ada"}
        self.lie: dict[str, Any] = {}
        self._key = RSAKey.generate_key(2048, {"kid": "1", "alg": "RS256", "use": "sig"})
        self._false_key = RSAKey.generate_key(2048, {"kid": "1", "alg": "RS256", "use": "sig"})
        self.signs_falsely = False
        self._asked: dict[str, dict[str, str]] = {}
        self._serving = Serving(lambda _: self._app())

    @property
    def issuer(self) -> str:
        return self._serving.url

    def __enter__(self) -> Self:
        self._serving.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._serving.stop()

    def _app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/.well-known/openid-configuration")
        def discovery() -> dict[str, Any]:
            return {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "id_token_signing_alg_values_supported": ["RS256"],
            }

        @app.get("/keys")
        def keys() -> dict[str, Any]:
            return {"keys": [self._key.as_dict(private=False)]}

        @app.get("/authorize")
        def authorize(
            redirect_uri: str, state: str, nonce: str, client_id: str,
            code_challenge: str, code_challenge_method: str,
        ) -> RedirectResponse:  # fmt: skip
            assert code_challenge_method == "S256"
            code = f"code-{len(self._asked)}"
            self._asked[code] = {"nonce": nonce, "client": client_id, "challenge": code_challenge}
            return RedirectResponse(f"{redirect_uri}?{urlencode({'code': code, 'state': state})}")

        @app.post("/token")
        def token(
            code: Annotated[str, Form()], code_verifier: Annotated[str, Form()]
        ) -> dict[str, Any]:
            asked = self._asked.pop(code)
            digest = hashlib.sha256(code_verifier.encode()).digest()
            assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == asked["challenge"]
            now = int(time.time())
            claims = {
                "iss": self.issuer, "aud": asked["client"], "nonce": asked["nonce"],
                "iat": now, "exp": now + 300, **self.claims, **self.lie,
            }  # fmt: skip
            key = self._false_key if self.signs_falsely else self._key
            identity = jwt.encode({"alg": "RS256", "kid": "1"}, claims, key)
            return {"access_token": "x", "token_type": "Bearer", "id_token": identity}

        return app
