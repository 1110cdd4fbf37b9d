//! The thin binary: parse the command line, call `cli`, map the outcome to an exit code.

fn main() {}
