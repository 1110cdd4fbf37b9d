//! `format` and `%`: C's directives, `%-10s`, `%05.2f`, `%x`, `%<name>s`, `%{name}`.

use super::super::value::{Key, Obj, Val};
use super::{Done, Machine};

/// The widest that anything is made.
const WIDTH_MAX: usize = 10_000;

#[derive(Default)]
struct Directive {
    minus: bool,
    plus: bool,
    zero: bool,
    space: bool,
    alternate: bool,
    width: usize,
    precision: Option<usize>,
}

impl Machine<'_, '_, '_> {
    pub(super) fn formatted(&mut self, template: &str, args: &[Val]) -> Done<String> {
        let mut out = String::with_capacity(template.len() + 16);
        let (mut rest, mut next) = (template, 0);
        while let Some(at) = rest.find('%') {
            out.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            rest = self.directive(rest, args, &mut next, &mut out)?;
            self.heap.charge(out.len() / 8)?;
        }
        out.push_str(rest);
        Ok(out)
    }

    fn argument(&self, args: &[Val], next: &mut usize) -> Done {
        let value = args.get(*next).copied();
        *next += 1;
        value.ok_or_else(|| self.argument_error("too few arguments"))
    }

    fn named(&self, args: &[Val], name: &str) -> Done {
        let found = match args.first().and_then(|hash| self.object(*hash)) {
            Some(Obj::Hash(table)) => {
                table.entries.get(&Key::Symbol(name.into())).or(table.entries.get(&Key::Str(name.into()))).copied()
            }
            _ => None,
        };
        found.ok_or_else(|| self.raise(super::Constant::KeyError, format!("key<{name}> not found")))
    }

    /// One directive, behind its `%`; what follows it.
    fn directive<'t>(&mut self, text: &'t str, args: &[Val], next: &mut usize, out: &mut String) -> Done<&'t str> {
        let mut rest = text;
        let mut directive = Directive::default();
        let mut value = None;
        loop {
            let Some(char) = rest.chars().next() else {
                return Err(self.argument_error("incomplete format specifier; use %% (double %) instead"));
            };
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            match char {
                '-' => directive.minus = true,
                '+' => directive.plus = true,
                ' ' => directive.space = true,
                '#' => directive.alternate = true,
                '0' => directive.zero = true,
                '1'..='9' => {
                    directive.width = rest[..digits].parse().unwrap_or(WIDTH_MAX).min(WIDTH_MAX);
                    rest = &rest[digits..];
                    continue;
                }
                '*' => directive.width = self.want_int(self.argument(args, next)?)?.clamp(0, WIDTH_MAX as i64) as usize,
                '.' => {
                    let digits = rest[1..].bytes().take_while(u8::is_ascii_digit).count();
                    directive.precision = Some(rest[1..=digits].parse().unwrap_or(0).min(WIDTH_MAX));
                    rest = &rest[1 + digits..];
                    continue;
                }
                '<' | '{' => {
                    let close = if char == '<' { '>' } else { '}' };
                    let Some((name, behind)) = rest[1..].split_once(close) else {
                        return Err(self.argument_error("malformed name"));
                    };
                    let found = self.named(args, name)?;
                    if char == '{' {
                        out.push_str(&directive.padded(self.to_s(found)));
                        return Ok(behind);
                    }
                    value = Some(found);
                    rest = behind;
                    continue;
                }
                '%' => {
                    out.push('%');
                    return Ok(&rest[1..]);
                }
                letter => {
                    let value = value.map_or_else(|| self.argument(args, next), Ok)?;
                    out.push_str(&self.converted(letter, value, &directive)?);
                    return Ok(&rest[letter.len_utf8()..]);
                }
            }
            rest = &rest[1..];
        }
    }

    fn converted(&mut self, letter: char, value: Val, directive: &Directive) -> Done<String> {
        let precise = |text: String| match directive.precision {
            Some(chars) => text.chars().take(chars).collect(),
            None => text,
        };
        Ok(match letter {
            's' => directive.padded(precise(self.to_s(value))),
            'p' => directive.padded(precise(self.inspect(value))),
            'c' => directive.padded(match value {
                Val::Int(code) => {
                    u32::try_from(code).ok().and_then(char::from_u32).map(String::from).unwrap_or_default()
                }
                other => self.to_s(other).chars().take(1).collect(),
            }),
            'd' | 'i' | 'u' | 'x' | 'X' | 'o' | 'b' | 'B' => {
                let number = self.integer_of(value)?;
                directive.number(number < 0, directive.digits(letter, number.unsigned_abs()))
            }
            'f' | 'e' | 'E' | 'g' | 'G' | 'a' => {
                let number = self.float_of(value)?;
                let digits = directive.float(letter, number.abs());
                directive.number(number.is_sign_negative() && !number.is_nan(), digits)
            }
            other => return Err(self.argument_error(format!("malformed format string - %{other}"))),
        })
    }

    fn integer_of(&mut self, value: Val) -> Done<i64> {
        match value {
            Val::Float(number) => Ok(number.floor() as i64),
            other => {
                let main = Val::Constant(super::Constant::Main);
                let number = self.send(main, super::super::names::Method::IntegerF, vec![other], None)?;
                self.want_int(number)
            }
        }
    }

    fn float_of(&mut self, value: Val) -> Done<f64> {
        let main = Val::Constant(super::Constant::Main);
        let number = self.send(main, super::super::names::Method::FloatF, vec![value], None)?;
        self.want_float(number)
    }
}

