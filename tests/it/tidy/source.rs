//! A source file as the rules see it: the text, the code alone, and the code that ships.
//!
//! All three have the same length and lines, because what does not count is blanked, not cut; so an offset in one is a place in all.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

pub struct Source {
    /// From the root of the repository: `src/input/docker/client.rs`.
    pub path: String,
    pub text: String,
    /// Without comments and without what stands in string and character literals.
    pub code: String,
    /// `code` without the items that are compiled for tests only.
    pub shipped: String,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Source {
        let code = without_comments_and_literals(text);
        let shipped = if is_test_file(path) { blanked(&code, 0..code.len()) } else { without_tests(&code) };
        Source { path: path.to_owned(), text: text.to_owned(), code, shipped }
    }

    /// Counted from one.
    pub fn line_at(&self, offset: usize) -> usize {
        self.text.as_bytes()[..offset].iter().filter(|&&byte| byte == b'\n').count() + 1
    }

    /// The modules that lead to this file: `["input", "docker", "client"]`; none for `lib.rs` and `main.rs`.
    pub fn modules(&self) -> Vec<&str> {
        let inside = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let names = inside.strip_suffix(".rs").unwrap_or(inside).split('/');
        names.filter(|name| !matches!(*name, "mod" | "lib" | "main")).collect()
    }

    /// The functions with a body: name, and where they stand from `fn` to the closing brace.
    pub fn functions(&self) -> impl Iterator<Item = (&str, Range<usize>)> {
        static FN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\bfn\s+(\w+)").expect("a constant pattern"));
        FN.captures_iter(&self.code).filter_map(|found| {
            let start = found.get(0)?.start();
            let end = item_end(&self.code, start);
            self.code[..end].ends_with('}').then(|| (found.get(1).expect("the name").as_str(), start..end))
        })
    }
}

/// A module file for tests only, by this project's habit: `foo/tests.rs`, `foo/tests/…`, or a folder of tests.
fn is_test_file(path: &str) -> bool {
    path.starts_with("tests/") || path.ends_with("/tests.rs") || path.contains("/tests/")
}

fn blanked(code: &str, range: Range<usize>) -> String {
    let mut bytes = code.as_bytes().to_vec();
    blank(&mut bytes, range);
    String::from_utf8(bytes).expect("the range begins and ends between characters")
}

fn blank(bytes: &mut [u8], range: Range<usize>) {
    bytes[range].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
}

fn without_comments_and_literals(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = comment_or_literal_end(text, at);
        if end > at {
            blank(&mut bytes, at..end);
        }
        // Never into the middle of a word, where the `r` of `for"` would look like the start of a raw string.
        at = if end > at { end } else { at + word_length(text.as_bytes(), at).max(1) };
    }
    String::from_utf8(bytes).expect("comments and literals begin and end between characters")
}

/// The end of the comment or literal that begins at `at`; `at` itself when none does.
fn comment_or_literal_end(text: &str, at: usize) -> usize {
    static RAW: LazyLock<Regex> = LazyLock::new(|| Regex::new(r##"^[bc]?r(#*)""##).expect("a constant pattern"));
    let Some(rest) = text.get(at..) else { return at };
    if rest.starts_with("//") {
        return at + rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return at + block_comment_length(rest);
    }
    if let Some(raw) = RAW.captures(rest) {
        let opening = raw[0].len();
        let closing = format!("\"{}", &raw[1]);
        return at + rest[opening..].find(&closing).map_or(rest.len(), |found| opening + found + closing.len());
    }
    for prefix in ["\"", "b\"", "c\""] {
        if let Some(quoted) = rest.strip_prefix(prefix) {
            return at + prefix.len() + quoted_length(quoted, '"');
        }
    }
    if let Some(quoted) = rest.strip_prefix('\'').filter(|quoted| is_character(quoted)) {
        return at + 1 + quoted_length(quoted, '\'');
    }
    at
}

fn block_comment_length(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        match &rest.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

/// What follows an opening quote, the closing one included.
fn quoted_length(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, found) in rest.char_indices() {
        match found {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if found == quote => return at + quote.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

/// After a `'`: a character literal, or else a lifetime.
fn is_character(rest: &str) -> bool {
    let mut following = rest.chars();
    following.next() == Some('\\') || following.next() == Some('\'')
}

fn word_length(bytes: &[u8], at: usize) -> usize {
    // `b'x'` and `br"…"` begin with letters: a literal's prefix is seen before this is asked, `b'` is blanked from the quote on.
    bytes[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count()
}

fn without_tests(code: &str) -> String {
    static CFG_TEST: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"#!?\[\s*cfg\s*\(\s*(?:all\s*\(\s*)?test\b").expect("a constant pattern"));
    let mut bytes = code.as_bytes().to_vec();
    for found in CFG_TEST.find_iter(code) {
        let end = if found.as_str().starts_with("#!") { code.len() } else { item_end(code, found.start()) };
        blank(&mut bytes, found.start()..end);
    }
    String::from_utf8(bytes).expect("items begin and end between characters")
}

/// The end of the item that begins at `start`, its attributes before it: after its `;`, or after its body's closing brace.
fn item_end(code: &str, start: usize) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate().skip(start) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            b';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

#[test]
fn comments_and_literals_are_no_code() {
    let text = "a // b\n/* c /* d */ e */ f \"g \\\" h\" r#\"i \" j\"# 'k' '\\'' &'l m b\"n\" b'o' for\"p\"";
    let code = without_comments_and_literals(text);
    let words: Vec<_> = code.split_whitespace().collect();
    assert_eq!(words, ["a", "f", "&'l", "m", "b", "for"]);
    assert_eq!(code.len(), text.len());
}

#[test]
fn items_for_tests_do_not_ship() {
    let code = "fn a() {}\n#[cfg(test)]\n#[allow(x)]\nmod tests { use b; fn c() {} }\nfn d() {}\n#[cfg(test)]\nmod tests;\nfn e() {}";
    let shipped = without_tests(code);
    assert!(["a", "d", "e"].iter().all(|name| shipped.contains(&format!("fn {name}()"))));
    assert!(!shipped.contains("mod") && !shipped.contains("use"));
    assert_eq!(Source::new("src/a/tests.rs", "use b;").shipped, "      ");
}

#[test]
fn a_file_knows_its_modules_and_functions() {
    let source = Source::new("src/input/docker/mod.rs", "trait T { fn a(); }\nfn b(x: [u8; 2]) {\n if x {}\n}\n");
    assert_eq!(source.modules(), ["input", "docker"]);
    let functions: Vec<_> = source.functions().map(|(name, at)| (name, source.line_at(at.end))).collect();
    assert_eq!(functions, [("b", 4)]);
}
