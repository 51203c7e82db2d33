//! Where settings come from, as text.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// A setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The setting {key} is {given:?}; expected: {expected}.")]
pub struct SettingError {
    key: String,
    given: String,
    expected: String,
}

impl SettingError {
    /// Names the key and what was expected.
    #[must_use]
    pub fn new(key: &str, given: &str, expected: &str) -> Self {
        Self { key: key.to_owned(), given: given.to_owned(), expected: expected.to_owned() }
    }
}

/// Settings by key.
#[derive(Clone, Debug, Default)]
pub struct Source(BTreeMap<String, String>);

impl Source {
    /// The environment over `tagwire.toml`.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn of_process() -> Result<Self, SettingError> {
        let mut settings = match std::fs::read_to_string("tagwire.toml") {
            Ok(text) => Self::of_toml(&text)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::default(),
            Err(error) => return Err(SettingError::new("tagwire.toml", &error.to_string(), "a file that can be read")),
        };
        let ours = std::env::vars().filter(|(key, value)| key.starts_with("TAGWIRE_") && !value.is_empty());
        settings.0.extend(ours);
        Ok(settings)
    }

    /// The text of a `tagwire.toml`.
    ///
    /// # Errors
    /// When it is no TOML, or holds more than texts, numbers and switches under keys `TAGWIRE_…`.
    pub fn of_toml(text: &str) -> Result<Self, SettingError> {
        let expected = "lines such as TAGWIRE_LISTEN = \"127.0.0.1:8080\"";
        let table: toml::Table = toml::from_str(text)
            .map_err(|error: toml::de::Error| SettingError::new("tagwire.toml", error.message(), expected))?;
        let mut settings = BTreeMap::new();
        for (key, value) in table {
            let text = match value {
                toml::Value::String(text) => text,
                toml::Value::Integer(number) => number.to_string(),
                toml::Value::Boolean(on) => if on { "on" } else { "off" }.to_owned(),
                other => return Err(SettingError::new(&key, other.type_str(), expected)),
            };
            if !key.starts_with("TAGWIRE_") {
                return Err(SettingError::new(&key, &text, "a key that begins with TAGWIRE_"));
            }
            settings.insert(key, text);
        }
        Ok(Self(settings))
    }

    /// Settings given directly.
    #[must_use]
    pub fn of<const N: usize>(settings: [(&str, String); N]) -> Self {
        Self(settings.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// A text, if set.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<String> {
        self.0.get(key).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// Texts separated by commas.
    #[must_use]
    pub fn list(&self, key: &str) -> Vec<String> {
        let text = self.text(key).unwrap_or_default();
        text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(str::to_owned).collect()
    }

    /// Anything that can be parsed.
    pub(super) fn parsed<T: FromStr>(&self, key: &str, default: T, expected: &str) -> Result<T, SettingError> {
        let Some(text) = self.text(key) else { return Ok(default) };
        text.parse().map_err(|_| SettingError::new(key, &text, expected))
    }

    /// A whole number within a range.
    pub(super) fn number<T>(&self, key: &str, default: T, range: RangeInclusive<T>) -> Result<T, SettingError>
    where
        T: FromStr + PartialOrd + Display + Copy,
    {
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        let number = self.parsed(key, default, &expected)?;
        if range.contains(&number) { Ok(number) } else { Err(SettingError::new(key, &number.to_string(), &expected)) }
    }

    /// One of some words.
    pub(super) fn choice<T: Copy>(&self, key: &str, default: T, words: &[(&str, T)]) -> Result<T, SettingError> {
        let Some(text) = self.text(key) else { return Ok(default) };
        words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value).ok_or_else(|| {
            let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            SettingError::new(key, &text, &format!("one of {}", words.join(", ")))
        })
    }
}
