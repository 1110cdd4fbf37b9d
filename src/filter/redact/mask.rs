//! Secrets taken out of text: for the filter `redact`, and of lines before `record` makes a fixture of them. Pure.
//!
//! A text keeps its form, so that patterns match it as they matched the real one: of a URL the password
//! goes and the rest stays, digits of a card become ones, a number under a secret's name stays a number. What is masked
//! too much costs a word; what is masked too little is kept for ever. Still no pattern knows every secret.

use regex::bytes::{Captures, Regex};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

const MASK: &str = "masked";
const EMAIL: &str = "masked@example.com";
/// A bearer token without a digit is a word, unless it is as long as this.
const WORD_CHARS_MAX: usize = 20;

/// A kind of secret: its name in settings, and the expression that finds one.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    pub name: &'static str,
    expression: &'static str,
}

const fn kind(name: &'static str, expression: &'static str) -> Kind {
    Kind { name, expression }
}

/// All kinds; the first of them that fits at a place counts. `(?s)`: what is quoted may hold escaped line ends.
pub const KINDS: [Kind; 8] = [
    // scheme://user:password@host; the password ends at the last @ before the path.
    kind("url_password", r#"(?<url>[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@"'\\]*:)[^\s/"'\\]+@"#),
    kind(
        "private_key",
        r"(?s:(?<pem>-----BEGIN [A-Z ]*PRIVATE KEY-----)(?:.*?(?<pemend>-----END [A-Z ]*PRIVATE KEY-----)|.*))",
    ),
    kind("authorization", r#"(?<header>(?i:\bauthorization)\\*["']?\s*[:=]\s*\\*["']?(?:[A-Za-z]+ +)?)[^\s"'\\,;]+"#),
    kind("bearer_token", r"(?<bearer>(?i:\bbearer)\s+)(?<token>[A-Za-z0-9._~+/=-]{8,})"),
    kind(
        "token",
        concat!(
            r"(?<jwt>\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*)",
            r"|(?<key>\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}|\bxox[abeprs]-[A-Za-z0-9-]{10,}",
            r"|\b[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|\bAIza[0-9A-Za-z_-]{35})",
        ),
    ),
    // key=value, key: value, "key":"value", \"key\":\"value\", key => value
    kind(
        "named_secret",
        concat!(
            r"(?is:(?<name>(?:[\w.-]*(?:passw(?:or)?d|pwd|passphrase|secret|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|cookie|session[_-]?id|token)|\b(?:pin|cvv|cvc|otp)))",
            r#"(?<sep>\\*["']?\s*(?:=>|[:=])\s*)(?:(?<open>")(?:[^"\\]|\\.)*|(?<nested>\\+")(?:[^"\\]|\\+[^"\\])*|(?<quote>')[^']*|(?<bare>[^\s"'\\,;&|(){}\[\]<>]+)))"#,
        ),
    ),
    kind("email", r"(?i:(?<email>[a-z0-9._%+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}))"),
    kind("card", r"(?<card>\b\d(?:[ -]?\d){12,18}\b)"),
];

static ALL: LazyLock<Regex> = LazyLock::new(|| expression(&KINDS));

fn expression(kinds: &[Kind]) -> Regex {
    let parts: Vec<&str> = kinds.iter().map(|kind| kind.expression).collect();
    Regex::new(&parts.join("|")).expect("every alternative is a constant pattern with names of its own")
}

/// What was masked, and how often.
pub type Counts = BTreeMap<&'static str, usize>;

/// Masks texts, or the lines of one stream: a private key goes over several.
#[derive(Clone, Debug)]
pub struct Masker {
    secrets: Regex,
    in_key: bool,
}

impl Default for Masker {
    /// For all kinds.
    fn default() -> Masker {
        Masker { secrets: ALL.clone(), in_key: false }
    }
}

impl Masker {
    /// For some kinds.
    pub fn of(kinds: &[Kind]) -> Masker {
        Masker { secrets: expression(kinds), in_key: false }
    }

    /// Whether there is something that looks like a secret.
    pub fn finds(&self, text: &str) -> bool {
        self.secrets.is_match(text.as_bytes())
    }

    /// A text by itself, without its secrets.
    pub fn text(&self, text: &str) -> String {
        let masked = self
            .secrets
            .replace_all(text.as_bytes(), |found: &Captures<'_>| masked(text.as_bytes(), found, &mut Counts::new()));
        String::from_utf8_lossy(&masked).into_owned()
    }

    /// `line` without its secrets.
    pub fn line<'l>(&mut self, line: &'l [u8], counts: &mut Counts) -> Cow<'l, [u8]> {
        if self.in_key {
            self.in_key = !line.windows(9).any(|window| window == b"-----END ");
            return Cow::Owned(MASK.into());
        }
        let mut in_key = false;
        let masked = self.secrets.replace_all(line, |found: &Captures<'_>| {
            in_key |= found.name("pem").is_some() && found.name("pemend").is_none();
            masked(line, found, counts)
        });
        self.in_key = in_key;
        masked
    }
}

