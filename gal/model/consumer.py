"""Those who use the gateway: their credentials, groups and policies of their own."""

from __future__ import annotations

from dataclasses import dataclass, field

from gal.model.node import Extensions, ModelNode
from gal.model.policies import Policies
from gal.model.values import Duration, Secret


@dataclass(slots=True)
class BasicCredential(ModelNode):
    """A name with a password, in plain text or hashed.

    Attributes:
        username: need not be the consumer's.
        password: in plain text.
        password_hash: as htpasswd writes it.
        id: the provider's own id, which some upstreams get to see.
        tags: labels without effect.
    """

    username: str
    password: Secret | None = None
    password_hash: Secret | None = None
    id: str | None = None
    tags: list[str] = field(default_factory=list)


@dataclass(slots=True)
class KeyCredential(ModelNode):
    """An API key.

    Attributes:
        key: the key; unset means that the gateway makes one up.
        lifetime: how long it opens; unset is for ever.
        id: the provider's own id, which some upstreams get to see.
        tags: labels without effect.
    """

    key: Secret | None = None
    lifetime: Duration | None = None
    id: str | None = None
    tags: list[str] = field(default_factory=list)


@dataclass(slots=True)
class JwtCredential(ModelNode):
    """What a consumer signs tokens with.

    Attributes:
        key: value of the claim that names this credential; unset means a made-up one.
        algorithm: the signature: HS256, RS256, ES256, PS256, EdDSA and their kin.
        secret: shared secret, for HS*; unset means a made-up one.
        public_key: PEM text, for the others.
        id: the provider's own id, which some upstreams get to see.
        tags: labels without effect.
    """

    key: str | None = None
    algorithm: str = "HS256"
    secret: Secret | None = None
    public_key: str | None = None
    id: str | None = None
    tags: list[str] = field(default_factory=list)


@dataclass(slots=True)
class HmacCredential(ModelNode):
    """What a consumer signs requests with.

    Attributes:
        username: names the credential.
        secret: shared secret.
        id: the provider's own id, which some upstreams get to see.
        tags: labels without effect.
    """

    username: str
    secret: Secret | None = None
    id: str | None = None
    tags: list[str] = field(default_factory=list)


@dataclass(slots=True)
class OAuth2Credential(ModelNode):
    """An application of a consumer.

    Attributes:
        name: of the application.
        client_id: unset means a made-up one.
        client_secret: unset means a made-up one.
        redirect_uris: where browsers may come back to.
        public: the application cannot keep a secret.
        hash_secret: the secret is kept as a hash.
        id: the provider's own id, which some upstreams get to see.
        tags: labels without effect.
    """

    name: str
    client_id: str | None = None
    client_secret: Secret | None = None
    redirect_uris: list[str] = field(default_factory=list)
    public: bool = False
    hash_secret: bool = False
    id: str | None = None
    tags: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Credentials(ModelNode):
    """All credentials of a consumer.

    Attributes:
        basic: names and passwords.
        api_keys: keys.
        jwt: signers of tokens.
        hmac: signers of requests.
        oauth2: applications.
    """

    basic: list[BasicCredential] = field(default_factory=list)
    api_keys: list[KeyCredential] = field(default_factory=list)
    jwt: list[JwtCredential] = field(default_factory=list)
    hmac: list[HmacCredential] = field(default_factory=list)
    oauth2: list[OAuth2Credential] = field(default_factory=list)


@dataclass(slots=True)
class Consumer(ModelNode):
    """Somebody who uses the gateway.

    Attributes:
        name: unique.
        custom_id: what another system calls the consumer.
        groups: groups for access rules.
        credentials: what the consumer proves itself with.
        policies: for the consumer's requests everywhere.
        id: the provider's own id, which some upstreams get to see.
        tags: labels without effect.
        extensions: what only one provider can say.
    """

    name: str
    custom_id: str | None = None
    groups: list[str] = field(default_factory=list)
    credentials: Credentials = field(default_factory=Credentials)
    policies: Policies = field(default_factory=Policies)
    id: str | None = None
    tags: list[str] = field(default_factory=list)
    extensions: Extensions = field(default_factory=dict)


@dataclass(slots=True)
class ScopedPolicies(ModelNode):
    """Policies for a consumer on a certain service or route. They win over those of the consumer,
    and those with a route over those with a service.

    Attributes:
        consumer: name of the consumer.
        service: name of the service.
        route: name of the route.
        policies: the policies.
    """

    consumer: str
    service: str | None = None
    route: str | None = None
    policies: Policies = field(default_factory=Policies)
