//! `tagwire rotate-keys`.

use std::time::Duration;

use tagwire::config::Config;
use tagwire::db::Db;
use tagwire::secrets::{Rotation, Secrets};
use tagwire::{mail_accounts, post};

/// A server that sealed something just before the key was replaced has stored it by then.
const STORED: Duration = Duration::from_secs(5);

pub async fn run(config: Config) -> anyhow::Result<()> {
    let file = config.secret_key_file.clone();
    let app = super::app(config).await?;
    let rotation = Rotation::begin(&file)?;
    let mut resealed = reseal(&app.db, rotation.secrets()).await?;
    loop {
        tokio::time::sleep(STORED).await;
        match reseal(&app.db, rotation.secrets()).await? {
            0 => break,
            late => resealed += late,
        }
    }
    rotation.end()?;
    app.db.close().await;
    super::print(&format!(
        "There is a new key in {}. {resealed} stored secrets were encrypted with it; keep a new copy of the file.",
        file.display()
    ));
    Ok(())
}

/// Everything that is sealed.
async fn reseal(db: &Db, secrets: &Secrets) -> anyhow::Result<u64> {
    Ok(mail_accounts::reseal(db, secrets).await? + post::reseal(db, secrets).await?)
}
