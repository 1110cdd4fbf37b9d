//! The setting `lines_per_second_max`: which lines of a container are too many. Pure.
//!
//! Seconds are those of Docker's own times, so a log that is read late is not skipped for being read quickly, and what is
//! read again is judged alike.

const NANOS: u64 = 1_000_000_000;

#[derive(Debug)]
pub struct Rate {
    /// 0: no limit.
    lines_max: u64,
    /// The newest second with a line, and the lines that came since it began.
    second: u64,
    lines: u64,
}

impl Rate {
    pub fn new(lines_max: u64) -> Self {
        Rate { lines_max, second: 0, lines: 0 }
    }

    /// Whether a line of this time is to be read.
    pub fn admits(&mut self, time: u64) -> bool {
        if self.lines_max == 0 {
            return true;
        }
        if time / NANOS > self.second {
            (self.second, self.lines) = (time / NANOS, 0);
        }
        self.lines += 1;
        self.lines <= self.lines_max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_lines_of_each_second_are_read() {
        let check = |lines_max, seconds: &[u64], expected: &[bool]| {
            let mut rate = Rate::new(lines_max);
            let admitted: Vec<bool> = seconds.iter().map(|second| rate.admits(second * NANOS + 7)).collect();
            assert_eq!(admitted, expected, "{lines_max} {seconds:?}");
        };
        check(0, &[5, 5, 5], &[true, true, true]);
        check(2, &[5, 5, 5, 6, 6, 6, 8], &[true, true, false, true, true, false, true]);
        // A line that is late counts where it comes.
        check(1, &[5, 4, 6], &[true, false, true]);
    }
}
