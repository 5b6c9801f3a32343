//! Two documents as trees of values, compared place by place.

use serde_json::{Map, Value};

use super::{Bumps, Other, same};

/// Reads JSON. Of a key that is there twice the reader takes the last, as JavaScript does; what that hides is refused.
pub(super) fn json(text: &str) -> Result<Value, Other> {
    serde_json::from_str(text).map_err(|_| Other)
}

/// Reads TOML.
pub(super) fn toml(text: &str) -> Result<Value, Other> {
    toml::from_str(text).map_err(|_| Other)
}

pub(super) fn object(value: &Value) -> Result<&Map<String, Value>, Other> {
    value.as_object().ok_or(Other)
}

/// The text below a key, where there is any.
pub(super) fn text<'v>(object: &'v Map<String, Value>, key: &str) -> Option<&'v str> {
    object.get(key).and_then(Value::as_str)
}

/// What may differ at a place, by the keys that lead there.
pub(super) type Rule = fn(&[&str]) -> Option<Kind>;

/// How a text that may differ is read.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// A requirement of what the key, or the key above `version`, names.
    Requirement,
    /// Name and requirement in one text (PEP 508).
    Named,
}

/// Both trees are the same but where the rule lets a requirement grow.
pub(super) fn compare<'v>(
    before: &'v Value,
    after: &'v Value,
    path: &mut Vec<&'v str>,
    rule: Rule,
    bumps: &mut Bumps,
) -> Result<(), Other> {
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            if old.len() != new.len() {
                return Err(Other);
            }
            for (key, old) in old {
                path.push(key);
                compare(old, new.get(key).ok_or(Other)?, path, rule, bumps)?;
                path.pop();
            }
            Ok(())
        }
        (Value::Array(old), Value::Array(new)) => {
            if old.len() != new.len() {
                return Err(Other);
            }
            path.push("[]");
            for (old, new) in old.iter().zip(new) {
                compare(old, new, path, rule, bumps)?;
            }
            path.pop();
            Ok(())
        }
        (Value::String(old), Value::String(new)) if old != new => match rule(path) {
            Some(Kind::Requirement) => {
                let named = path.iter().rev().find(|key| **key != "version");
                bumps.requirement(named.copied().unwrap_or_default(), old, new)
            }
            Some(Kind::Named) => super::python::requirement(old, new, bumps),
            None => Err(Other),
        },
        (old, new) => same(old, new),
    }
}