impl Directive {
    fn padded(&self, text: String) -> String {
        let missing = self.width.saturating_sub(text.chars().count());
        if self.minus { text + &" ".repeat(missing) } else { " ".repeat(missing) + &text }
    }

    fn digits(&self, letter: char, number: u64) -> String {
        let digits = match letter {
            'x' => format!("{number:x}"),
            'X' => format!("{number:X}"),
            'o' => format!("{number:o}"),
            'b' | 'B' => format!("{number:b}"),
            _ => number.to_string(),
        };
        let digits = format!("{digits:0>width$}", width = self.precision.unwrap_or(0));
        match letter {
            'x' | 'X' | 'b' | 'B' if self.alternate => format!("0{letter}{digits}"),
            _ => digits,
        }
    }

    fn float(&self, letter: char, number: f64) -> String {
        let precision = self.precision.unwrap_or(6).min(300);
        if !number.is_finite() {
            return if number.is_nan() { "NaN".into() } else { "Inf".into() };
        }
        match letter {
            'f' => format!("{number:.precision$}"),
            'e' | 'E' => {
                let text = scientific(number, precision);
                if letter == 'E' { text.to_uppercase() } else { text }
            }
            _ => {
                let precision = precision.max(1);
                let exponent = if number == 0.0 { 0 } else { number.log10().floor() as i64 };
                let text = if exponent < -4 || exponent >= precision as i64 {
                    scientific(number, precision - 1)
                } else {
                    format!("{number:.0$}", (precision as i64 - 1 - exponent).max(0) as usize)
                };
                if text.contains('.') && !text.contains('e') {
                    text.trim_end_matches('0').trim_end_matches('.').to_owned()
                } else {
                    text
                }
            }
        }
    }

    fn number(&self, negative: bool, digits: String) -> String {
        let sign = match (negative, self.plus, self.space) {
            (true, ..) => "-",
            (_, true, _) => "+",
            (_, _, true) => " ",
            _ => "",
        };
        let missing = self.width.saturating_sub(sign.len() + digits.len());
        if self.zero && !self.minus {
            return format!("{sign}{}{digits}", "0".repeat(missing));
        }
        self.padded(format!("{sign}{digits}"))
    }
}

fn scientific(number: f64, precision: usize) -> String {
    let text = format!("{number:.precision$e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
    format!("{digits}e{sign}{exponent:0>2}")
}
