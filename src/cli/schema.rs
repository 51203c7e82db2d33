//! `tagwire schema`.

use tagwire::config::Config;
use tagwire::graphql::Api;

pub fn run(config: &Config) -> anyhow::Result<()> {
    super::print(Api::sdl_of(config).trim_end());
    Ok(())
}
