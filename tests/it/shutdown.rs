//! Stopping: nothing that runs is cut, nothing new begins.

use hyper::{Method, StatusCode};
use tagwire::users::Plan;

use crate::support::{TestApp, http};

#[tokio::test]
async fn it_lives_and_is_ready_until_it_stops() {
    TestApp::on_each_database(async |test| {
        for path in ["/live", "/ready", "/"] {
            assert_eq!(http::call(Method::GET, &test.url, path).send().await.status, StatusCode::OK, "{path}");
        }
        let nowhere = http::call(Method::GET, &test.url, "/nowhere").send().await;
        assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
    })
    .await;
}

#[tokio::test]
async fn open_sockets_are_closed_with_1001() {
    let test = TestApp::on_sqlite(&[]).await;
    let company = test.workspace(Plan::Free).await;
    let mut sockets = Vec::new();
    for _ in 0..5 {
        let mut socket = company.ann.socket().await;
        socket.subscribe("1", "subscription { changes { cursor } }", serde_json::json!({})).await;
        sockets.push(socket);
    }
    test.shutdown.cancel();
    for socket in &mut sockets {
        assert_eq!(socket.closed().await.0, 1001);
    }
    test.stop().await;
}
