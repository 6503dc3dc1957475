"""The secret that signs webhooks: `whsec_` and base64 of 24 to 64 bytes (Standard Webhooks)."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping
from pathlib import Path

from standardwebhooks import Webhook

VARIABLE = "JELLYROLL_WEBHOOK_SECRET"
PREFIX = "whsec_"
_LENGTHS = range(24, 65)  # bytes


class SecretError(ValueError):
    """There is no usable secret; the text says where it was looked for, and never what it is."""


def new_secret() -> str:
    """Return a new secret of 32 random bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def read_signer(file: Path | None, environment: Mapping[str, str]) -> Webhook:
    """Return the signer made of the secret in *file*, or else in the environment.

    Raise `SecretError`.
    """
    if file is not None:
        try:
            return signer(file.read_text(encoding="ascii").strip(), str(file))
        except OSError as error:
            raise SecretError(f"{file} cannot be read ({error.strerror})") from error
        except UnicodeDecodeError:
            raise SecretError(f"{file} holds no secret but other data") from None
    if text := environment.get(VARIABLE, "").strip():
        return signer(text, VARIABLE)
    raise SecretError(
        f"there is no secret to sign with; give --secret-file or set {VARIABLE}"
        " (`jellyroll alerts secret` prints a new one)"
    )


def signer(secret: str, where: str = "the secret") -> Webhook:
    """Return the signer made of *secret*; *where* it came from is for the error."""
    advice = "`jellyroll alerts secret` prints a good one"
    if not secret.startswith(PREFIX):
        raise SecretError(f"{where}: a secret begins with {PREFIX}; {advice}")
    try:
        # The library would skip what is not base64, and sign with another key than the receiver's.
        encoded = secret.removeprefix(PREFIX)
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise SecretError(f"{where}: what follows {PREFIX} is not base64; {advice}") from None
    if len(key) not in _LENGTHS:
        raise SecretError(f"{where}: has {len(key)} bytes, not 24 to 64; {advice}")
    return Webhook(key)
