"""jellyroll web user and jellyroll web token: who may use the page and its API."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from alerts.json_text import to_json
from alerts.web import account, token
from alerts.web.role import Role
from plant.options import DatabaseUrl, Json
from storage.connect import Connection, connect

users = typer.Typer(no_args_is_help=True, help="Accounts of people.")
tokens = typer.Typer(no_args_is_help=True, help="Tokens of programs, for the API.")

Name = Annotated[str, typer.Argument(help="Name, as it stands in the history of alerts.")]
PasswordFile = Annotated[
    Path | None,
    typer.Option("--password-file", help="A file with the password; without it, one is asked for."),
]


@users.command("add")
def add_user(
    name: Name,
    *,
    role: Annotated[Role, typer.Option(help="What the person may do.")],
    database: DatabaseUrl,
    password_file: PasswordFile = None,
    openid: Annotated[
        bool, typer.Option("--openid", help="No password: signs in at the OpenID provider.")
    ] = False,
) -> None:
    """Let a person sign in to the page.

    Example: jellyroll web user add ada --role technician
    """
    password = None if openid else _password(password_file)
    with _open(database) as connection:
        account.add(connection, name, role, password)
    typer.echo(f"{name} can sign in as {role}")


@users.command("change")
def change_user(
    name: Name,
    *,
    database: DatabaseUrl,
    role: Annotated[Role | None, typer.Option(help="What the person may do from now on.")] = None,
    new_password: Annotated[
        bool, typer.Option("--new-password", help="Ask for a new password.")
    ] = False,
    password_file: PasswordFile = None,
    disabled: Annotated[
        bool | None,
        typer.Option("--disable/--enable", help="Close the account, or open it again."),
    ] = None,
) -> None:
    """Change an account; its sessions end.

    Example: jellyroll web user change ada --disable
    """
    wants_password = new_password or password_file is not None
    password = _password(password_file) if wants_password else None
    with _open(database) as connection:
        account.change(connection, name, role=role, password=password, disabled=disabled)
    typer.echo(f"{name} is changed; whoever was signed in as {name} is not any more")


@users.command("list")
def list_users(database: DatabaseUrl, as_json: Json = False) -> None:
    """List the accounts.

    Example: jellyroll web user list
    """
    with _open(database) as connection:
        rows = account.all_accounts(connection)
    _show(rows, ("name", "role", "password", "issuer", "disabled_at"), as_json=as_json)


@tokens.command("add")
def add_token(
    name: Name,
    role: Annotated[Role, typer.Option(help="What the program may do.")],
    database: DatabaseUrl,
    days: Annotated[int, typer.Option(min=1, max=3660, help="Days until it ends.")] = 365,
) -> None:
    """Print a new token for a program; it is shown this once.

    Example: (umask 077; jellyroll web token add cmms --role technician > token.txt)
    """
    with _open(database) as connection:
        new, _ = token.add(connection, name, role, days)
    typer.echo(new)


@tokens.command("remove")
def remove_token(name: Name, database: DatabaseUrl) -> None:
    """Make a token worthless.

    Example: jellyroll web token remove cmms
    """
    with _open(database) as connection:
        token.remove(connection, name)
    typer.echo(f"the token of {name} is worth nothing now")


@tokens.command("list")
def list_tokens(database: DatabaseUrl, as_json: Json = False) -> None:
    """List the tokens, without the tokens themselves.

    Example: jellyroll web token list
    """
    with _open(database) as connection:
        rows = token.all_tokens(connection)
    _show(rows, ("name", "role", "expires_at"), as_json=as_json)


def _password(file: Path | None) -> str:
    if file is None:
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    try:
        return file.read_text(encoding="utf-8").rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise account.AccountError(f"{file} cannot be read as a password ({error})") from error


def _open(database: str) -> Connection:
    connection = connect(database, application="jellyroll web", autocommit=True)
    require_schema(connection)
    return connection


def require_schema(connection: Connection) -> None:
    """Raise `AccountError` when the database has no tables for the page."""
    row = connection.execute("SELECT to_regclass('web.token')").fetchone()
    if row is None or row[0] is None:
        name = connection.info.dbname
        raise account.AccountError(
            f"database {name!r} has no tables for the page; run `jellyroll migrate`"
        )


def _show(rows: list[dict[str, Any]], columns: tuple[str, ...], *, as_json: bool) -> None:
    if as_json:
        typer.echo(to_json(rows).decode())
        return
    table = Table(*(column.replace("_", " ") for column in columns), box=None, pad_edge=False)
    for row in rows:
        table.add_row(*("" if row[c] is None else str(row[c]) for c in columns))
    Console(highlight=False, markup=False).print(table)