/// What stands in the place of what was found.
fn masked(line: &[u8], found: &Captures<'_>, counts: &mut Counts) -> Vec<u8> {
    let part = |name: &str| found.name(name).map_or(&b""[..], |part| part.as_bytes());
    let is = |name: &str| found.name(name).is_some();
    let whole = &found[0];
    let (kind, text) = if is("url") {
        ("password in a URL", [part("url"), MASK.as_bytes(), b"@"].concat())
    } else if is("pem") {
        ("private key", [part("pem"), MASK.as_bytes(), part("pemend")].concat())
    } else if is("header") {
        ("authorization header", [part("header"), MASK.as_bytes()].concat())
    } else if is("bearer") {
        let token = part("token");
        if !token.iter().any(u8::is_ascii_digit) && token.len() < WORD_CHARS_MAX {
            return whole.to_vec();
        }
        ("bearer token", [part("bearer"), MASK.as_bytes()].concat())
    } else if is("jwt") || is("key") {
        ("token", MASK.into())
    } else if is("name") {
        let Some(value) = value(found) else { return whole.to_vec() };
        ("secret by its name", [part("name"), part("sep"), &value].concat())
    } else if is("email") {
        ("e-mail address", EMAIL.into())
    } else if is_card(line, found) {
        ("card number", ones(whole))
    } else {
        return whole.to_vec();
    };
    *counts.entry(kind).or_default() += 1;
    text
}

/// What stands under a secret's name instead; `None`: nothing that could be one.
fn value(found: &Captures<'_>) -> Option<Vec<u8>> {
    if let Some(bare) = found.name("bare") {
        let bare = bare.as_bytes();
        let is_number = bare.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
        let says_nothing = [&b"null"[..], b"nil", b"true", b"false", b"undefined", b"none", b"None"].contains(&bare);
        return match (says_nothing, is_number) {
            (true, _) => None,
            (_, true) => Some(ones(bare)),
            _ => Some(MASK.into()),
        };
    }
    let open = ["open", "nested", "quote"].into_iter().find_map(|name| found.name(name))?;
    let is_empty = open.end() == found.get(0)?.end();
    (!is_empty).then(|| [open.as_bytes(), MASK.as_bytes()].concat())
}

/// Ones, because a JSON number does not begin with a zero.
fn ones(text: &[u8]) -> Vec<u8> {
    text.iter().map(|byte| if byte.is_ascii_digit() { b'1' } else { *byte }).collect()
}

/// Thirteen to nineteen digits that begin as cards do and whose check digit is right (Luhn, ISO/IEC 7812-1).
fn is_card(line: &[u8], found: &Captures<'_>) -> bool {
    let Some(whole) = found.get(0) else { return false };
    // Behind a point they are a fraction.
    if whole.start() > 0 && matches!(line[whole.start() - 1], b'.' | b'-') {
        return false;
    }
    let digits: Vec<u32> =
        whole.as_bytes().iter().filter(|byte| byte.is_ascii_digit()).map(|digit| u32::from(digit - b'0')).collect();
    begins_as_a_card(&digits) && luhn(&digits)
}

/// The issuers' first digits, with the lengths that they use.
fn begins_as_a_card(digits: &[u32]) -> bool {
    let first = |count: usize| digits.iter().take(count).fold(0, |number, digit| number * 10 + digit);
    let long = matches!(digits.len(), 16..=19);
    match (first(2), first(4)) {
        (40..=49, _) => matches!(digits.len(), 13 | 16 | 19),
        (51..=55, _) | (_, 2221..=2720) => digits.len() == 16,
        (34 | 37, _) => digits.len() == 15,
        (36 | 38 | 39, _) | (_, 3000..=3059) => matches!(digits.len(), 14..=19),
        (35 | 62 | 64 | 65, _) | (_, 6011) => long,
        (50 | 56..=58 | 63 | 67..=69, _) => long,
        _ => false,
    }
}

