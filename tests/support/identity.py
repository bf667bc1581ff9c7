"""A small identity provider that really runs: discovery, code flow with PKCE, real keys, and every lie that one could tell."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from aiohttp import ClientSession, web
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey
from yarl import URL

CLIENT, SECRET = "bursar", "s3cret/with+odd=signs"
Claims = dict[str, Any]


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@dataclass
class IdentityServer:
    """What a test may turn: the person, the keys, the description, and what is told instead of the truth."""

    now: Callable[[], int]
    """Seconds."""
    user: Claims = field(default_factory=lambda: {"sub": "u-1", "email": "ada@example.com", "email_verified": True})
    extra_userinfo: Claims = field(default_factory=dict)
    description: Claims = field(default_factory=dict)
    """Added to the discovery document, or instead of it where the name is the same."""
    lie: Callable[[Claims], Claims] = field(default=lambda claims: claims)
    """What becomes of the claims before they are signed."""
    forge: Callable[[Claims], str] | None = None
    """Writes the whole ID token instead."""
    answer: dict[str, str] = field(default_factory=dict)
    """What comes back to the browser instead."""
    public: bool = False
    """Clients need no secret."""
    asked: list[str] = field(default_factory=list)
    """Paths, in the order in which they were asked for."""
    down: bool = False
    base: str = ""
    keys: list[Any] = field(default_factory=list)
    _codes: dict[str, Claims] = field(default_factory=dict)

    def rotate(self, kind: str = "RS256") -> None:
        """Sign with a new key and publish only that."""
        name = {"kid": f"key-{secrets.token_hex(4)}", "use": "sig"}
        makers = {
            "RS256": lambda: RSAKey.generate_key(2048, {**name, "alg": "RS256"}),
            "ES256": lambda: ECKey.generate_key("P-256", {**name, "alg": "ES256"}),
            "Ed25519": lambda: OKPKey.generate_key("Ed25519", {**name, "alg": "Ed25519"}),
            "weak": lambda: RSAKey.generate_key(1024, {**name, "alg": "RS256"}),
        }
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the weak one is meant to be weak
            self.keys = [makers[kind]()]

    @property
    def algorithm(self) -> str:
        return str(self.keys[0].as_dict(private=False)["alg"])

    def sign(self, claims: Claims, key: Any = None, **header: Any) -> str:
        """A real signature of the first key, or another one."""
        used = key or self.keys[0]
        named = {"alg": self.algorithm, "kid": used.kid, "typ": "JWT", **header}
        named = {name: value for name, value in named.items() if value is not None}
        return jws.serialize_compact(named, json.dumps(claims).encode(), used, algorithms=[named["alg"]])

    def unsigned(self, claims: Claims) -> str:
        """`alg: none`, as an attacker would write it."""
        header = {"alg": "none", "kid": self.keys[0].kid}
        return f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(claims).encode())}."

    def confused(self, claims: Claims) -> str:
        """HS256 with the public key for its secret."""
        header = encoded(json.dumps({"alg": "HS256", "kid": self.keys[0].kid}).encode())
        signed = f"{header}.{encoded(json.dumps(claims).encode())}"
        public = self.keys[0].as_pem(private=False)
        return f"{signed}.{encoded(hmac.digest(public, signed.encode(), 'sha256'))}"

    def claims(self, nonce: str) -> Claims:
        now = self.now()
        return {"iss": self.base, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce, **self.user}

    async def discovery(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        if self.down:
            return web.Response(status=503)
        document = {
            "issuer": self.base,
            "authorization_endpoint": f"{self.base}/authorize",
            "token_endpoint": f"{self.base}/token",
            "jwks_uri": f"{self.base}/jwks",
            "userinfo_endpoint": f"{self.base}/userinfo",
            "end_session_endpoint": f"{self.base}/logout",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "Ed25519", "HS256", "none"],
            "authorization_response_iss_parameter_supported": True,
            **self.description,
        }
        return web.json_response({name: value for name, value in document.items() if value is not None})

    async def authorize(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        assert (query["client_id"], query["response_type"], query["code_challenge_method"]) == (CLIENT, "code", "S256")
        assert "openid" in query["scope"].split()
        code = secrets.token_urlsafe(16)
        self._codes[code] = {name: query[name] for name in ("nonce", "code_challenge", "redirect_uri")}
        back = {"code": code, "state": query["state"], "iss": self.base, **self.answer}
        raise web.HTTPFound(URL(query["redirect_uri"]).with_query({name: one for name, one in back.items() if one}))

    async def token(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        form = await request.post()
        begun = self._codes.pop(str(form["code"]), None)
        challenge = encoded(hashlib.sha256(str(form["code_verifier"]).encode()).digest())
        if begun is None or begun["code_challenge"] != challenge or begun["redirect_uri"] != form["redirect_uri"]:
            return web.json_response({"error": "invalid_grant"}, status=400)
        if not self._knows(request, dict(form)):
            return web.json_response({"error": "invalid_client"}, status=401)
        claims = self.lie(self.claims(begun["nonce"]))
        token = self.forge(claims) if self.forge else self.sign(claims)
        return web.json_response({"access_token": "opaque", "token_type": "Bearer", "id_token": token})

    def _knows(self, request: web.Request, form: dict[str, Any]) -> bool:
        if self.public:
            return form.get("client_id") == CLIENT and "client_secret" not in form
        if "Authorization" not in request.headers:
            return (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET)
        name, _, secret = (
            base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode().partition(":")
        )
        return (unquote(name), unquote(secret)) == (CLIENT, SECRET)

    async def jwks(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        if self.down:
            return web.Response(status=503)
        published = [
            {"kty": "oct", "k": encoded(b"a shared secret"), "kid": "oct"},
            {"kty": "LMS", "kid": "of-the-future"},
            *(key.as_dict(private=False) for key in self.keys),
        ]
        return web.json_response({"keys": published})

    async def userinfo(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        assert request.headers["Authorization"] == "Bearer opaque"
        return web.json_response({**self.user, **self.extra_userinfo})


@asynccontextmanager
async def identity_server(now: Callable[[], int], kind: str = "RS256") -> AsyncIterator[IdentityServer]:
    """A provider on a free port of this machine."""
    server = IdentityServer(now)
    server.rotate(kind)
    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", server.discovery)
    app.router.add_get("/authorize", server.authorize)
    app.router.add_post("/token", server.token)
    app.router.add_get("/jwks", server.jwks)
    app.router.add_get("/userinfo", server.userinfo)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    server.base = f"http://127.0.0.1:{port}"
    try:
        yield server
    finally:
        await runner.cleanup()


async def visit(url: str) -> dict[str, str]:
    """A browser follows the link to the provider, signs in there, and comes back with this query."""
    async with ClientSession() as browser, browser.get(URL(url, encoded=True), allow_redirects=False) as reply:
        assert reply.status == 302, await reply.text()
        return dict(URL(reply.headers["Location"]).query)
