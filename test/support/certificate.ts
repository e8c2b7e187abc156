/**
 * A certificate for localhost and 127.0.0.1 that signs itself, valid until 2126, and its key: worth nothing
 * outside of the tests. Made with `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes
 * -days 36500 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1`.
 */
export const cert = `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUSPH+R2OiBwEnHXpZOKoVF2WgG0cwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTA0MDAxMloYDzIxMjYxMDI4
MDQwMDEyWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATPiGNmgKGnPvitJqjf0JheyOVSeXrKQV/9NlNYBd0ztelJGcwGaIxL
IF625lLOTuyAJsZtTWxOsRZpTiMMCHZko28wbTAdBgNVHQ4EFgQUYh7RM8BDPQ/B
IvjFvxGH/u35wb0wHwYDVR0jBBgwFoAUYh7RM8BDPQ/BIvjFvxGH/u35wb0wDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIhAILX45kodtkLycryCIg7lpT8+ey3z5yxD01HXF4oREQgAiBh
su79pSJ3q5T8ZvsLNvxD2sWhSNuzIkvveMgwEQFKxQ==
-----END CERTIFICATE-----
`;

/** The key of `cert`. */
export const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQglu0xNv58pZ/xFOqC
ZJD8x+OGWwfWcnMwvumiZhB+GDChRANCAATPiGNmgKGnPvitJqjf0JheyOVSeXrK
QV/9NlNYBd0ztelJGcwGaIxLIF625lLOTuyAJsZtTWxOsRZpTiMMCHZk
-----END PRIVATE KEY-----
`;
