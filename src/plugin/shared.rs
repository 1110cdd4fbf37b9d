//! Settings that several inputs and outputs have in common: TLS, HTTP clients, AWS, Kafka.
//! Source: Logstash reference 8.17, the pages of those plugins.

use super::Setting;
use super::table::*;

const CERTIFICATE: Setting = path("ssl_certificate", "The PEM certificate to show, with its chain.");
const AUTHORITIES: Setting = array("ssl_certificate_authorities", "PEM files of the authorities to believe.");
const CIPHERS: Setting = array("ssl_cipher_suites", "Cipher suites, the preferred first.");
const KEY: Setting = path("ssl_key", "The private key of `ssl_certificate`, PKCS8.");
const PASSPHRASE: Setting = password("ssl_key_passphrase", "The passphrase of `ssl_key`.");
const PROTOCOLS: Setting = array("ssl_supported_protocols", "TLS versions: `TLSv1.1`, `TLSv1.2`, `TLSv1.3`.");
const VERIFICATION: Setting =
    choice("ssl_verification_mode", &["full", "none"], "Whether the server's certificate is verified.");

/// Of whoever listens.
pub const TLS_LISTENER: &[Setting] = &[
    CERTIFICATE,
    AUTHORITIES,
    CIPHERS,
    choice("ssl_client_authentication", &["none", "optional", "required"], "Whether clients must show a certificate."),
    number("ssl_handshake_timeout", 10000.0, "How long a handshake may take, in milliseconds."),
    KEY,
    PASSPHRASE,
    PROTOCOLS,
];

/// What listeners had before they had one set of names; Logstash 9 has removed them.
pub const TLS_LISTENER_OLD: &[Setting] = &[
    switch("ssl", false, "Whether TLS is spoken.").deprecated("use `ssl_enabled`"),
    array("cipher_suites", "Cipher suites.").deprecated("use `ssl_cipher_suites`"),
    choice("ssl_verify_mode", &["none", "peer", "force_peer"], "Whether clients must show a certificate.")
        .deprecated("use `ssl_client_authentication`"),
    amount("tls_min_version", "The lowest TLS version.").deprecated("use `ssl_supported_protocols`"),
    amount("tls_max_version", "The highest TLS version.").deprecated("use `ssl_supported_protocols`"),
];

/// Of whoever listens or connects, as `mode` says.
pub const TLS_SOCKET: &[Setting] = &[
    switch("ssl_enabled", false, "Whether TLS is spoken."),
    CERTIFICATE,
    AUTHORITIES,
    CIPHERS,
    one_of("ssl_client_authentication", &["none", "optional", "required"], "Whether clients must show a certificate."),
    KEY,
    PASSPHRASE,
    PROTOCOLS,
    VERIFICATION,
    switch("ssl_enable", false, "Whether TLS is spoken.").deprecated("use `ssl_enabled`"),
    path("ssl_cert", "The certificate to show.").deprecated("use `ssl_certificate`"),
    switch("ssl_verify", true, "Whether the other end is verified.")
        .deprecated("use `ssl_client_authentication` in a server, `ssl_verification_mode` in a client"),
];

/// Java key stores, beside PEM files.
pub const TLS_STORES: &[Setting] = &[
    path("ssl_keystore_path", "A JKS or PKCS12 store with the certificate to show."),
    password("ssl_keystore_password", "The password of `ssl_keystore_path`."),
    one_of("ssl_keystore_type", &["jks", "pkcs12"], "The format of `ssl_keystore_path`."),
    path("ssl_truststore_path", "A JKS or PKCS12 store of authorities to believe."),
    password("ssl_truststore_password", "The password of `ssl_truststore_path`."),
    one_of("ssl_truststore_type", &["jks", "pkcs12"], "The format of `ssl_truststore_path`."),
];

/// Of whoever connects.
pub const TLS_CLIENT: &[Setting] = &[CERTIFICATE, AUTHORITIES, CIPHERS, KEY, PROTOCOLS, VERIFICATION];

/// What speaks HTTP to somebody else.
pub const HTTP_CLIENT: &[Setting] = &[
    string("user", "The name for basic authentication."),
    password("password", "The password for basic authentication."),
    number("automatic_retries", 1.0, "How often a failed request is sent again."),
    number("connect_timeout", 10.0, "How long connecting may take, in seconds."),
    switch("cookies", true, "Whether cookies are kept."),
    switch("follow_redirects", true, "Whether redirects are followed."),
    switch("keepalive", true, "Whether connections are kept."),
    number("pool_max", 50.0, "How many connections there may be."),
    number("pool_max_per_route", 25.0, "How many there may be to one host."),
    Setting::new("proxy", super::Kind::Any, super::Fallback::None, "A proxy: an address, or a hash of its parts."),
    number("request_timeout", 60.0, "How long a request may take, in seconds."),
    switch("retry_non_idempotent", false, "Whether `POST` and its like are sent again, too."),
    number("socket_timeout", 10.0, "How long to wait for data, in seconds."),
    switch("ssl_enabled", true, "Whether TLS is spoken where the address asks for it."),
    number("validate_after_inactivity", 200.0, "After how many milliseconds a kept connection is tested."),
];

