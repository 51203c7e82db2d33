//! `tagwire serve`.

use anyhow::Context;
use tagwire::config::Config;
use tagwire::{http, users};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

pub async fn run(config: Config) -> anyhow::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let (listen, graphiql) = (config.listen, config.graphiql);
    let app = super::app(config).await?;
    let listener =
        TcpListener::bind(listen).await.with_context(|| format!("Cannot listen on {listen} (TAGWIRE_LISTEN)"))?;
    let address = listener.local_addr()?;
    tracing::info!(
        "Listening on http://{address}, the API at /graphql{}",
        if graphiql { ", GraphiQL at /graphiql" } else { "" }
    );
    if users::workspaces(&app.db).await?.is_empty() {
        tracing::warn!(
            "There is no workspace yet. Make the first one, also while this runs, with: \
             tagwire create-workspace --name \"Your Company\" --admin-name \"Your Name\" --admin-email you@example.com"
        );
    }
    let shutdown = CancellationToken::new();
    let db = app.db.clone();
    let mut serving = std::pin::pin!(http::serve(app, listener, shutdown.clone()));
    tokio::select! {
        () = serving.as_mut() => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    shutdown.cancel();
    tokio::select! {
        () = serving => db.close().await,
        // Asked twice: at once, then. What was committed is safe.
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("Stopped");
    Ok(())
}
