//! Hosts inside our own network.

use serde_json::json;
use tagwire::users::Plan;

use crate::support::TestApp;

/// 39: all are refused with the sentence for a server that does not answer, at whatever port. A name is resolved once, and what it
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
        for host in ["169.254.169.254", "::ffff:127.0.0.1", "[::ffff:169.254.169.254]", "127.1", "localhost.", "10.0.0.1", "::1"] {
            for port in [993, 143, 80] {
                assert_eq!(refusal(host, port).await, nowhere, "{host}:{port}");
            }
        }
    })
    .await;
}
