//! Classes, modules and the functions that need no receiver.

use super::super::names::{Constant, Method};
use super::super::value::{Obj, Val};
use super::text::{whole_float, whole_integer};
use super::{Answer, Done, Flow, Given, Machine};
use crate::filter::ruby_regex::RubyRegex;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use md5::{Digest as _, Md5};
use std::sync::Arc;

/// What a class or module answers to, beyond what all do.
fn methods(class: Constant) -> &'static [Method] {
    use Method::*;
    match class {
        Constant::Math => {
            &[Sqrt, Cbrt, Log, Log2, Log10, Exp, Sin, Cos, Tan, Asin, Acos, Atan, Atan2, Sinh, Cosh, Tanh, Hypot]
        }
        Constant::Time => &[Now, At, New, Parse, Iso8601, Xmlschema, Strptime, Utc, Gm, Local, Mktime],
        Constant::Timestamp => &[Now, At, New, Coerce],
        Constant::Event => &[New],
        Constant::Json | Constant::LogstashJson => &[Parse, Load, Generate, Dump, PrettyGenerate],
        Constant::Md5 | Constant::Sha1 | Constant::Sha256 | Constant::Sha512 => &[Hexdigest, Digest, Base64digest],
        Constant::Base64 => &[Encode64, StrictEncode64, UrlsafeEncode64, Decode64, StrictDecode64, UrlsafeDecode64],
        Constant::Cgi => &[Escape, Unescape, EscapeHtml, UnescapeHtml],
        Constant::Uri => &[EncodeComponent, DecodeComponent, DecodeForm],
        Constant::SecureRandom => &[Hex, Uuid, RandomNumber],
        Constant::Random => &[Rand],
        Constant::Regexp => &[New, Escape, Quote, Union],
        Constant::Hash | Constant::Array | Constant::String | Constant::Set => &[New],
        Constant::NewEvent => &[Call],
        Constant::Logger => &[Info, Warn, Error, Debug, Trace, Fatal, IsDebug, IsInfo],
        Constant::Main => &[
            Raise, Puts, Print, P, Format, Sprintf, IntegerF, FloatF, StringF, ArrayF, HashF, LoopF, Sleep, BlockGiven,
            Rand, Srand,
        ],
        class if class.is_exception() => &[New],
        _ => &[],
    }
}

/// Whether the class has the method: asked while a script is read.
pub fn has(class: Constant, method: Method) -> bool {
    use Method::*;
    const OF_ALL: &[Method] =
        &[ToS, Inspect, Name, Eq, Ne, CaseEq, Nil, Class, IsA, Hash, RespondTo, Freeze, Itself, Not, Equal, Then, Tap];
    let number = matches!(
        class,
        Constant::Pi
            | Constant::E
            | Constant::Infinity
            | Constant::Nan
            | Constant::FloatMax
            | Constant::FloatMin
            | Constant::Epsilon
            | Constant::IgnoreCase
            | Constant::Multiline
            | Constant::Extended
    );
    number || OF_ALL.contains(&method) || methods(class).contains(&method)
}

