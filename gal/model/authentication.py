"""Who may enter: credentials asked of the request."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from gal.model.node import Extensions, ModelNode, Policy
from gal.model.values import Duration, Secret


@dataclass(slots=True)
class BasicUser(ModelNode):
    """A user of `basic` authentication, with a plain password or its hash, never both.

    Attributes:
        username: the name before the colon.
        password: in plain text.
        password_hash: as htpasswd writes it (`$2y$...`, `$apr1$...`, `{SHA}...`).
    """

    username: str
    password: Secret | None = None
    password_hash: Secret | None = None


@dataclass(slots=True)
class BasicAuth(ModelNode):
    """HTTP Basic authentication (RFC 7617).

    Attributes:
        users: who may enter here; none means the consumers' credentials.
        realm: shown in `WWW-Authenticate`.
        hide_credentials: take the header away before the upstream sees it.
    """

    users: list[BasicUser] = field(default_factory=list)
    realm: str | None = None
    hide_credentials: bool = False


@dataclass(slots=True)
class ApiKey(ModelNode):
    """A key that opens.

    Attributes:
        key: the key.
        name: whom it stands for.
    """

    key: Secret
    name: str | None = None


@dataclass(slots=True)
class ApiKeyAuth(ModelNode):
    """A key in a header, the query or elsewhere.

    Attributes:
        header_names: headers that are looked into, first found first. `header_name: N` is short
            for a list of one.
        query_params: query parameters that are looked into after the headers. `query_param: N` is
            short for a list of one.
        cookie_names: cookies that are looked into.
        body_fields: fields of a form or JSON body that are looked into last.
        keys: the keys that open here; none means the consumers' credentials.
        hide_credentials: take the key away before the upstream sees it.
        realm: shown in `WWW-Authenticate`.
        run_on_preflight: ask preflight requests (OPTIONS) for a key, too.
    """

    header_names: list[str] = field(default_factory=lambda: ["X-API-Key"])
    query_params: list[str] = field(default_factory=list)
    cookie_names: list[str] = field(default_factory=list)
    body_fields: list[str] = field(default_factory=list)
    keys: list[ApiKey] = field(default_factory=list)
    hide_credentials: bool = False
    realm: str | None = None
    run_on_preflight: bool = True


@dataclass(slots=True)
class ClaimToHeader(ModelNode):
    """A claim of a valid token that the upstream gets as a header.

    Attributes:
        claim: name of the claim.
        header: name of the request header.
    """

    claim: str
    header: str


@dataclass(slots=True)
class JwtAuth(ModelNode):
    """A signed token (RFC 7519). With `jwks_uri` or `jwks` the issuer's keys decide; without, the
    consumers' JWT credentials do, chosen by the claim `key_claim`.

    Attributes:
        issuer: required `iss`.
        audiences: one of them has to be in `aud`; empty means any.
        jwks_uri: where the keys are fetched.
        jwks: the keys themselves, as a JSON Web Key Set.
        algorithms: accepted signatures; empty means that of the consumer's credential.
        header_names: headers that are looked into; `header_name: N` is short for a list of one.
        header_prefix: what stands before the token in the header.
        query_params: query parameters that are looked into.
        cookie_names: cookies that are looked into.
        claims_to_headers: claims that the upstream gets.
        verify_claims: time claims that are checked (`exp`, `nbf`).
        require_claims: the checked time claims have to be there.
        key_claim: the claim, or header field, that names the consumer's credential.
        secret_is_base64: the consumers' secrets are Base64 of the real ones.
        max_lifetime: longest time that `exp` may lie ahead.
        hide_credentials: take the token away before the upstream sees it.
        realm: shown in `WWW-Authenticate`.
        run_on_preflight: ask preflight requests (OPTIONS) for a token, too.
    """

    issuer: str | None = None
    audiences: list[str] = field(default_factory=list)
    jwks_uri: str | None = None
    jwks: str | None = None
    algorithms: list[str] = field(default_factory=lambda: ["RS256"])
    header_names: list[str] = field(default_factory=lambda: ["Authorization"])
    header_prefix: str = "Bearer "
    query_params: list[str] = field(default_factory=list)
    cookie_names: list[str] = field(default_factory=list)
    claims_to_headers: list[ClaimToHeader] = field(default_factory=list)
    verify_claims: list[str] = field(default_factory=lambda: ["exp", "nbf"])
    require_claims: bool = False
    key_claim: str = "iss"
    secret_is_base64: bool = False
    max_lifetime: Duration | None = None
    hide_credentials: bool = False
    realm: str | None = None
    run_on_preflight: bool = True


@dataclass(slots=True)
class OAuth2Server(ModelNode):
    """The gateway itself issues and keeps the tokens (Kong `oauth2`).

    Attributes:
        grants: `authorization_code`, `client_credentials`, `implicit`, `password`.
        scopes: known scopes.
        mandatory_scope: clients have to ask for a scope.
        token_lifetime: of access tokens; `0s` never ends.
        refresh_token_lifetime: of refresh tokens.
        provision_key: what the login application proves itself with.
    """

    grants: list[str] = field(default_factory=list)
    scopes: list[str] = field(default_factory=list)
    mandatory_scope: bool = False
    token_lifetime: Duration = field(default_factory=lambda: Duration.seconds(7200))
    refresh_token_lifetime: Duration = field(default_factory=lambda: Duration.seconds(1209600))
    provision_key: Secret | None = None


@dataclass(slots=True)
class OAuth2Auth(ModelNode):
    """OAuth 2.0 and OpenID Connect.

    Attributes:
        issuer: the issuer, or the URL of its discovery document.
        client_id: of this gateway.
        client_secret: of this gateway.
        scopes: asked for.
        audiences: one of them has to be in `aud`; empty means any.
        jwks_uri: where the issuer's keys are fetched, if not by discovery.
        redirect_uri: where the browser comes back to.
        bearer_only: only bearer tokens are accepted; nobody is sent to a login page.
        server: set when the gateway is the authorization server itself.
        hide_credentials: take the token away before the upstream sees it.
        required_scopes: a token has to hold one of them, else 403; several words in one are
            needed together. Empty means any token.
        run_on_preflight: ask preflight requests (OPTIONS) for a token, too.
        extensions: further settings that only one provider knows.
    """

    issuer: str | None = None
    client_id: str | None = None
    client_secret: Secret | None = None
    scopes: list[str] = field(default_factory=list)
    audiences: list[str] = field(default_factory=list)
    jwks_uri: str | None = None
    redirect_uri: str | None = None
    bearer_only: bool = False
    server: OAuth2Server | None = None
    hide_credentials: bool = False
    required_scopes: list[str] = field(default_factory=list)
    run_on_preflight: bool = True
    extensions: Extensions = field(default_factory=dict)


@dataclass(slots=True)
class ForwardAuth(ModelNode):
    """An external service decides (Traefik `forwardAuth`, APISIX `forward-auth`, Envoy
    `ext_authz`). A 2xx answer lets in; any other is given to the client.

    Attributes:
        address: URL of the service.
        request_headers: headers of the request that it gets; empty means all.
        upstream_headers: headers of its answer that the upstream gets.
        client_headers: headers of its refusal that the client gets.
        timeout: for its answer.
        fail_open: let in while it cannot be reached.
        trust_forwarded: pass on `X-Forwarded-*` of the client.
    """

    address: str
    request_headers: list[str] = field(default_factory=list)
    upstream_headers: list[str] = field(default_factory=list)
    client_headers: list[str] = field(default_factory=list)
    timeout: Duration | None = None
    fail_open: bool = False
    trust_forwarded: bool = False


@dataclass(slots=True)
class Guard(ModelNode):
    """An access control that only one provider knows. Every other provider refuses everybody.

    Attributes:
        name: what the provider calls it, such as `ldap-auth`.
        provider: who knows it.
        config: the provider's own settings, as plain data.
        settings: further keys of the provider's object around `config`.
    """

    name: str
    provider: str
    config: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)


class AuthenticationType(str, Enum):
    """The kinds of authentication that GAL knows."""

    BASIC = "basic"
    API_KEY = "api_key"
    JWT = "jwt"
    OAUTH2 = "oauth2"
    FORWARD = "forward"


class Require(str, Enum):
    """How many of several kinds of authentication have to succeed."""

    ANY = "any"
    ALL = "all"


@dataclass(slots=True)
class Authentication(Policy):
    """Who may enter.

    Attributes:
        type: the only kind there is; without a section of its own it has its defaults.
        require: with several kinds, whether any of them lets in or all have to.
        basic: name and password.
        api_key: a key.
        jwt: a signed token.
        oauth2: OAuth 2.0 and OpenID Connect.
        forward: an external service decides.
        guards: access controls that only one provider knows.
        anonymous: consumer that a request without valid credentials counts as; unset refuses it.
    """

    type: AuthenticationType | None = field(default=None, compare=False)
    require: Require = Require.ANY
    basic: BasicAuth | None = None
    api_key: ApiKeyAuth | None = None
    jwt: JwtAuth | None = None
    oauth2: OAuth2Auth | None = None
    forward: ForwardAuth | None = None
    guards: list[Guard] = field(default_factory=list)
    anonymous: str | None = None

    def __post_init__(self) -> None:
        if self.type is AuthenticationType.BASIC and self.basic is None:
            self.basic = BasicAuth()
        elif self.type is AuthenticationType.API_KEY and self.api_key is None:
            self.api_key = ApiKeyAuth()
        elif self.type is AuthenticationType.JWT and self.jwt is None:
            self.jwt = JwtAuth()
        elif self.type is AuthenticationType.OAUTH2 and self.oauth2 is None:
            self.oauth2 = OAuth2Auth()
        elif self.type is AuthenticationType.FORWARD and self.forward is None:
            raise ValueError('"type: forward" needs a section "forward" with an address')
        kinds = self.kinds()
        self.type = kinds[0] if len(kinds) == 1 and not self.guards else None

    def kinds(self) -> list[AuthenticationType]:
        """The kinds that are asked for, in the order of `AuthenticationType`."""
        return [kind for kind in AuthenticationType if getattr(self, kind.value) is not None]
