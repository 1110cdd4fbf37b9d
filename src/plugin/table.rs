//! Words for declarations that are long tables: a setting a line.
//!
//! Each word names a type as Logstash's reference does; the value after the name is the default. `required()` and
//! `deprecated("…")` stand behind.

use super::{Fallback, Kind, Setting};

/// A string without a default.
pub const fn string(name: &'static str, doc: &'static str) -> Setting {
    Setting::new(name, Kind::String, Fallback::None, doc)
}

/// A string with one.
pub const fn text(name: &'static str, default: &'static str, doc: &'static str) -> Setting {
    Setting::new(name, Kind::String, Fallback::Text(default), doc)
}

pub const fn field(name: &'static str, doc: &'static str) -> Setting {
    Setting::new(name, Kind::Field, Fallback::None, doc)
}

pub const fn number(name: &'static str, default: f64, doc: &'static str) -> Setting {
    Setting::new(name, Kind::Number, Fallback::Number(default), doc)
}

/// A number without a default.
pub const fn amount(name: &'static str, doc: &'static str) -> Setting {
    Setting::new(name, Kind::Number, Fallback::None, doc)
}

pub const fn bytes(name: &'static str, default: &'static str, doc: &'static str) -> Setting {
    Setting::new(name, Kind::Bytes, Fallback::Text(default), doc)
}

pub const fn switch(name: &'static str, default: bool, doc: &'static str) -> Setting {
    Setting::new(name, Kind::Boolean, Fallback::Boolean(default), doc)
}

/// One of some words, the first of them by default.
pub const fn choice(name: &'static str, words: &'static [&'static str], doc: &'static str) -> Setting {
    Setting::new(name, Kind::OneOf(words), Fallback::Text(words[0]), doc)
}

/// One of some words, none by default.
pub const fn one_of(name: &'static str, words: &'static [&'static str], doc: &'static str) -> Setting {
    Setting::new(name, Kind::OneOf(words), Fallback::None, doc)
}

/// A list, empty by default.
pub const fn array(name: &'static str, doc: &'static str) -> Setting {
    Setting::new(name, Kind::Array, Fallback::Empty, doc)
}

pub const fn list(name: &'static str, default: &'static [&'static str], doc: &'static str) -> Setting {
    Setting::new(name, Kind::Array, Fallback::List(default), doc)
}

pub const fn hash(name: &'static str, doc: &'static str) -> Setting {
    Setting::new(name, Kind::Hash, Fallback::Empty, doc)
}

pub const fn path(name: &'static str, doc: &'static str) -> Setting {
    Setting::new(name, Kind::Path, Fallback::None, doc)
}

pub const fn uri(name: &'static str, doc: &'static str) -> Setting {
    Setting::new(name, Kind::Uri, Fallback::None, doc)
}

pub const fn password(name: &'static str, doc: &'static str) -> Setting {
    Setting::new(name, Kind::Password, Fallback::None, doc)
}

/// `codec`, where its default is worth saying.
pub const fn codec(default: &'static str) -> Setting {
    Setting::new("codec", Kind::Codec, Fallback::Text(default), "How bytes become events, or events bytes.")
}

/// `ecs_compatibility`; the pipeline's is its default.
pub const fn ecs() -> Setting {
    one_of("ecs_compatibility", &["disabled", "v1", "v8"], "Which names the input's own fields have.")
}

impl Setting {
    pub const fn required(self) -> Setting {
        Setting { fallback: Fallback::Required, ..self }
    }
}

/// Tables one behind the other. `N` is the sum of their lengths.
pub const fn joined<const N: usize>(tables: &[&[Setting]]) -> [Setting; N] {
    let mut all = [tables[0][0]; N];
    let (mut table, mut at) = (0, 0);
    while table < tables.len() {
        let mut row = 0;
        while row < tables[table].len() {
            all[at] = tables[table][row];
            row += 1;
            at += 1;
        }
        table += 1;
    }
    assert!(at == N, "N is the sum of the tables' lengths");
    all
}

/// A static table made of others.
macro_rules! tables {
    ($($table:expr),+ $(,)?) => {{
        const TABLES: &[&[$crate::plugin::Setting]] = &[$($table),+];
        const LEN: usize = 0 $(+ $table.len())+;
        const ALL: [$crate::plugin::Setting; LEN] = $crate::plugin::table::joined(TABLES);
        &ALL
    }};
}
pub(crate) use tables;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_stand_one_behind_the_other() {
        const ONE: &[Setting] = &[string("a", ""), string("b", "")];
        const TWO: &[Setting] = &[string("c", "").required()];
        let all: &[Setting] = tables![ONE, TWO];
        let names: Vec<&str> = all.iter().map(|setting| setting.name).collect();
        assert_eq!((names.as_slice(), all[2].fallback), (["a", "b", "c"].as_slice(), Fallback::Required));
    }
}
