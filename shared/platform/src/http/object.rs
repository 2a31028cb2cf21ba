//! JSON objects. What serde derives for a struct also reads an array of its fields in their
//! order, which no document of ours promises.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};

/// What is read from a JSON object, and from nothing else.
#[derive(Debug)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let visitor = ObjectVisitor(PhantomData);
        deserializer.deserialize_map(visitor).map(Self)
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

/// Reads a field's object: for `#[serde(deserialize_with)]`.
///
/// # Errors
/// For everything else than an object of this form.
pub fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    Object::deserialize(from).map(|Object(value)| value)
}

/// Reads a field's object, or null: for `#[serde(default, deserialize_with)]`.
///
/// # Errors
/// For everything else than null or an object of this form.
pub fn optional_object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    let read = Option::<Object<T>>::deserialize(from)?;
    Ok(read.map(|Object(value)| value))
}

/// Reads a field's list of objects: for `#[serde(deserialize_with)]`.
///
/// # Errors
/// For everything else than a list of objects of this form.
pub fn objects<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Vec<T>, D::Error> {
    let read = Vec::<Object<T>>::deserialize(from)?;
    Ok(read.into_iter().map(|Object(value)| value).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[serde(deserialize_with = "object")]
        one: Inner,
        #[serde(default, deserialize_with = "optional_object")]
        perhaps: Option<Inner>,
        #[serde(default, deserialize_with = "objects")]
        many: Vec<Inner>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Inner {
        text: String,
    }

    fn read(json: &str) -> Result<Outer, String> {
        let read: Result<Object<Outer>, _> = serde_json::from_str(json);
        read.map(|Object(outer)| outer)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn objects_are_read_and_arrays_are_not_taken_for_them() {
        let inner = || Inner {
            text: "a".to_owned(),
        };
        let full = r#"{"one": {"text": "a"}, "perhaps": {"text": "a"}, "many": [{"text": "a"}]}"#;
        let expected = Outer {
            one: inner(),
            perhaps: Some(inner()),
            many: vec![inner()],
        };
        assert_eq!(read(full), Ok(expected));
        let least = read(r#"{"one": {"text": "a"}, "perhaps": null}"#).unwrap();
        assert_eq!((least.perhaps, least.many), (None, Vec::new()));
        for json in [
            r#"[{"text": "a"}, null, []]"#,
            r#"{"one": ["a"]}"#,
            r#"{"one": {"text": "a"}, "perhaps": ["a"]}"#,
            r#"{"one": {"text": "a"}, "many": [["a"]]}"#,
        ] {
            assert!(read(json).unwrap_err().contains("an object"), "{json}");
        }
        let twice = read(r#"{"one": {"text": "a", "text": "b"}}"#);
        assert!(twice.unwrap_err().contains("duplicate field"));
    }
}
