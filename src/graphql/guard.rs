//! What a document may cost, checked before the executor sees it.
//!
//! The parser recurses with every bracket and the validation with every spread: 3 KB of text can end the process, 900 bytes can hold
//! a core for minutes. So the text is scanned before it is parsed, and the document is measured, each fragment once, before it is
//! validated. Start reading at `check_text`, then `check_document`.

use std::collections::HashMap;

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};
use async_graphql::{Name, Positioned, ServerError};

use super::error::Code;
use super::refusal::refusal;
use crate::config::Limits;

/// Brackets of any kind within each other.
const NESTING: usize = 64;

/// Selection sets within each other, spreads followed. More than fields may be deep, since inline fragments count.
pub(super) const LEVELS: usize = 64;

/// Operations and fragments of a document.
const DEFINITIONS: usize = 200;

/// Refuses text that must not reach the parser.
pub(super) fn check_text(text: &str, limits: &Limits) -> Result<(), ServerError> {
    if text.len() > limits.query_bytes {
        return Err(too_complex(format!("A document has at most {} bytes.", limits.query_bytes)));
    }
    let mut rest = text.as_bytes();
    let mut depth = 0_usize;
    while let Some((first, after)) = rest.split_first() {
        rest = match first {
            b'{' | b'(' | b'[' => {
                depth += 1;
                if depth > NESTING {
                    return Err(too_complex(format!("A document nests at most {NESTING} brackets.")));
                }
                after
            }
            b'}' | b')' | b']' => {
                depth = depth.saturating_sub(1);
                after
            }
            b'#' => behind_line(after),
            b'"' => behind_string(rest).ok_or_else(|| {
                refusal(Code::GraphqlParseFailed, "The document cannot be read: a string does not end.")
            })?,
            _ => after,
        };
    }
    Ok(())
}

fn behind_line(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(text.len());
    text.get(end..).unwrap_or_default()
}

/// What follows the string at the start of `text`; none when it does not end, where the parser would try to read it otherwise.
fn behind_string(text: &[u8]) -> Option<&[u8]> {
    if let Some(mut rest) = text.strip_prefix(b"\"\"\"") {
        loop {
            if let Some(after) = rest.strip_prefix(b"\"\"\"") {
                return Some(after);
            }
            rest = rest.strip_prefix(b"\\\"\"\"").or_else(|| rest.get(1..))?;
        }
    }
    let mut rest = text.strip_prefix(b"\"")?;
    loop {
        let (first, after) = rest.split_first()?;
        rest = match first {
            b'"' => return Some(after),
            b'\n' | b'\r' => return None,
            b'\\' => after.get(1..)?,
            _ => after,
        };
    }
}

/// Refuses a document that would cost too much to validate or run.
pub(super) fn check_document(document: &ExecutableDocument, limits: &Limits) -> Result<(), ServerError> {
    let definitions = document.operations.iter().len() + document.fragments.len();
    if definitions > DEFINITIONS {
        return Err(too_complex(format!("A document has at most {DEFINITIONS} operations and fragments.")));
    }
    let mut scale = Scale { document, fragments: HashMap::new(), aliases: 0, directives: 0 };
    let mut selections = 0_usize;
    for (_, operation) in document.operations.iter() {
        let operation = &operation.node;
        let of_variables = operation.variable_definitions.iter().map(|variable| variable.node.directives.len());
        scale.directives += operation.directives.len() + of_variables.sum::<usize>();
        let size = scale.weigh(&operation.selection_set, 0)?;
        selections = selections.saturating_add(size.selections);
        limit("fields of an operation", size.fields, limits.root_fields)?;
        limit("levels of fields", size.depth, limits.depth)?;
    }
    // Those that no operation spreads are validated too.
    for name in document.fragments.keys() {
        scale.weigh_fragment(name, 0)?;
    }
    limit("selected fields, fragments spread", selections, limits.selections)?;
    limit("aliases", scale.aliases, limits.aliases)?;
    limit("directives", scale.directives, limits.directives)
}

