//! JSON as the hot path needs it: read into borrowed values without copying, written without looking at what is
//! known to be plain.
//!
//! Its own reader, because none of the libraries keeps all of: long numbers as written, lone surrogates, the last of
//! equal keys, and strings borrowed from the line. It is checked against serde_json, on random texts.

pub mod escape;
pub mod read;
pub mod scan;
pub mod write;
