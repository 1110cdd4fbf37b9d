//! After an error: where to go on.

use super::Parser;
use super::cursor::after_blank;
use super::cursor::delimited_len;
use super::cursor::token_len;
use super::cursor::word_len;

impl Parser<'_> {
    /// Skips one token, or a whole group in its brackets. A string that never closes ends the run: there is nothing left.
    pub(super) fn skip_token(&mut self) {
        let rest = self.rest();
        let len = match rest.chars().next() {
            None => 0,
            Some('"' | '\'') => match delimited_len(rest) {
                Some(len) => len,
                None => return self.stop(),
            },
            Some('{' | '[' | '(') => group_len(rest),
            Some(first) => token_len(rest).max(first.len_utf8()),
        };
        self.at += len;
    }

    /// Goes to the next setting or to the brace that closes the plugin.
    pub(super) fn skip_to_setting(&mut self) {
        self.skip_until(|parser| parser.looks_at("}") || parser.looks_at_setting() || parser.looks_at_section());
    }

    /// Goes to the block of a branch. A bracket of the condition that never closes takes nothing of the block with it.
    pub(super) fn skip_to_block(&mut self) {
        self.blank();
        while !(self.at_end() || self.looks_at("{") || self.looks_at("}") || self.looks_at_section()) {
            if self.looks_at("[") || self.looks_at("(") {
                self.at += 1;
            } else {
                self.skip_token();
            }
            self.blank();
        }
    }

    pub(super) fn skip_to_section(&mut self) {
        self.skip_until(|parser| parser.looks_at_section());
    }

    fn skip_until(&mut self, reached: impl Fn(&Self) -> bool) {
        self.blank();
        while !self.at_end() && !reached(self) {
            self.skip_token();
            self.blank();
        }
    }

    fn looks_at_setting(&self) -> bool {
        let name = if self.looks_at_quote() { delimited_len(self.rest()) } else { Some(word_len(self.rest())) };
        name.is_some_and(|len| len > 0 && after_blank(self.text, self.at + len).starts_with("=>"))
    }
}

/// The length of the group that opens here; all of the rest if it never closes. Which bracket closes which does not
/// matter: they are counted.
fn group_len(rest: &str) -> usize {
    let mut open = 0_usize;
    let mut at = 0;
    while let Some(byte) = rest.as_bytes().get(at) {
        match byte {
            b'{' | b'[' | b'(' => open += 1,
            b'}' | b']' | b')' => open -= 1,
            b'"' | b'\'' => match delimited_len(&rest[at..]) {
                Some(len) => at += len - 1,
                None => return rest.len(),
            },
            b'#' => at += rest[at..].find('\n').unwrap_or(rest.len() - at - 1),
            _ => {}
        }
        at += 1;
        if open == 0 {
            return at;
        }
    }
    rest.len()
}
