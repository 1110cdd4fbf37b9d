//! The thin binary: the command line goes to `cli`, what comes back is the exit code.

use std::process::ExitCode;

/// glibc's allocator costs a third more for a document.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    timberline::cli::main(std::env::args_os()).into()
}
