//! The schema as clients have it.

#[test]
fn the_committed_schema_is_the_one_that_is_served() {
    let committed = include_str!("../../schema.graphql");
    let served = tagwire::graphql::Api::sdl();
    let differs = committed.trim_end().lines().zip(served.trim_end().lines()).find(|(there, here)| there != here);
    assert_eq!(differs, None, "after a change of the schema: cargo run -- schema > schema.graphql");
    assert_eq!(committed.trim_end(), served.trim_end());
}
