//! The docker input.
mod ansi;
mod cursor;
mod frames;
mod stamp;
