//! The configuration language of Logstash 8.17: text → tree with spans → diagnostics.
//!
//! Pure: no file is read and no environment variable is looked up here, both are handed in. The room knows no plugin:
//! names and settings are checked where the tree is compiled. References such as `[a][b]` and `%{…}` stay text.
//!
//! The walk: [`source::SourceSet`] joins the files, [`parse::parse`] makes the [`tree::Config`] and reports everything
//! that is wrong in one run, [`env::substitute_env`] puts the environment's values in.

pub mod diagnostic;
pub mod env;
pub mod parse;
pub mod source;
pub mod suggest;
pub mod tree;
