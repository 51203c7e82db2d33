//! Hosts inside our own network.

use futures_util::future::join_all;
use serde_json::json;
use tagwire::users::Plan;

use crate::support::TestApp;

/// 39: all are refused with the sentence for a server that is not there, at whatever port. A name is resolved once, and what it
/// resolved to is what is connected: another answer a moment later is never asked for. IMAP has no redirects that are followed.
#[tokio::test(flavor = "multi_thread")]
async fn hosts_inside_look_like_hosts_that_are_not_there() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        let document = "mutation($input: ConnectMailAccountInput!) { connectMailAccount(input: $input) { mailAccount { id } \
            userErrors { code message path } } }";
        let refusal = async |host: &str, port: i32| {
            let input = json!({ "email": "a@b.test", "password": "x", "imapHost": host, "imapPort": port });
            ann.query(document, json!({ "input": input })).await["connectMailAccount"].take()
        };
        let nowhere = refusal("no-such-host.invalid", 993).await;
        assert_eq!(nowhere["userErrors"][0]["code"], "MAIL_SERVER_UNREACHABLE");
        let hosts = ["169.254.169.254", "::ffff:127.0.0.1", "[::ffff:169.254.169.254]", "127.1", "localhost.", "10.0.0.1", "::1"];
        let places: Vec<_> = hosts.iter().flat_map(|host| [993, 143, 80].map(|port| (*host, port))).collect();
        // All at once: every refusal takes its time.
        let refusals = join_all(places.iter().map(|(host, port)| refusal(host, *port))).await;
        for ((host, port), refused) in places.iter().zip(refusals) {
            assert_eq!(refused, nowhere, "{host}:{port}");
        }
    })
    .await;
}