impl Machine<'_, '_, '_> {
    pub(super) fn of_class(&mut self, class: Constant, method: Method, args: &[Val], block: Option<&Given>) -> Answer {
        if let Method::Name | Method::ToS | Method::Inspect = method {
            return self.str(class.text()).map(Some);
        }
        if method == Method::CaseEq {
            return Ok(args.first().map(|value| Val::Bool(self.is_a(*value, class))));
        }
        if !methods(class).contains(&method) {
            return Ok(None);
        }
        match class {
            Constant::Main | Constant::Random | Constant::SecureRandom => self.function_call(method, args, block),
            Constant::Math => self.math(method, args).map(Some),
            Constant::Time | Constant::Timestamp => self.time_class(class, method, args).map(Some),
            Constant::Event => self.new_event(args.first().copied().unwrap_or(Val::Nil)).map(Some),
            Constant::NewEvent => self.emit_all(args).map(Some),
            Constant::Json | Constant::LogstashJson => self.json_class(method, args).map(Some),
            Constant::Hash => self.new_hash(args, block).map(Some),
            Constant::Logger => self.log(method, args).map(Some),
            Constant::Array | Constant::Set => self.new_array(class, args, block).map(Some),
            Constant::String => {
                let text = args.first().map_or(Ok(String::new()), |text| self.want_text(*text))?;
                self.str(text).map(Some)
            }
            class if class.is_exception() => {
                let message = args.first().map_or_else(|| class.text().to_owned(), |message| self.to_s(*message));
                Ok(Some(self.heap.add(Obj::Error { class, message })?))
            }
            class => self.text_class(class, method, args).map(Some),
        }
    }

    fn new_array(&mut self, class: Constant, args: &[Val], block: Option<&Given>) -> Done {
        let first = args.first().copied().unwrap_or(Val::Nil);
        if let Some(items) = self.array(first) {
            let list = self.list(items)?;
            return if class == Constant::Set { self.send(list, Method::Uniq, Vec::new(), None) } else { Ok(list) };
        }
        let count = if first.is_nil() { 0 } else { self.want_int(first)?.max(0) };
        self.heap.charge(count as usize * 32)?;
        let mut items = Vec::new();
        for at in 0..count {
            items.push(match block {
                Some(block) => self.yields(block, vec![Val::Int(at)])?,
                None => args.get(1).copied().unwrap_or(Val::Nil),
            });
        }
        self.list(items)
    }

    fn math(&mut self, method: Method, args: &[Val]) -> Done {
        use Method::*;
        let x = self.want_float(args.first().copied().unwrap_or(Val::Nil))?;
        let y = args.get(1).map(|y| self.want_float(*y)).transpose()?;
        let in_domain = match method {
            Sqrt | Log | Log2 | Log10 => x >= 0.0,
            Asin | Acos => x.abs() <= 1.0,
            _ => true,
        };
        if !in_domain {
            return Err(self.argument_error(format!("Numerical argument is out of domain - \"{}\"", method.text())));
        }
        Ok(Val::Float(match (method, y) {
            (Sqrt, _) => x.sqrt(),
            (Cbrt, _) => x.cbrt(),
            (Log, Some(base)) => x.ln() / base.ln(),
            (Log, _) => x.ln(),
            (Log2, _) => x.log2(),
            (Log10, _) => x.log10(),
            (Exp, _) => x.exp(),
            (Sin, _) => x.sin(),
            (Cos, _) => x.cos(),
            (Tan, _) => x.tan(),
            (Asin, _) => x.asin(),
            (Acos, _) => x.acos(),
            (Atan, _) => x.atan(),
            (Atan2, Some(y)) => x.atan2(y),
            (Sinh, _) => x.sinh(),
            (Cosh, _) => x.cosh(),
            (Tanh, _) => x.tanh(),
            (Hypot, Some(y)) => x.hypot(y),
            _ => return Err(self.argument_error("wrong number of arguments (given 1, expected 2)")),
        }))
    }

    fn time_class(&mut self, class: Constant, method: Method, args: &[Val]) -> Done {
        let of_logstash = class == Constant::Timestamp;
        let first = args.first().copied();
        match (method, first) {
            (Method::Now, _) | (Method::New, None) => Ok(Val::Time(self.now(of_logstash))),
            (Method::At, _) => self.time_at(args, of_logstash),
            (Method::New | Method::Coerce, Some(value)) if of_logstash => match self.text(value).map(str::to_owned) {
                Some(text) => self.time_parsed(&text, None, true),
                None => self.time_at(args, true),
            },
            (Method::Parse | Method::Iso8601 | Method::Xmlschema, Some(text)) => {
                let text = self.want_text(text)?;
                self.time_parsed(&text, None, false)
            }
            (Method::Strptime, Some(text)) => {
                let (text, format) = (self.want_text(text)?, self.want_text(args.get(1).copied().unwrap_or(Val::Nil))?);
                self.time_parsed(&text, Some(&format), false)
            }
            _ => self.time_of(args),
        }
    }

    fn json_class(&mut self, method: Method, args: &[Val]) -> Done {
        let first = args.first().copied().unwrap_or(Val::Nil);
        match method {
            Method::Parse | Method::Load => {
                let text = self.want_text(first)?;
                let parsed = self.parse_json(&text)?;
                let symbols =
                    args.get(1).is_some_and(|options| self.inspect(*options).contains(":symbolize_names=>true"));
                if symbols { self.symbolized(parsed, 0) } else { Ok(parsed) }
            }
            _ => {
                let text = self.json_of(first)?;
                let pretty = (method == Method::PrettyGenerate)
                    .then(|| serde_json::from_str::<serde_json::Value>(&text).ok())
                    .flatten()
                    .and_then(|value| serde_json::to_string_pretty(&value).ok());
                self.str(pretty.unwrap_or(text))
            }
        }
    }

    fn symbolized(&mut self, value: Val, depth: u32) -> Done {
        use super::super::value::{Key, NESTING_MAX, Table};
        if depth == NESTING_MAX {
            return Ok(value);
        }
        match self.object(value).cloned() {
            Some(Obj::Array(items)) => {
                let items = items.into_iter().map(|item| self.symbolized(item, depth + 1)).collect::<Done<Vec<_>>>()?;
                self.list(items)
            }
            Some(Obj::Hash(table)) => {
                let mut made = Table::default();
                for (key, item) in table.entries {
                    let key = if let Key::Str(name) = key { Key::Symbol(name) } else { key };
                    made.entries.insert(key, self.symbolized(item, depth + 1)?);
                }
                Ok(self.heap.add(Obj::Hash(made))?)
            }
            _ => Ok(value),
        }
    }

    /// What works on one text: digests, encodings, escapes.
    fn text_class(&mut self, class: Constant, method: Method, args: &[Val]) -> Done {
        use Method::*;
        let first = args.first().copied().unwrap_or(Val::Nil);
        if class == Constant::Regexp {
            return self.regexp_class(method, args);
        }
        let text = match self.object(first) {
            Some(Obj::Bytes(bytes)) => bytes.clone(),
            _ => self.want_text(first)?.into_bytes(),
        };
        self.step(text.len() as u64 / 16)?;
        let digest: Option<Vec<u8>> = match class {
            Constant::Md5 => Some(Md5::digest(&text).to_vec()),
            Constant::Sha1 => Some(sha1::Sha1::digest(&text).to_vec()),
            Constant::Sha256 => Some(sha2::Sha256::digest(&text).to_vec()),
            Constant::Sha512 => Some(sha2::Sha512::digest(&text).to_vec()),
            _ => None,
        };
        if let Some(digest) = digest {
            return match method {
                Hexdigest => self.str(digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
                Base64digest => self.str(STANDARD.encode(digest)),
                _ => self.bytes(digest),
            };
        }
        let plain = String::from_utf8_lossy(&text).into_owned();
        let out = match method {
            Encode64 => {
                let lines = STANDARD.encode(&text);
                lines.as_bytes().chunks(60).map(|line| format!("{}\n", String::from_utf8_lossy(line))).collect()
            }
            StrictEncode64 => STANDARD.encode(&text),
            UrlsafeEncode64 => URL_SAFE.encode(&text),
            Decode64 | StrictDecode64 | UrlsafeDecode64 => return self.decoded(&plain, method),
            Escape | EncodeComponent => escaped(&plain),
            Unescape | DecodeComponent => return self.bytes(unescaped(&plain)),
            EscapeHtml => plain
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&quot;")
                .replace('\'', "&#39;"),
            UnescapeHtml => plain
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&quot;", "\"")
                .replace("&#39;", "'")
                .replace("&amp;", "&"),
            _ => {
                let mut pairs = Vec::new();
                for pair in plain.split('&').filter(|pair| !pair.is_empty()) {
                    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                    let pair = vec![self.bytes(unescaped(name))?, self.bytes(unescaped(value))?];
                    pairs.push(self.list(pair)?);
                }
                return self.list(pairs);
            }
        };
        self.str(out)
    }

    fn decoded(&mut self, text: &str, method: Method) -> Done {
        let kept: String = match method {
            Method::Decode64 => {
                text.chars().filter(|char| char.is_ascii_alphanumeric() || "+/".contains(*char)).collect()
            }
            _ => text.trim_end_matches('=').to_owned(),
        };
        let url_safe: String = kept
            .chars()
            .map(|char| match char {
                '+' => '-',
                '/' => '_',
                other => other,
            })
            .collect();
        match URL_SAFE_NO_PAD.decode(url_safe) {
            Ok(bytes) => self.bytes(bytes),
            Err(_) if method == Method::Decode64 => self.str(""),
            Err(_) => Err(self.argument_error("invalid base64")),
        }
    }

    fn regexp_class(&mut self, method: Method, args: &[Val]) -> Done {
        let first = args.first().copied().unwrap_or(Val::Nil);
        match method {
            Method::Escape | Method::Quote => {
                let text = self.want_text(first)?;
                self.str(quoted(&text))
            }
            Method::Union => {
                let items = self.array(first).unwrap_or_else(|| args.to_vec());
                let parts = items.iter().map(|item| match self.object(*item) {
                    Some(Obj::Regex(regex)) => regex.as_str().to_owned(),
                    _ => quoted(&self.to_s(*item)),
                });
                let pattern = parts.collect::<Vec<_>>().join("|");
                self.regexp(&pattern)
            }
            _ => {
                let pattern = match self.object(first) {
                    Some(Obj::Regex(regex)) => regex.as_str().to_owned(),
                    _ => self.want_text(first)?,
                };
                let flags = match args.get(1) {
                    Some(Val::Int(bits)) => [(1, "i"), (4, "m"), (2, "x")]
                        .iter()
                        .filter(|(bit, _)| bits & bit != 0)
                        .map(|(_, letter)| *letter)
                        .collect(),
                    Some(value) if value.is_true() => "i".to_owned(),
                    _ => String::new(),
                };
                self.regexp(&if flags.is_empty() { pattern } else { format!("(?{flags}:{pattern})") })
            }
        }
    }

    fn regexp(&mut self, pattern: &str) -> Done {
        match RubyRegex::new(pattern) {
            Ok(regex) => Ok(self.heap.add(Obj::Regex(Arc::new(regex)))?),
            Err(bad) => Err(self.raise(Constant::RegexpError, bad.text)),
        }
    }

    /// `logger.info("…", :field => value)`, and `puts`: into the daemon's log.
    fn log(&mut self, method: Method, args: &[Val]) -> Done {
        let text = args.iter().map(|arg| self.to_s(*arg)).collect::<Vec<_>>().join(" ");
        match method {
            Method::IsDebug => return Ok(Val::Bool(tracing::enabled!(tracing::Level::DEBUG))),
            Method::IsInfo => return Ok(Val::Bool(tracing::enabled!(tracing::Level::INFO))),
            Method::Error | Method::Fatal => tracing::error!(message = %text, filter = "ruby"),
            Method::Warn => tracing::warn!(message = %text, filter = "ruby"),
            Method::Info => tracing::info!(message = %text, filter = "ruby"),
            _ => tracing::debug!(message = %text, filter = "ruby"),
        }
        Ok(Val::Bool(true))
    }

    fn function_call(&mut self, method: Method, args: &[Val], block: Option<&Given>) -> Answer {
        let first = args.first().copied().unwrap_or(Val::Nil);
        Ok(Some(match method {
            Method::Raise => return Err(self.raised(args)),
            Method::Puts | Method::Print | Method::P => {
                self.log(Method::Info, args)?;
                if method == Method::P { first } else { Val::Nil }
            }
            Method::Format | Method::Sprintf => {
                let template = self.want_text(first)?;
                let text = self.formatted(&template, args.get(1..).unwrap_or_default())?;
                self.str(text)?
            }
            Method::IntegerF => self.strict_integer(args)?,
            Method::FloatF => self.strict_float(args)?,
            Method::StringF => {
                let text = self.to_s(first);
                self.str(text)?
            }
            Method::ArrayF => match self.object(first) {
                Some(Obj::Array(_)) => first,
                Some(Obj::Hash(_) | Obj::Range { .. }) => {
                    let items = self.items(first)?;
                    self.list(items)?
                }
                _ => self.list(if first.is_nil() { Vec::new() } else { vec![first] })?,
            },
            Method::HashF => {
                if first.is_nil() {
                    self.new_hash(&[], None)?
                } else {
                    first
                }
            }
            Method::LoopF => {
                let Some(block) = block else { return Err(self.argument_error("no block given")) };
                loop {
                    match self.yields(block, Vec::new()) {
                        Err(Flow::Raise(raised)) if raised.class == Constant::StopIteration && !raised.fatal => {
                            return Ok(Some(Val::Nil));
                        }
                        other => other?,
                    };
                }
            }
            Method::BlockGiven => Val::Bool(self.block.is_some()),
            Method::Rand | Method::RandomNumber => self.random(first)?,
            Method::Hex => {
                let bytes = if first.is_nil() { 16 } else { self.want_int(first)?.clamp(0, 1024) as usize };
                let text: String = (0..bytes).map(|_| format!("{:02x}", self.cx.effects.random() & 0xff)).collect();
                self.str(text)?
            }
            Method::Uuid => {
                let (high, low) = (self.cx.effects.random(), self.cx.effects.random());
                let text = format!(
                    "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
                    high >> 32,
                    high >> 16 & 0xffff,
                    high & 0xfff,
                    low >> 48 & 0x3fff | 0x8000,
                    low & 0xffff_ffff_ffff
                );
                self.str(text)?
            }
            Method::Srand => Val::Int(0),
            Method::Sleep => return Err(self.raise(Constant::NotImplementedError, "use the filter `sleep`")),
            _ => return Ok(None),
        }))
    }

    fn random(&mut self, upto: Val) -> Done {
        let lot = self.cx.effects.random();
        if let Some((from, count)) = match self.object(upto) {
            Some(Obj::Range { from: Val::Int(from), to: Val::Int(to), exclusive }) => {
                Some((*from, to.saturating_sub(*from).saturating_add(i64::from(!exclusive))))
            }
            _ => None,
        } {
            return Ok(Val::Int(from.saturating_add((lot % count.max(1) as u64) as i64)));
        }
        match upto {
            Val::Int(count) if count > 0 => Ok(Val::Int((lot % count as u64) as i64)),
            Val::Float(size) => Ok(Val::Float((lot >> 11) as f64 / (1u64 << 53) as f64 * size)),
            _ => Ok(Val::Float((lot >> 11) as f64 / (1u64 << 53) as f64)),
        }
    }

    /// `raise "text"`, `raise Class`, `raise Class, "text"`, `raise Class.new("text")`
    fn raised(&mut self, args: &[Val]) -> Flow {
        let message = args.get(1).map(|message| self.to_s(*message));
        match args.first().copied() {
            Some(Val::Constant(class)) if class.is_exception() => {
                self.raise(class, message.unwrap_or_else(|| class.text().to_owned()))
            }
            Some(value) => match self.object(value) {
                Some(Obj::Error { class, message: own }) => self.raise(*class, message.unwrap_or_else(|| own.clone())),
                _ => self.raise(Constant::RuntimeError, self.to_s(value)),
            },
            None => self.raise(Constant::RuntimeError, "unhandled exception"),
        }
    }

    fn quiet(&self, args: &[Val]) -> bool {
        args.last().is_some_and(|options| self.inspect(*options).contains(":exception=>false"))
    }

    /// `Integer("12")`: an error for what is no number.
    fn strict_integer(&mut self, args: &[Val]) -> Done {
        let first = args.first().copied().unwrap_or(Val::Nil);
        let radix = match args.get(1) {
            Some(Val::Int(radix)) => u32::try_from(*radix).ok(),
            _ => None,
        };
        let number = match (first, self.text(first)) {
            (Val::Int(_), _) => return Ok(first),
            (Val::Float(number), _) => return self.whole(number.trunc()),
            (Val::Time(moment), _) => return Ok(Val::Int(moment.at.seconds)),
            (_, Some(text)) => whole_integer(text, radix),
            _ if self.quiet(args) => return Ok(Val::Nil),
            _ => return Err(self.type_error(format!("can't convert {} into Integer", self.class_name(first)))),
        };
        match number {
            Some(number) => Ok(Val::Int(number)),
            None if self.quiet(args) => Ok(Val::Nil),
            None => Err(self.argument_error(format!("invalid value for Integer(): {}", self.inspect(first)))),
        }
    }

    fn strict_float(&mut self, args: &[Val]) -> Done {
        let first = args.first().copied().unwrap_or(Val::Nil);
        let number = match (first, self.text(first)) {
            (Val::Int(_) | Val::Float(_), _) => return self.want_float(first).map(Val::Float),
            (_, Some(text)) => whole_float(text),
            _ if self.quiet(args) => return Ok(Val::Nil),
            _ => return Err(self.type_error(format!("can't convert {} into Float", self.class_name(first)))),
        };
        match number {
            Some(number) => Ok(Val::Float(number)),
            None if self.quiet(args) => Ok(Val::Nil),
            None => Err(self.argument_error(format!("invalid value for Float(): {}", self.inspect(first)))),
        }
    }
}

/// A text in which no character means anything to a regular expression.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            char => {
                if ".*?+^$|\\()[]{}-# ".contains(char) {
                    out.push('\\');
                }
                out.push(char);
            }
        }
    }
    out
}

/// As in a form: a blank is `+`.
fn escaped(text: &str) -> String {
    let one = |byte: u8| match byte {
        b' ' => "+".to_owned(),
        byte if byte.is_ascii_alphanumeric() || b"-_.*~".contains(&byte) => (byte as char).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}

fn unescaped(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(byte) = bytes.get(at) {
        let code = text.get(at + 1..at + 3).filter(|_| *byte == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push(code.unwrap_or(if *byte == b'+' { b' ' } else { *byte }));
        at += if code.is_some() { 3 } else { 1 };
    }
    out
}
