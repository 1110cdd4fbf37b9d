//! `pack` and `unpack`: the directives for texts, hexadecimal, base 64 and whole numbers.

use super::super::value::{Obj, Val};
use super::{Done, Machine};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

/// One directive: its letter, whether its bytes go from the largest, how many (`None` is `*`).
struct Directive {
    letter: char,
    big: bool,
    count: Option<usize>,
    counted: bool,
}

fn directives(template: &str) -> Vec<Directive> {
    let mut out = Vec::new();
    let mut chars = template.chars().filter(|char| !char.is_whitespace()).peekable();
    while let Some(letter) = chars.next() {
        let mut big = matches!(letter, 'n' | 'N');
        while let Some(mark) = chars.next_if(|next| "_!<>".contains(*next)) {
            big |= mark == '>';
        }
        let mut digits = String::new();
        while let Some(digit) = chars.next_if(char::is_ascii_digit) {
            digits.push(digit);
        }
        let all = digits.is_empty() && chars.next_if_eq(&'*').is_some();
        let count = if all { None } else { Some(digits.parse().unwrap_or(1)) };
        out.push(Directive { letter, big, count, counted: all || !digits.is_empty() });
    }
    out
}

/// How many bytes a whole number of this directive has.
fn width(letter: char) -> Option<usize> {
    Some(match letter {
        'C' | 'c' => 1,
        'S' | 's' | 'n' | 'v' => 2,
        'L' | 'l' | 'N' | 'V' | 'I' | 'i' => 4,
        'Q' | 'q' | 'J' | 'j' => 8,
        _ => return None,
    })
}

