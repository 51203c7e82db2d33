//! A new user's password: from standard input, or asked for when that is a terminal.

use std::io::{BufRead, IsTerminal};

use anyhow::{Context, ensure};
use tagwire::users::Password;

pub fn read(whose: &str) -> anyhow::Result<Password> {
    let text = if std::io::stdin().is_terminal() {
        let first = rpassword::prompt_password(format!("Password for {whose}: ")).context("No password was given")?;
        let second = rpassword::prompt_password("Once more: ").context("No password was given")?;
        ensure!(first == second, "The two passwords differ.");
        first
    } else {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).context("The password cannot be read from standard input")?;
        line.trim_end_matches(['\r', '\n']).to_owned()
    };
    ensure!(!text.is_empty(), "A password is needed: type it, or give it on standard input.");
    Ok(Password::parse(text)?)
}
