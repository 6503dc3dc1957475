-- The page: who may sign in, who has, which programs may ask its API; and indexes for its figures.

CREATE SCHEMA web;

CREATE TABLE web.account (
    name          text PRIMARY KEY CHECK (name <> ''),
    role          text NOT NULL CHECK (role IN ('viewer', 'technician', 'engineer')),
    password_hash text,
    issuer        text,
    subject       text,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    disabled_at   timestamptz,
    UNIQUE (issuer, subject),
    CHECK ((issuer IS NULL) = (subject IS NULL))
);
COMMENT ON COLUMN web.account.password_hash IS 'argon2id; null: signs in by OpenID Connect only';
COMMENT ON COLUMN web.account.subject IS
    'of the OpenID provider *issuer*; set at the first sign-in, which must name this account';

CREATE TABLE web.session (
    token_hash bytea PRIMARY KEY,
    account    text NOT NULL REFERENCES web.account ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX ON web.session (account);
COMMENT ON COLUMN web.session.token_hash IS 'SHA-256 of the cookie: who reads this table is not in';

CREATE TABLE web.token (
    name       text PRIMARY KEY CHECK (name <> ''),
    role       text NOT NULL CHECK (role IN ('viewer', 'technician', 'engineer')),
    token_hash bytea NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL
);
COMMENT ON COLUMN web.token.token_hash IS 'SHA-256; the token itself is shown once, when it is made';

CREATE TABLE web.failed_sign_in (
    at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    account text NOT NULL,
    address text NOT NULL
);
CREATE INDEX ON web.failed_sign_in (account, at);
CREATE INDEX ON web.failed_sign_in (address, at);
