//! Wrong settings are named, with what was expected.

use tagwire::config::{Config, Introspection, Source};

fn read(line: &str) -> Result<Config, String> {
    let source = Source::of_toml(line).map_err(|error| error.to_string())?;
    Config::read(&source).map_err(|error| error.to_string())
}

#[test]
fn a_wrong_setting_is_named_with_what_was_expected() {
    for (line, expected) in [
        ("TAGWIRE_LISTEN = \"8080\"", "address:port"),
        ("TAGWIRE_LISTEN = \"localhost:http\"", "address:port"),
        ("TAGWIRE_PUBLIC_URL = \"crm.example\"", "scheme, host and port"),
        ("TAGWIRE_PUBLIC_URL = \"https://crm.example/tagwire\"", "scheme, host and port"),
        ("TAGWIRE_DATABASE_URL = \"mysql://db/crm\"", "sqlite://PATH or postgres://"),
        ("TAGWIRE_DATABASE_CONNECTIONS = 0", "a whole number from 1 to 200"),
        ("TAGWIRE_DATABASE_CONNECTIONS = 201", "a whole number from 1 to 200"),
        ("TAGWIRE_DATABASE_CONNECTIONS = \"many\"", "a whole number from 1 to 200"),
        ("TAGWIRE_ALLOWED_PRIVATE_HOSTS = \"mail.intern\"", "host:port"),
        ("TAGWIRE_ALLOWED_PRIVATE_HOSTS = \"mail.intern:993, :25\"", "host:port"),
        ("TAGWIRE_DISCOVERY_DNS = \"localhost:53\"", "address:port"),
        ("TAGWIRE_DISCOVERY_ISPDB_URL = \"http://ispdb.test/{domain}\"", "https://"),
        ("TAGWIRE_DISCOVERY_ISPDB_URL = \"https://ispdb.test/\"", "{domain}"),
        ("TAGWIRE_DISCOVERY_HTTPS_PORT = 0", "1 to 65535"),
        ("TAGWIRE_DISCOVERY_IMAPS_PORT = 70000", "1 to 65535"),
        ("TAGWIRE_CA_FILE = \"/no/such/file.pem\"", "a PEM file that exists"),
        ("TAGWIRE_ALLOWED_ORIGINS = \"https://a.example, b.example\"", "origins such as"),
        ("TAGWIRE_CHANGE_RETENTION_DAYS = 0", "a whole number from 1 to 3650"),
        ("TAGWIRE_CHANGE_RETENTION_EVENTS = -1", "a whole number from 1 to"),
        ("TAGWIRE_INTROSPECTION = \"yes\"", "one of everyone, signed-in, off"),
        ("TAGWIRE_GRAPHIQL = \"yes\"", "one of on, off"),
        ("TAGWIRE_LOG_FORMAT = \"xml\"", "one of text, json"),
        ("TAGWIRE_LIMIT_DEPTH = \"deep\"", "a whole number from 1 to 64"),
        ("TAGWIRE_LIMIT_BODY_BYTES = 10", "a whole number from 1024 to"),
        ("TAGWIRE_LIMIT_REQUEST_SECONDS = 1.5", "lines such as TAGWIRE_LISTEN"),
        ("TAGWIRE_LISTEN = [\"127.0.0.1:80\"]", "lines such as TAGWIRE_LISTEN"),
        ("LISTEN = \"127.0.0.1:80\"", "a key that begins with TAGWIRE_"),
    ] {
        let key = line.split(' ').next().unwrap();
        let message = read(line).map(|_| "accepted").unwrap_err();
        assert!(message.contains(key), "{line}: {message}");
        assert!(message.contains(expected), "{line}: {message}");
    }
    let message = read("TAGWIRE_LISTEN = ").map(|_| "accepted").unwrap_err();
    assert!(message.contains("tagwire.toml"), "{message}");
}

#[test]
fn a_wrong_database_address_is_not_shown() {
    let message = read("TAGWIRE_DATABASE_URL = \"mysql://crm:s3cret@db/crm\"").map(|_| "accepted").unwrap_err();
    assert!(!message.contains("s3cret"), "{message}");
}

#[test]
fn nothing_needs_to_be_set() {
    let config = read("").unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.database_url, "sqlite://./data/tagwire.sqlite");
    assert_eq!(config.allowed_origins, ["http://127.0.0.1:8080"]);
    assert_eq!(config.introspection, Introspection::Everyone);
}
