//! The thin binary: the command line goes to `cli`, what comes back is the exit code.

use std::process::ExitCode;

/// glibc's allocator costs a third more for a document.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    use_small_pages();
    timberline::cli::main(std::env::args_os()).into()
}

/// The allocator asks for pages of 2 MiB where the kernel grants them, and a page that is touched once is resident whole: 139 MB at work
/// that takes 49 MB in pages of 4 KiB (`benches/torture.md`).
fn use_small_pages() {
    #[cfg(target_os = "linux")]
    // SAFETY: it sets a flag of our own process, reads and writes no memory of ours, and an error changes nothing.
    unsafe {
        libc::prctl(libc::PR_SET_THP_DISABLE, 1, 0, 0, 0);
    }
}
