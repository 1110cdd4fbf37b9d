//! The thin binary: the command line goes to `cli`, what comes back is the exit code.

use std::process::ExitCode;

/// glibc's allocator costs a third more for a document.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    use_small_pages();
    give_memory_back_soon();
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

/// What is free goes back to the system within ten times so long, not within ten seconds: while a million documents go out from the disk that is 45 MB
/// instead of 73 (`benches/torture.md`). `MIMALLOC_PURGE_DELAY` in the environment wins.
fn give_memory_back_soon() {
    const PURGE_DELAY_MS: std::ffi::c_long = 10;
    // SAFETY: it sets a number of the allocator's own, which it may be told at any time, and no other thread runs yet.
    unsafe { libmimalloc_sys::mi_option_set_default(MI_OPTION_PURGE_DELAY, PURGE_DELAY_MS) }
}

/// `mi_option_purge_delay` in the allocator's `mimalloc.h`, which its Rust bindings leave out: the same in its versions 2 and 3.
const MI_OPTION_PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
