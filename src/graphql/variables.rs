//! Whether the variables of a request are what its operation declares, before anything of it runs.
//!
//! The executor finds a wrong variable only in the field that uses it, when others have run already. Owns the input types as the
//! schema's own text has them, and the rules of coercion (GraphQL specification, 6.1.2). What a custom scalar accepts is decided where
//! it is read. Start reading at `InputTypes::check`.

use std::collections::HashMap;

use async_graphql::parser::types::{BaseType, OperationDefinition, Type, TypeKind, TypeSystemDefinition};
use async_graphql::{Name, ServerError, Value, Variables};

use super::error::Code;
use super::refusal::refusal;

/// Every input type of the schema but custom scalars.
pub(super) struct InputTypes(HashMap<Name, Kind>);

enum Kind {
    Enum(Vec<Name>),
    Object { fields: Vec<Field>, one_of: bool },
}

struct Field {
    name: Name,
    ty: Type,
    has_default: bool,
}

/// Where in a variable, and what is wrong there.
struct Mistake {
    path: Vec<String>,
    what: String,
}

impl Mistake {
    fn new(what: String) -> Self {
        Self { path: Vec::new(), what }
    }

    fn beneath(mut self, segment: &dyn ToString) -> Self {
        self.path.push(segment.to_string());
        self
    }
}

impl InputTypes {
    /// Reads the schema's text. One that cannot be read gives no types, so that nothing is checked here.
    pub(super) fn of(sdl: &str) -> Self {
        let document = async_graphql::parser::parse_schema(sdl).inspect_err(|error| {
            tracing::error!(%error, "The schema's own text cannot be read; variables are checked where they are used");
        });
        let definitions = document.map(|document| document.definitions).unwrap_or_default();
        let types = definitions.into_iter().filter_map(|definition| {
            let TypeSystemDefinition::Type(definition) = definition else { return None };
            let definition = definition.node;
            let kind = match definition.kind {
                TypeKind::Enum(set) => Kind::Enum(set.values.into_iter().map(|value| value.node.value.node).collect()),
                TypeKind::InputObject(object) => Kind::Object {
                    one_of: definition.directives.iter().any(|directive| directive.node.name.node == "oneOf"),
                    fields: object.fields.into_iter().map(|field| Field::of(field.node)).collect(),
                },
                _ => return None,
            };
            Some((definition.name.node, kind))
        });
        Self(types.collect())
    }

    /// Refuses variables that are missing or of another type.
    pub(super) fn check(&self, operation: &OperationDefinition, given: &Variables) -> Result<(), ServerError> {
        for definition in &operation.variable_definitions {
            let (name, ty) = (&definition.node.name.node, &definition.node.var_type.node);
            let checked = match given.get(name) {
                None if ty.nullable || definition.node.default_value.is_some() => Ok(()),
                None => Err(Mistake::new(format!("it is missing, and must be {ty}"))),
                Some(value) => self.check_value(ty, value),
            };
            checked.map_err(|mistake| {
                let mut path = vec![name.to_string()];
                path.extend(mistake.path.into_iter().rev());
                let path = path.join(".");
                let mut error =
                    refusal(Code::BadUserInput, format!("The variable ${path} cannot be used: {}.", mistake.what));
                error.locations.push(definition.pos);
                error
            })?;
        }
        Ok(())
    }

    fn check_value(&self, ty: &Type, value: &Value) -> Result<(), Mistake> {
        if *value == Value::Null {
            return if ty.nullable { Ok(()) } else { Err(Mistake::new(format!("it is null, and must be {ty}"))) };
        }
        match (&ty.base, value) {
            (BaseType::List(item), Value::List(values)) => values.iter().enumerate().try_for_each(|(index, value)| {
                self.check_value(item, value).map_err(|mistake| mistake.beneath(&index))
            }),
            // A single value stands for a list of it.
            (BaseType::List(item), single) => self.check_value(item, single),
            (BaseType::Named(name), value) => self.check_named(name, value),
        }
    }

    fn check_named(&self, name: &Name, value: &Value) -> Result<(), Mistake> {
        let expected =
            |fits: bool, what: &str| if fits { Ok(()) } else { Err(Mistake::new(format!("expected {what}"))) };
        match (name.as_str(), self.0.get(name)) {
            ("Int", _) => expected(is_int(value), "a whole number of 32 bits"),
            ("Float", _) => expected(matches!(value, Value::Number(_)), "a number"),
            ("String", _) => expected(matches!(value, Value::String(_)), "a text"),
            ("Boolean", _) => expected(matches!(value, Value::Boolean(_)), "true or false"),
            ("ID", _) => expected(
                matches!(value, Value::String(_)) || matches!(value, Value::Number(number) if number.is_i64()),
                "an id",
            ),
            (_, Some(Kind::Enum(names))) => {
                let known = match value {
                    Value::String(text) => names.iter().any(|name| name == text.as_str()),
                    Value::Enum(given) => names.contains(given),
                    _ => false,
                };
                expected(known, &format!("one of the values of {name}"))
            }
            (_, Some(Kind::Object { fields, one_of })) => match value {
                Value::Object(given) => self.check_object(name, fields, *one_of, given),
                _ => expected(false, &format!("an object {name}")),
            },
            // A custom scalar, or a type that validation will not know.
            (_, None) => Ok(()),
        }
    }

    fn check_object(
        &self,
        name: &Name,
        fields: &[Field],
        one_of: bool,
        given: &async_graphql::indexmap::IndexMap<Name, Value>,
    ) -> Result<(), Mistake> {
        if one_of && (given.len() != 1 || given.values().any(|value| *value == Value::Null)) {
            return Err(Mistake::new(format!("{name} takes exactly one field, which is not null")));
        }
        for field in fields {
            match given.get(&field.name) {
                None if field.ty.nullable || field.has_default || one_of => {}
                None => {
                    let mistake = Mistake::new(format!("it is missing, and must be {}", field.ty));
                    return Err(mistake.beneath(&field.name));
                }
                Some(value) => {
                    self.check_value(&field.ty, value).map_err(|mistake| mistake.beneath(&field.name))?;
                }
            }
        }
        match given.keys().find(|given| fields.iter().all(|field| field.name != **given)) {
            Some(unknown) => {
                let unknown: String = unknown.chars().take(100).collect();
                Err(Mistake::new(format!("{name} has no field {unknown:?}")))
            }
            None => Ok(()),
        }
    }
}

impl Field {
    fn of(definition: async_graphql::parser::types::InputValueDefinition) -> Self {
        Self { name: definition.name.node, ty: definition.ty.node, has_default: definition.default_value.is_some() }
    }
}

fn is_int(value: &Value) -> bool {
    let Value::Number(number) = value else { return false };
    number.as_i64().is_some_and(|number| i32::try_from(number).is_ok())
}
