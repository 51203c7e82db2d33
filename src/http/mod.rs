//! HTTP: routes, GraphQL over HTTP, websockets, server-sent events, health.
