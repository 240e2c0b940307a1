"""Fields of certificates and TLS contexts that only Envoy knows.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/tls.proto
and https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/common.proto
"""

from __future__ import annotations

from gal.importers.envoy.carried import quiet

CERTIFICATE = {
    **quiet("watched_directory", "ocsp_staple", "signed_certificate_timestamp"),
    "private_key_provider": "where the private key is kept",
    "pkcs12": "certificate and key in one file",
    "password": "what the private key is encrypted with",
}
COMMON = {
    **quiet("key_log"),
    "tls_params": "which versions and ciphers of TLS are spoken",
    "tls_certificate_provider_instance": "certificates come from an extension",
    "tls_certificate_certificate_provider": "certificates come from an extension",
    "tls_certificate_certificate_provider_instance": "certificates come from an extension",
    "custom_tls_certificate_selector": "an extension picks the certificate",
    "validation_context_certificate_provider": "authorities come from an extension",
    "validation_context_certificate_provider_instance": "authorities come from an extension",
    "custom_handshaker": "an extension does the handshake",
}
DOWNSTREAM = {
    **quiet("session_ticket_keys", "session_ticket_keys_sds_secret_config", "session_timeout"),
    **quiet("disable_stateless_session_resumption", "disable_stateful_session_resumption"),
    **quiet("full_scan_certs_on_sni_mismatch", "ocsp_staple_policy", "prefer_client_ciphers"),
    "require_sni": "connections without a server name are refused",
}
CLIENT = {
    **quiet("allow_renegotiation", "max_session_keys", "enforce_rsa_key_usage"),
}
VALIDATION = {
    **quiet("watched_directory", "require_signed_certificate_timestamp", "suppress_client_ca_list"),
    "verify_certificate_spki": "keys that are accepted",
    "verify_certificate_hash": "certificates that are accepted",
    "verify_subject_alt_name": "names that are accepted",
    "match_subject_alt_names": "names that are accepted",
    "crl": "certificates that were revoked",
    "only_verify_leaf_cert_crl": "how revocation is checked",
    "allow_expired_certificate": "expired certificates are accepted",
    "trust_chain_verification": "untrusted certificates are accepted",
    "custom_validator_config": "an extension verifies certificates",
    "ca_certificate_provider_instance": "authorities come from an extension",
    "system_root_certs": "Envoy 1.40 verifies nothing with this",
}
