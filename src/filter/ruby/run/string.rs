//! Strings: what changes them in place, what they are asked, and what is made of them. What goes by patterns is in
//! `pattern`, what only looks at the text in `text`.

use super::super::names::{Constant, Method};
use super::super::value::{Obj, Val};
use super::{Answer, Done, Given, Machine};

/// The method that gives what a `…!` method leaves in place.
fn gentle(method: Method) -> Option<Method> {
    use Method::*;
    Some(match method {
        UpcaseB => Upcase,
        DowncaseB => Downcase,
        CapitalizeB => Capitalize,
        SwapcaseB => Swapcase,
        StripB => Strip,
        LstripB => Lstrip,
        RstripB => Rstrip,
        Chomped => Chomp,
        Chopped => Chop,
        SqueezeB => Squeeze,
        ReverseB => Reverse,
        GsubB => Gsub,
        SubB => Subst,
        TrB => Tr,
        DeleteB => Delete,
        DeletePrefixB => DeletePrefix,
        DeleteSuffixB => DeleteSuffix,
        EncodeB => Encode,
        SuccB => Succ,
        ScrubB => Scrub,
        _ => return None,
    })
}

impl Machine<'_, '_, '_> {
    pub(super) fn of_string(&mut self, value: Val, method: Method, args: &[Val], block: Option<&Given>) -> Answer {
        if let Some(gentle) = gentle(method) {
            return self.in_place(value, gentle, args, block);
        }
        let text = self.want_text(value)?;
        self.step(text.len() as u64 / 64)?;
        if let Some(answer) = self.rewritten(&text, method, args)? {
            return self.str(answer).map(Some);
        }
        match self.asked(&text, method, args)? {
            Some(answer) => Ok(Some(answer)),
            None => match self.mutated(value, &text, method, args)? {
                Some(answer) => Ok(Some(answer)),
                None => self.by_pattern(value, &text, method, args, block),
            },
        }
    }

    /// A `…!` method: nil if nothing changed.
    fn in_place(&mut self, value: Val, gentle: Method, args: &[Val], block: Option<&Given>) -> Answer {
        let before = self.want_text(value)?;
        let Some(made) = self.of_string(value, gentle, args, block)? else { return Ok(None) };
        let after = self.want_text(made)?;
        if before == after {
            return Ok(Some(Val::Nil));
        }
        self.set_text(value, after)?;
        Ok(Some(value))
    }

    fn set_text(&mut self, value: Val, text: String) -> Done<()> {
        self.heap.charge(text.len())?;
        if let Val::Ref(at) = value {
            *self.heap.get_mut(at) = Obj::Str(text);
        }
        Ok(())
    }

    /// Changes the string itself.
    fn mutated(&mut self, value: Val, text: &str, method: Method, args: &[Val]) -> Answer {
        use Method::*;
        let first = args.first().copied().unwrap_or(Val::Nil);
        match method {
            ShiftLeft | Concat => {
                let mut added = String::new();
                for arg in args {
                    match arg {
                        Val::Int(code) => added.extend(u32::try_from(*code).ok().and_then(char::from_u32)),
                        arg => added.push_str(&self.want_text(*arg)?),
                    }
                }
                self.heap.charge(added.len())?;
                if let Val::Ref(at) = value
                    && let Obj::Str(text) = self.heap.get_mut(at)
                {
                    text.push_str(&added);
                }
            }
            Replace => {
                let text = self.want_text(first)?;
                self.set_text(value, text)?;
            }
            Clear => self.set_text(value, String::new())?,
            Prepend => {
                let added = self.want_text(first)?;
                self.set_text(value, format!("{added}{text}"))?;
            }
            Insert => {
                let at = self.want_int(first)?;
                let added = self.want_text(args.get(1).copied().unwrap_or(Val::Nil))?;
                let count = text.chars().count() as i64;
                let place = if at < 0 { count + 1 + at } else { at };
                if !(0..=count).contains(&place) {
                    return Err(self.raise(Constant::IndexError, format!("index {at} out of string")));
                }
                let split = text.char_indices().nth(place as usize).map_or(text.len(), |(at, _)| at);
                self.set_text(value, format!("{}{added}{}", &text[..split], &text[split..]))?;
            }
            _ => return Ok(None),
        }
        Ok(Some(value))
    }

    /// Another string, made of the text.
    fn rewritten(&mut self, text: &str, method: Method, args: &[Val]) -> Done<Option<String>> {
        use Method::*;
        let first = args.first().copied();
        let word = |machine: &Self| machine.want_text(first.unwrap_or(Val::Nil));
        Ok(Some(match method {
            ToS | ToStr | Itself | Dup | Clone | Plus | Scrub | ForceEncoding | UnicodeNormalize | B => text.to_owned(),
            Encode => text.to_owned(),
            Upcase => text.to_uppercase(),
            Downcase => text.to_lowercase(),
            Capitalize => capitalized(text),
            Swapcase => text.chars().map(swapped).collect(),
            Strip => text.trim_matches(is_space).to_owned(),
            Lstrip => text.trim_start_matches(is_space).to_owned(),
            Rstrip => text.trim_end_matches(is_space).to_owned(),
            Chomp if args.is_empty() => {
                let text = text.strip_suffix('\n').unwrap_or(text);
                text.strip_suffix('\r').unwrap_or(text).to_owned()
            }
            Chomp | DeleteSuffix => {
                let word = word(self)?;
                text.strip_suffix(word.as_str()).unwrap_or(text).to_owned()
            }
            DeletePrefix => {
                let word = word(self)?;
                text.strip_prefix(word.as_str()).unwrap_or(text).to_owned()
            }
            Chop => text.char_indices().next_back().map_or("", |(at, _)| &text[..at]).to_owned(),
            Chr => text.chars().take(1).collect(),
            Reverse => text.chars().rev().collect(),
            Add => text.to_owned() + &word(self)?,
            Mul => {
                let times = usize::try_from(self.want_int(first.unwrap_or(Val::Nil))?);
                let times = times.map_err(|_| self.argument_error("negative argument"))?;
                self.heap.charge(text.len().saturating_mul(times))?;
                text.repeat(times)
            }
            Rem => {
                let args = match first.map(|first| (first, self.array(first))) {
                    Some((_, Some(items))) => items,
                    Some((one, None)) => vec![one],
                    None => Vec::new(),
                };
                self.formatted(text, &args)?
            }
            Ljust | Rjust | Center => self.padded(text, method, args)?,
            Tr | TrS => {
                super::text::translated(text, &word(self)?, &self.want_text(args.get(1).copied().unwrap_or(Val::Nil))?)
            }
            Delete => super::text::translated(text, &word(self)?, ""),
            Squeeze => super::text::squeezed(text, &first.map_or(Ok(String::new()), |_| word(self))?),
            Succ | Next => super::text::successor(text),
            Dump => self.inspect_text(text),
            _ => return Ok(None),
        }))
    }

    fn inspect_text(&mut self, text: &str) -> String {
        self.str(text).map(|value| self.inspect(value)).unwrap_or_default()
    }

    fn padded(&self, text: &str, method: Method, args: &[Val]) -> Done<String> {
        let width = self.want_int(args.first().copied().unwrap_or(Val::Nil))?.clamp(0, 1 << 20) as usize;
        let pad = args.get(1).map_or(Ok(" ".to_owned()), |pad| self.want_text(*pad))?;
        if pad.is_empty() {
            return Err(self.argument_error("zero width padding"));
        }
        let missing = width.saturating_sub(text.chars().count());
        let fill = |count: usize| pad.chars().cycle().take(count).collect::<String>();
        Ok(match method {
            Method::Ljust => format!("{text}{}", fill(missing)),
            Method::Rjust => format!("{}{text}", fill(missing)),
            _ => format!("{}{text}{}", fill(missing / 2), fill(missing - missing / 2)),
        })
    }

    /// Answers that are no strings.
    fn asked(&mut self, text: &str, method: Method, args: &[Val]) -> Answer {
        use Method::*;
        let first = args.first().copied().unwrap_or(Val::Nil);
        Ok(Some(match method {
            Length | Size => Val::Int(text.chars().count() as i64),
            Bytesize => Val::Int(text.len() as i64),
            Empty => Val::Bool(text.is_empty()),
            ToI => {
                let radix = args.first().map_or(Ok(10), |radix| self.want_int(*radix))?;
                Val::Int(super::text::to_i(text, radix.clamp(2, 36) as u32))
            }
            ToF => Val::Float(super::text::to_f(text)),
            Hex => Val::Int(super::text::to_i(text, 16)),
            Oct => Val::Int(super::text::to_i(text, 8)),
            ToSym | Intern => self.symbol(text)?,
            Ord => match text.chars().next() {
                Some(char) => Val::Int(i64::from(char as u32)),
                None => return Err(self.argument_error("empty string")),
            },
            Sum => Val::Int(text.bytes().map(i64::from).sum::<i64>() & 0xffff),
            Lt | Le | Gt | Ge => {
                let value = self.str(text)?;
                self.ordered(value, method, first)?
            }
            Between => {
                let value = self.str(text)?;
                self.clamped(value, method, args)?
            }
            Casecmp | IsCasecmp => {
                let (left, right) = (text.to_lowercase(), self.want_text(first)?.to_lowercase());
                if method == Casecmp { super::object::order(left.cmp(&right)) } else { Val::Bool(left == right) }
            }
            ValidEncoding => Val::Bool(true),
            AsciiOnly => Val::Bool(text.is_ascii()),
            Encoding => Val::Constant(Constant::Utf8),
            Unpack | Unpack1 => {
                let template = self.want_text(first)?;
                self.unpacked(text.as_bytes(), &template, method == Unpack1)?
            }
            Getbyte => usize::try_from(self.want_int(first)?)
                .ok()
                .and_then(|at| text.as_bytes().get(at))
                .map_or(Val::Nil, |byte| Val::Int(i64::from(*byte))),
            Byteslice => {
                let bytes = text.as_bytes().iter().map(|byte| Val::Int(i64::from(*byte))).collect();
                let bytes = self.list(bytes)?;
                let slice = self.send(bytes, Method::Slice, args.to_vec(), None)?;
                match self.array(slice) {
                    Some(bytes) => {
                        let bytes = bytes.iter().filter_map(|byte| self.want_int(*byte).ok().map(|byte| byte as u8));
                        let bytes = bytes.collect();
                        self.bytes(bytes)?
                    }
                    None => Val::Nil,
                }
            }
            Codepoints | Bytes => {
                let codes: Vec<Val> = match method {
                    Bytes => text.bytes().map(|byte| Val::Int(i64::from(byte))).collect(),
                    _ => text.chars().map(|char| Val::Int(i64::from(char as u32))).collect(),
                };
                self.list(codes)?
            }
            _ => return Ok(None),
        }))
    }

    /// Bytes as a string, if they are text.
    pub(super) fn bytes(&mut self, bytes: Vec<u8>) -> Done {
        Ok(match String::from_utf8(bytes) {
            Ok(text) => self.str(text)?,
            Err(error) => self.heap.add(Obj::Bytes(error.into_bytes()))?,
        })
    }

    /// Bytes that are no text.
    pub(super) fn of_bytes(&mut self, value: Val, method: Method, args: &[Val]) -> Answer {
        use Method::*;
        let Some(Obj::Bytes(bytes)) = self.object(value) else { return Ok(None) };
        let bytes = bytes.clone();
        match method {
            Length | Size | Bytesize => Ok(Some(Val::Int(bytes.len() as i64))),
            ValidEncoding | AsciiOnly | Empty => Ok(Some(Val::Bool(false))),
            ForceEncoding | B | Dup | Clone => Ok(Some(value)),
            Encoding => Ok(Some(Val::Constant(Constant::Ascii8))),
            Bytes => self.list(bytes.iter().map(|byte| Val::Int(i64::from(*byte))).collect()).map(Some),
            Unpack | Unpack1 => {
                let template = self.want_text(args.first().copied().unwrap_or(Val::Nil))?;
                self.unpacked(&bytes, &template, method == Unpack1).map(Some)
            }
            ToS | Scrub | Encode | Inspect => {
                let text = match (method, args.first().and_then(|with| self.text(*with))) {
                    (Scrub, Some(with)) => String::from_utf8_lossy(&bytes).replace(char::REPLACEMENT_CHARACTER, with),
                    _ => String::from_utf8_lossy(&bytes).into_owned(),
                };
                self.str(text).map(Some)
            }
            _ => Ok(None),
        }
    }
}

fn is_space(char: char) -> bool {
    char.is_ascii_whitespace() || char == '\0' || char == '\u{b}'
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars.as_str().to_lowercase().chars()).collect())
}

fn swapped(char: char) -> char {
    let mut other = if char.is_uppercase() { char.to_lowercase().next() } else { char.to_uppercase().next() };
    other.take().unwrap_or(char)
}