fn luhn(digits: &[u32]) -> bool {
    let weighed = digits.iter().rev().enumerate().map(|(at, digit)| match (at % 2, digit * 2) {
        (0, _) => *digit,
        (_, double) => double / 10 + double % 10,
    });
    weighed.sum::<u32>().is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &str) {
        let masked = Masker::default().line(line.as_bytes(), &mut Counts::new()).into_owned();
        assert_eq!(String::from_utf8_lossy(&masked), expected);
    }

    fn stays(line: &str) {
        check(line, line);
    }

    #[test]
    fn a_url_loses_its_password_and_nothing_else() {
        check("at mongodb://app:s3cr3t@mongo:27017/db?x=1", "at mongodb://app:masked@mongo:27017/db?x=1");
        check("redis://:p@ss@redis:6379", "redis://:masked@redis:6379");
        check(r#"{"url":"amqp://guest:guest@mq.example.com"}"#, r#"{"url":"amqp://guest:masked@mq.example.com"}"#);
        stays("GET http://kong:8000/a:b@c");
        stays("http://kong:8000 by ann");
    }

    #[test]
    fn tokens_go_and_words_stay() {
        check("Authorization: Bearer abc.def-123", "Authorization: Bearer masked");
        check(r#"{"authorization":"Basic dXNlcjpwYXNz"}"#, r#"{"authorization":"Basic masked"}"#);
        check("got bearer 0123456789abcdef", "got bearer masked");
        stays("no bearer authentication");
        check("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl.", "jwt masked.");
        check("key AKIAIOSFODNN7EXAMPLE used", "key masked used");
    }

    #[test]
    fn what_stands_under_a_secrets_name_goes_whatever_the_notation() {
        check("login password=hunter2 user=ann", "login password=masked user=ann");
        check("DB_PASSWORD: hunter2, next", "DB_PASSWORD: masked, next");
        check(r#"{"password":"a\"b c","user":"ann"}"#, r#"{"password":"masked","user":"ann"}"#);
        check(r#"{"m":"{\"apiKey\":\"abc\",\"n\":1}"}"#, r#"{"m":"{\"apiKey\":\"masked\",\"n\":1}"}"#);
        check("{ token: 'abc def', n: 1 }", "{ token: 'masked', n: 1 }");
        check(r#"{"pin":1234,"cvv":"987"}"#, r#"{"pin":1111,"cvv":"masked"}"#);
        check("GET /cb?access_token=abc&state=1", "GET /cb?access_token=masked&state=1");
        check(r#""client_secret" => "abc""#, r#""client_secret" => "masked""#);
        check(r#"{"password":"ends in \"","n":1}"#, r#"{"password":"masked","n":1}"#);
        stays(r#"{"password":null,"token":"","spinning":1}"#);
        stays("shopping: 5 tokens: 7");
    }

    #[test]
    fn e_mail_addresses_and_cards_keep_their_form() {
        check("from ann.lee+x@mail.example.org to <bob@b.co>", "from masked@example.com to <masked@example.com>");
        stays("axios@1.7.2 loaded, @nestjs/core");
        check("card 4111 1111 1111 1111 ok", "card 1111 1111 1111 1111 ok");
        check("card 378282246310005.", "card 111111111111111.");
        check("5555-5555-5555-4444", "1111-1111-1111-1111");
        stays("order 4111111111111112");
        stays("at 1795467000939 and 1795467000939964442");
        stays("share 0.4111111111111111");
    }

    #[test]
    fn a_private_key_goes_to_its_end() {
        let mut masker = Masker::default();
        let mut counts = Counts::new();
        let lines = ["a", "-----BEGIN RSA PRIVATE KEY-----", "MIIEow", "-----END RSA PRIVATE KEY-----", "b"];
        let masked: Vec<String> = lines
            .iter()
            .map(|line| String::from_utf8_lossy(&masker.line(line.as_bytes(), &mut counts)).into_owned())
            .collect();
        assert_eq!(masked, ["a", "-----BEGIN RSA PRIVATE KEY-----masked", "masked", "masked", "b"]);
        assert_eq!(counts, Counts::from([("private key", 1)]));
    }

    #[test]
    fn bytes_that_are_no_text_stay() {
        let line = b"\xff token=abc \xfe";
        assert_eq!(&*Masker::default().line(line, &mut Counts::new()), b"\xff token=masked \xfe");
    }
}