impl Machine<'_, '_, '_> {
    fn unknown_directive(&self, letter: char) -> super::Flow {
        self.argument_error(format!("`{letter}` is not supported in pack and unpack"))
    }

    pub(super) fn packed(&mut self, items: &[Val], template: &str) -> Done {
        let (mut out, mut items) = (Vec::new(), items.iter().copied());
        for directive in directives(template) {
            let missing = || self.argument_error("too few arguments");
            if let Some(width) = width(directive.letter) {
                let left = items.len();
                for _ in 0..directive.count.unwrap_or(left).min(1 << 20) {
                    let number = self.want_int(items.next().ok_or_else(missing)?)?;
                    push_number(&mut out, number, width, directive.big);
                }
                continue;
            }
            match directive.letter {
                'U' => {
                    for _ in 0..directive.count.unwrap_or(items.len()) {
                        let code = self.want_int(items.next().ok_or_else(missing)?)?;
                        let char =
                            u32::try_from(code).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER);
                        out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                    }
                }
                'x' => out.extend(std::iter::repeat_n(0, directive.count.unwrap_or(0).min(1 << 20))),
                letter => {
                    let item = items.next().ok_or_else(missing)?;
                    let bytes = match self.object(item) {
                        Some(Obj::Bytes(bytes)) => bytes.clone(),
                        _ => self.want_text(item)?.into_bytes(),
                    };
                    self.pack_text(letter, &directive, &bytes, &mut out)?;
                }
            }
        }
        self.heap.charge(out.len())?;
        self.bytes(out)
    }

    fn pack_text(&self, letter: char, directive: &Directive, bytes: &[u8], out: &mut Vec<u8>) -> Done<()> {
        match letter {
            'a' | 'A' | 'Z' => {
                let len = directive.count.unwrap_or(bytes.len()).min(1 << 20);
                let pad = if letter == 'A' { b' ' } else { 0 };
                out.extend(bytes.iter().copied().chain(std::iter::repeat(pad)).take(len));
            }
            'H' | 'h' => {
                let digit = |byte: u8| (byte as char).to_digit(16).unwrap_or(0) as u8;
                let len = if directive.counted { directive.count.unwrap_or(bytes.len()) } else { 1 };
                for pair in bytes[..len.min(bytes.len())].chunks(2) {
                    let (first, second) = (digit(pair[0]), pair.get(1).map_or(0, |byte| digit(*byte)));
                    out.push(if letter == 'H' { first << 4 | second } else { second << 4 | first });
                }
            }
            'm' if directive.count == Some(0) => out.extend_from_slice(STANDARD.encode(bytes).as_bytes()),
            'm' => {
                for line in STANDARD.encode(bytes).as_bytes().chunks(60) {
                    out.extend_from_slice(line);
                    out.push(b'\n');
                }
            }
            other => return Err(self.unknown_directive(other)),
        }
        Ok(())
    }

    pub(super) fn unpacked(&mut self, bytes: &[u8], template: &str, first_only: bool) -> Done {
        let (mut items, mut rest) = (Vec::new(), bytes);
        for directive in directives(template) {
            rest = self.unpack_one(&directive, rest, &mut items)?;
        }
        if first_only { Ok(items.first().copied().unwrap_or(Val::Nil)) } else { self.list(items) }
    }

    fn unpack_one<'r>(&mut self, directive: &Directive, bytes: &'r [u8], items: &mut Vec<Val>) -> Done<&'r [u8]> {
        let mut rest = bytes;
        if let Some(width) = width(directive.letter) {
            let count = directive.count.unwrap_or(rest.len() / width);
            for _ in 0..count.min(1 << 20) {
                let Some((number, behind)) = rest.split_at_checked(width) else {
                    items.push(Val::Nil);
                    break;
                };
                items.push(Val::Int(number_of(number, directive)));
                rest = behind;
            }
            self.heap.charge(items.len() * 32)?;
            return Ok(rest);
        }
        let len = directive.count.unwrap_or(rest.len()).min(rest.len());
        match directive.letter {
            'a' | 'A' | 'Z' => {
                let (mut text, behind) = rest.split_at(len);
                if directive.letter == 'Z' {
                    text = &text[..text.iter().position(|byte| *byte == 0).unwrap_or(text.len())];
                }
                while directive.letter == 'A' && matches!(text.last(), Some(b' ' | 0)) {
                    text = &text[..text.len() - 1];
                }
                items.push(self.bytes(text.to_vec())?);
                Ok(behind)
            }
            'H' | 'h' => {
                let high_first = directive.letter == 'H';
                let digits = directive.count.map_or(rest.len() * 2, |count| if directive.counted { count } else { 1 });
                let used = digits.div_ceil(2).min(rest.len());
                let pair = |byte: u8| if high_first { [byte >> 4, byte & 15] } else { [byte & 15, byte >> 4] };
                let all = rest[..used].iter().flat_map(|byte| pair(*byte)).take(digits);
                let text: String = all.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect();
                items.push(self.str(text)?);
                Ok(&rest[used..])
            }
            'B' | 'b' => {
                let digits = directive.count.map_or(rest.len() * 8, |count| count);
                let used = digits.div_ceil(8).min(rest.len());
                let bit = |at: usize| {
                    let place = if directive.letter == 'B' { 7 - at % 8 } else { at % 8 };
                    if rest[at / 8] >> place & 1 == 1 { '1' } else { '0' }
                };
                let text: String = (0..digits.min(used * 8)).map(bit).collect();
                items.push(self.str(text)?);
                Ok(&rest[used..])
            }
            'U' => {
                let text = String::from_utf8_lossy(rest).into_owned();
                let count = directive.count.unwrap_or(usize::MAX);
                items.extend(text.chars().take(count).map(|char| Val::Int(i64::from(char as u32))));
                let used = text.chars().take(count).map(char::len_utf8).sum::<usize>().min(rest.len());
                Ok(&rest[used..])
            }
            'm' => {
                let kept: Vec<u8> =
                    rest.iter().copied().filter(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(byte)).collect();
                items.push(self.bytes(STANDARD_NO_PAD.decode(kept).unwrap_or_default())?);
                Ok(&[])
            }
            'x' => Ok(&rest[len..]),
            other => Err(self.unknown_directive(other)),
        }
    }
}

fn push_number(out: &mut Vec<u8>, number: i64, width: usize, big: bool) {
    let bytes = number.to_le_bytes();
    let start = out.len();
    out.extend_from_slice(&bytes[..width]);
    if big {
        out[start..].reverse();
    }
}

fn number_of(bytes: &[u8], directive: &Directive) -> i64 {
    let fold = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
    let number = if directive.big { bytes.iter().fold(0, fold) } else { bytes.iter().rev().fold(0, fold) };
    if directive.letter.is_ascii_lowercase() && !matches!(directive.letter, 'n' | 'v') {
        let unused = 64 - 8 * bytes.len() as u32;
        return (number << unused) as i64 >> unused;
    }
    number as i64
}
