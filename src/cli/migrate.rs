//! `tagwire migrate`.

use tagwire::config::Config;

pub async fn run(config: Config) -> anyhow::Result<()> {
    super::app(config).await?.db.close().await;
    super::print("The database is up to date.");
    Ok(())
}
