//! Words for people, and exit codes.