/// What HTTP clients had before they had one set of names; Logstash 9 has removed them.
pub const HTTP_CLIENT_OLD: &[Setting] = &[
    path("cacert", "The authority to believe.").deprecated("use `ssl_certificate_authorities`"),
    path("client_cert", "The certificate to show.").deprecated("use `ssl_certificate`"),
    path("client_key", "Its key.").deprecated("use `ssl_key`"),
    path("keystore", "A store with the certificate to show.").deprecated("use `ssl_keystore_path`"),
    password("keystore_password", "Its password.").deprecated("use `ssl_keystore_password`"),
    text("keystore_type", "JKS", "Its format.").deprecated("use `ssl_keystore_type`"),
    path("truststore", "A store of authorities.").deprecated("use `ssl_truststore_path`"),
    password("truststore_password", "Its password.").deprecated("use `ssl_truststore_password`"),
    text("truststore_type", "JKS", "Its format.").deprecated("use `ssl_truststore_type`"),
    switch("ssl_certificate_validation", true, "Whether the server is verified.")
        .deprecated("use `ssl_verification_mode`"),
];

/// What speaks to AWS.
pub const AWS: &[Setting] = &[
    string("access_key_id", "The access key; without one the usual places are searched."),
    password("secret_access_key", "Its secret."),
    password("session_token", "The token of temporary credentials."),
    string("aws_credentials_file", "A YAML file with the two."),
    text("region", "us-east-1", "The AWS region."),
    string("endpoint", "The address to speak to; made of `region` by default."),
    string("proxy_uri", "The address of a proxy."),
    string("role_arn", "The role to assume."),
    text("role_session_name", "logstash", "The name of its session."),
    switch("use_aws_bundled_ca", false, "Whether the SDK's own authorities are believed."),
    string("web_identity_token_file", "A file with an OIDC token; needs `role_arn`."),
];

/// What speaks to Kafka.
pub const KAFKA: &[Setting] = &[
    text("bootstrap_servers", "localhost:9092", "Brokers to begin with: `host:port,host:port`."),
    text("client_dns_lookup", "use_all_dns_ips", "How names of brokers are looked up."),
    text("client_id", "logstash", "The name that brokers know this client by."),
    number("connections_max_idle_ms", 540000.0, "After how long an idle connection is closed."),
    path("jaas_path", "A JAAS file."),
    path("kerberos_config", "A file like `krb5.conf`."),
    number("metadata_max_age_ms", 300000.0, "After how long metadata are asked for again."),
    number("receive_buffer_bytes", 32768.0, "The size of the socket's receive buffer."),
    number("reconnect_backoff_ms", 50.0, "How long to wait before connecting again."),
    number("request_timeout_ms", 40000.0, "How long a request may take."),
    number("retry_backoff_ms", 100.0, "How long to wait before a request is sent again."),
    string("sasl_client_callback_handler_class", "The class that answers SASL's questions."),
    string("sasl_jaas_config", "JAAS settings of this client alone."),
    string("sasl_kerberos_service_name", "The Kerberos principal of the brokers."),
    string("sasl_login_callback_handler_class", "The class that logs in."),
    amount("sasl_login_connect_timeout_ms", "How long connecting to the token's issuer may take."),
    amount("sasl_login_read_timeout_ms", "How long its answer may take."),
    number("sasl_login_retry_backoff_ms", 100.0, "How long to wait between two tries to log in."),
    number("sasl_login_retry_backoff_max_ms", 10000.0, "The longest of these waits."),
    text("sasl_mechanism", "GSSAPI", "The SASL mechanism."),
    text("sasl_oauthbearer_scope_claim_name", "scope", "The name of the scope's claim."),
    string("sasl_oauthbearer_token_endpoint_url", "The address of the token's issuer."),
    choice("security_protocol", &["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"], "What is spoken to brokers."),
    number("send_buffer_bytes", 131072.0, "The size of the socket's send buffer."),
    text("ssl_endpoint_identification_algorithm", "https", "How brokers' names are verified; empty: not at all."),
    password("ssl_key_password", "The password of the key in the key store."),
    path("ssl_keystore_location", "A store with the certificate to show."),
    password("ssl_keystore_password", "Its password."),
    string("ssl_keystore_type", "Its format."),
    path("ssl_truststore_location", "A store of authorities to believe."),
    password("ssl_truststore_password", "Its password."),
    string("ssl_truststore_type", "Its format."),
];

/// What speaks to RabbitMQ.
pub const RABBITMQ: &[Setting] = &[
    array("host", "The server; of several, one is taken by chance.").required(),
    number("port", 5672.0, "Its port."),
    text("user", "guest", "The name to log in with."),
    password("password", "The password; `guest` by default."),
    text("vhost", "/", "The virtual host."),
    Setting::new("arguments", super::Kind::Hash, super::Fallback::Empty, "More arguments of the queue or exchange."),
    switch("automatic_recovery", true, "Whether a broken connection is made again."),
    number("connect_retry_interval", 1.0, "How long to wait before connecting again, in seconds."),
    amount("connection_timeout", "How long connecting may take, in milliseconds."),
    amount("heartbeat", "The time between heartbeats, in seconds."),
    switch("passive", false, "Whether it must be there already."),
    switch("ssl", false, "Whether TLS is spoken."),
    path("ssl_certificate_path", "A PKCS12 file to verify the server with."),
    password("ssl_certificate_password", "The password of `ssl_certificate_path`."),
    text("ssl_version", "TLSv1.2", "The TLS version."),
];

/// SNMPv3.
pub const SNMP_USER: &[Setting] = &[
    password("auth_pass", "The passphrase for authentication."),
    one_of(
        "auth_protocol",
        &["md5", "sha", "sha2", "hmac128sha224", "hmac192sha256", "hmac256sha384", "hmac384sha512"],
        "How it is authenticated.",
    ),
    string("local_engine_id", "The engine's id, 5 to 32 characters."),
    password("priv_pass", "The passphrase for encryption."),
    one_of("priv_protocol", &["des", "3des", "aes", "aes128", "aes192", "aes256"], "How it is encrypted."),
    one_of("security_level", &["noAuthNoPriv", "authNoPriv", "authPriv"], "What of the two is done."),
    string("security_name", "The user."),
];