/// Whether the document asks for the schema.
pub(super) fn introspects(document: &ExecutableDocument) -> bool {
    fn within(set: &SelectionSet) -> bool {
        set.items.iter().any(|selection| match &selection.node {
            Selection::Field(field) => matches!(field.node.name.node.as_str(), "__schema" | "__type"),
            Selection::InlineFragment(inline) => within(&inline.node.selection_set.node),
            Selection::FragmentSpread(_) => false,
        })
    }
    let of_operations = document.operations.iter().map(|(_, operation)| &operation.node.selection_set.node);
    let of_fragments = document.fragments.values().map(|fragment| &fragment.node.selection_set.node);
    of_operations.chain(of_fragments).any(within)
}

fn limit(what: &str, found: usize, limit: usize) -> Result<(), ServerError> {
    if found > limit {
        Err(too_complex(format!("Too many {what}: {found}, where {limit} are allowed.")))
    } else {
        Ok(())
    }
}

fn too_complex(message: String) -> ServerError {
    refusal(Code::TooComplex, message)
}

/// What a selection set comes to, fragments spread.
#[derive(Clone, Copy, Default)]
struct Size {
    /// Fields in all.
    selections: usize,
    /// Fields of the set itself.
    fields: usize,
    /// Levels of fields.
    depth: usize,
    /// Levels of selection sets.
    levels: usize,
}

struct Scale<'d> {
    document: &'d ExecutableDocument,
    /// None while it is being weighed: meeting it again is a cycle.
    fragments: HashMap<&'d Name, Option<Size>>,
    aliases: usize,
    directives: usize,
}

impl<'d> Scale<'d> {
    fn weigh(&mut self, set: &'d Positioned<SelectionSet>, level: usize) -> Result<Size, ServerError> {
        within_levels(level)?;
        let mut size = Size { levels: 1, ..Size::default() };
        for selection in &set.node.items {
            self.directives += selection.node.directives().len();
            let part = match &selection.node {
                Selection::Field(field) => {
                    self.aliases += usize::from(field.node.alias.is_some());
                    let beneath = if field.node.selection_set.node.items.is_empty() {
                        Size::default()
                    } else {
                        self.weigh(&field.node.selection_set, level + 1)?
                    };
                    Size {
                        selections: beneath.selections.saturating_add(1),
                        fields: 1,
                        depth: beneath.depth + 1,
                        levels: beneath.levels,
                    }
                }
                Selection::InlineFragment(inline) => self.weigh(&inline.node.selection_set, level + 1)?,
                Selection::FragmentSpread(spread) => self.weigh_fragment(&spread.node.fragment_name.node, level + 1)?,
            };
            size.selections = size.selections.saturating_add(part.selections);
            size.fields = size.fields.saturating_add(part.fields);
            size.depth = size.depth.max(part.depth);
            size.levels = size.levels.max(part.levels + 1);
        }
        Ok(size)
    }

    fn weigh_fragment(&mut self, name: &Name, level: usize) -> Result<Size, ServerError> {
        // An unknown one is left to the validation.
        let Some((name, fragment)) = self.document.fragments.get_key_value(name) else { return Ok(Size::default()) };
        match self.fragments.get(name) {
            Some(Some(size)) => {
                within_levels(level + size.levels)?;
                return Ok(*size);
            }
            Some(None) => {
                let message = format!("The fragment {name} spreads itself.");
                return Err(refusal(Code::GraphqlValidationFailed, message));
            }
            None => {}
        }
        self.fragments.insert(name, None);
        self.directives += fragment.node.directives.len();
        let size = self.weigh(&fragment.node.selection_set, level)?;
        self.fragments.insert(name, Some(size));
        Ok(size)
    }
}

fn within_levels(levels: usize) -> Result<(), ServerError> {
    limit("levels of selections", levels, LEVELS)
}
