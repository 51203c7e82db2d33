//! What people do again and again in the stories of the API.

use serde_json::{Value, json};

use crate::support::Person;

/// Adds a contact.
pub const ADD: &str = "mutation($input: CreateContactInput!) { createContact(input: $input) {
    contact { id name version tags { id name } } userErrors { code path conflictingId } } }";
/// Puts tags on contacts.
pub const TAG: &str = "mutation($input: TagContactsInput!) { tagContacts(input: $input) {
    changedCount tags { id name contactCount } userErrors { code path conflictingId } } }";
/// Takes tags off contacts.
pub const UNTAG: &str = "mutation($input: TagContactsInput!) { untagContacts(input: $input) {
    changedCount tags { id name contactCount } userErrors { code path conflictingId } } }";
/// Edits a contact.
pub const EDIT: &str = "mutation($input: UpdateContactInput!) { updateContact(input: $input) {
    contact { id name company jobTitle notes version emails { address label } phones { number label } tags { name } }
    userErrors { code path conflictingId } } }";
/// Makes a tag ahead.
pub const MAKE_TAG: &str = "mutation($input: CreateTagInput!) { createTag(input: $input) {
    tag { id name color group { id name } } userErrors { code path conflictingId } } }";
/// Makes a group of tags.
pub const MAKE_GROUP: &str = "mutation($input: CreateTagGroupInput!) { createTagGroup(input: $input) {
    tagGroup { id name color position } userErrors { code path conflictingId } } }";
/// Changes a tag.
pub const EDIT_TAG: &str = "mutation($input: UpdateTagInput!) { updateTag(input: $input) {
    tag { id name color contactCount aliases group { id name } } userErrors { code path conflictingId } } }";
/// Makes one tag of several.
pub const MERGE_TAGS: &str = "mutation($input: MergeTagsInput!) { mergeTags(input: $input) {
    tag { id name color contactCount aliases group { id name } } userErrors { code path conflictingId } } }";
/// Forgets an alias of a tag.
pub const REMOVE_ALIAS: &str = "mutation($tag: ID!, $alias: String!) { removeTagAlias(tagId: $tag, alias: $alias) {
    tag { id name aliases } userErrors { code path conflictingId } } }";
/// Changes a group of tags.
pub const EDIT_GROUP: &str = "mutation($input: UpdateTagGroupInput!) { updateTagGroup(input: $input) {
    tagGroup { id name color position } userErrors { code path conflictingId } } }";
/// Deletes a group of tags.
pub const DELETE_GROUP: &str = "mutation($id: ID!) { deleteTagGroup(id: $id) { deletedId userErrors { code path } } }";
/// Deletes a tag.
pub const DELETE_TAG: &str = "mutation($id: ID!) { deleteTag(id: $id) { deletedId userErrors { code path } } }";
/// Deletes a contact.
pub const DELETE: &str = "mutation($id: ID!) { deleteContact(id: $id) { deletedId userErrors { code path } } }";
/// Keeps a filter under a name.
pub const SAVE: &str = "mutation($input: CreateSavedFilterInput!) { createSavedFilter(input: $input) {
    savedFilter { id name query shared position owner { name } } userErrors { code path position conflictingId } } }";
/// Changes a saved filter.
pub const EDIT_SAVED: &str = "mutation($input: UpdateSavedFilterInput!) { updateSavedFilter(input: $input) {
    savedFilter { id name query shared position owner { name } } userErrors { code path position conflictingId } } }";
/// Deletes a saved filter.
pub const DELETE_SAVED: &str =
    "mutation($id: ID!) { deleteSavedFilter(id: $id) { deletedId userErrors { code path } } }";
/// Hides mail by who sent it.
pub const BLOCK: &str = "mutation($input: BlockInput!) { block(input: $input) {
    blocked { id pattern scope } affectedCount userErrors { code path } } }";
/// Shows it again.
pub const UNBLOCK: &str = "mutation($id: ID!) { unblock(id: $id) { deletedId userErrors { code path } } }";
/// Sets what somebody may do.
pub const SET_RIGHTS: &str = "mutation($input: SetRightsInput!) { setRights(input: $input) {
    user { id rights } userErrors { code path } } }";

impl Person {
    /// Does what a document of one mutation says; it must not be refused. Its payload.
    pub async fn does(&self, document: &str, variables: Value) -> Value {
        let payload = self.payload(document, variables).await;
        assert_eq!(payload["userErrors"], json!([]), "{document}");
        payload
    }

    /// Tries what a document of one mutation says; it must be refused. Code and path, such as `INVALID input.name`.
    pub async fn fails(&self, document: &str, variables: Value) -> String {
        refusal(&self.payload(document, variables).await)
    }

    /// The payload of a document of one mutation, refused or not.
    pub async fn payload(&self, document: &str, variables: Value) -> Value {
        let data = self.query(document, variables).await;
        data.as_object().and_then(|fields| fields.values().next()).expect("one root field").clone()
    }

    /// Adds a contact with a name and tags; its id.
    pub async fn adds(&self, name: &str, tags: &[&str]) -> String {
        let added = self.does(ADD, json!({ "input": { "name": name, "tags": tags } })).await;
        text(&added["contact"]["id"])
    }

    /// The position of the change log.
    pub async fn cursor(&self) -> Value {
        self.query("{ cursor }", json!({})).await["cursor"].take()
    }

    /// The id of the tag with a name.
    pub async fn tag_id(&self, name: &str) -> String {
        let found = self
            .query("query($search: String) { tags(search: $search) { nodes { id name } } }", json!({ "search": name }));
        let found = found.await;
        let tag = array(&found["tags"]["nodes"]).iter().find(|tag| tag["name"] == name);
        text(&tag.unwrap_or_else(|| panic!("no tag {name}: {found}"))["id"])
    }
}

/// Code and path of the one refusal of a payload.
pub fn refusal(payload: &Value) -> String {
    let errors = array(&payload["userErrors"]);
    assert_eq!(errors.len(), 1, "{payload}");
    let path: Vec<String> = array(&errors[0]["path"]).iter().map(text).collect();
    format!("{} {}", text(&errors[0]["code"]), path.join(".")).trim_end().to_owned()
}

/// The text that a value is.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// The list that a value is.
pub fn array(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap_or_else(|| panic!("no list: {value}"))
}

/// One field of every entry of a list.
pub fn each(list: &Value, field: &str) -> Vec<String> {
    array(list).iter().map(|entry| text(&entry[field])).collect()
}
