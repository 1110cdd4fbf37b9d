//! Integers (64 bits) and floats.

use super::super::names::{Constant, Method};
use super::super::value::{Moment, Val};
use super::object::order;
use super::time::moved;
use super::{Answer, Done, Given, Machine};

impl Machine<'_, '_, '_> {
    pub(super) fn of_number(&mut self, value: Val, method: Method, args: &[Val], block: Option<&Given>) -> Answer {
        use Method::*;
        match (method, args.first().copied()) {
            (Add | Sub | Mul | Div | Rem | Modulo | Pow | PowM | Fdiv | DivI | Divmod | Remainder, Some(other)) => {
                self.arithmetic(value, method, other).map(Some)
            }
            (Lt | Le | Gt | Ge, Some(other)) => self.ordered(value, method, other).map(Some),
            (Compare, Some(other)) => Ok(Some(self.compare(value, other).map_or(Val::Nil, order))),
            (BitAnd | BitOr | BitXor | ShiftLeft | ShiftRight, Some(other)) => {
                self.bits(value, method, other).map(Some)
            }
            (Between | Clamp, Some(_)) => self.clamped(value, method, args).map(Some),
            (Round | Floor | Ceil | Truncate, _) => self.rounded(value, method, args).map(Some),
            (Times | Upto | Downto | Step, _) => self.counted(value, method, args, block),
            (ToS | Inspect, Some(Val::Int(radix))) if method == ToS => self.in_radix(value, radix).map(Some),
            (Digits, _) => {
                let digits = self.inspect(value).bytes().rev().map(|byte| Val::Int(i64::from(byte & 15))).collect();
                self.list(digits).map(Some)
            }
            (Chr, _) => match value {
                Val::Int(code) => {
                    let char = u32::try_from(code).ok().and_then(char::from_u32);
                    let char =
                        char.ok_or_else(|| self.raise(Constant::RangeError, format!("{code} out of char range")))?;
                    self.str(char.to_string()).map(Some)
                }
                _ => Ok(None),
            },
            _ => self.of_one_number(value, method, args),
        }
    }

    fn of_one_number(&mut self, value: Val, method: Method, args: &[Val]) -> Answer {
        use Method::*;
        let number = self.want_float(value)?;
        Ok(Some(match (method, value) {
            (ToI | ToInt, Val::Float(number)) => self.whole(number.trunc())?,
            (ToI | ToInt | Ord, _) => value,
            (ToF, _) => Val::Float(number),
            (Neg, Val::Int(number)) => Val::Int(self.fits(number.checked_neg())?),
            (Neg, _) => Val::Float(-number),
            (Plus | ToR | ToC, _) => value,
            (BitNot, Val::Int(number)) => Val::Int(!number),
            (Abs | Magnitude, Val::Int(number)) => Val::Int(self.fits(number.checked_abs())?),
            (Abs | Magnitude, _) => Val::Float(number.abs()),
            (Zero, _) => Val::Bool(number == 0.0),
            (Nonzero, _) => {
                if number == 0.0 {
                    Val::Nil
                } else {
                    value
                }
            }
            (Positive, _) => Val::Bool(number > 0.0),
            (Negative, _) => Val::Bool(number < 0.0),
            (Even, Val::Int(number)) => Val::Bool(number & 1 == 0),
            (Odd, Val::Int(number)) => Val::Bool(number & 1 == 1),
            (Integer, _) => Val::Bool(matches!(value, Val::Int(_))),
            (Nan, Val::Float(number)) => Val::Bool(number.is_nan()),
            (Infinite, Val::Float(number)) if number.is_infinite() => Val::Int(if number > 0.0 { 1 } else { -1 }),
            (Infinite, _) => Val::Nil,
            (Finite, _) => Val::Bool(number.is_finite()),
            (Succ | Next, Val::Int(number)) => Val::Int(self.fits(number.checked_add(1))?),
            (Pred, Val::Int(number)) => Val::Int(self.fits(number.checked_sub(1))?),
            (BitLength, Val::Int(number)) => Val::Int(64 - i64::from((number ^ (number >> 63)).leading_zeros())),
            (Gcd | Lcm, Val::Int(left)) => self.common(left, method, args)?,
            (Coerce, _) => {
                let other = args.first().copied().unwrap_or(Val::Nil);
                let pair = vec![Val::Float(self.want_float(other)?), Val::Float(number)];
                self.list(pair)?
            }
            _ => return Ok(None),
        }))
    }

    fn fits(&self, number: Option<i64>) -> Done<i64> {
        number.ok_or_else(|| self.raise(Constant::RangeError, "integer of more than 64 bits"))
    }

    /// A float without a fraction as an integer.
    pub(super) fn whole(&self, number: f64) -> Done {
        if number.is_nan() || number.is_infinite() {
            return Err(self.raise(Constant::FloatDomainError, self.inspect(Val::Float(number))));
        }
        if number.abs() < 9.2e18 {
            Ok(Val::Int(number as i64))
        } else {
            Err(self.raise(Constant::RangeError, "integer of more than 64 bits"))
        }
    }

    fn coerced(&self, other: Val, into: &str) -> Done<()> {
        match other {
            Val::Int(_) | Val::Float(_) => Ok(()),
            other => Err(self.type_error(format!("{} can't be coerced into {into}", self.class_name(other)))),
        }
    }

    fn arithmetic(&mut self, left: Val, method: Method, right: Val) -> Done {
        self.coerced(right, self.class_name(left))?;
        if method == Method::Divmod {
            let (quotient, rest) =
                (self.arithmetic(left, Method::DivI, right)?, self.arithmetic(left, Method::Rem, right)?);
            return self.list(vec![quotient, rest]);
        }
        match (left, right) {
            (Val::Int(left), Val::Int(right)) if method != Method::Fdiv => self.of_integers(left, method, right),
            _ => {
                let (left, right) = (self.want_float(left)?, self.want_float(right)?);
                Ok(match method {
                    Method::Add => Val::Float(left + right),
                    Method::Sub => Val::Float(left - right),
                    Method::Mul => Val::Float(left * right),
                    Method::Div | Method::Fdiv => Val::Float(left / right),
                    Method::Rem | Method::Modulo => Val::Float(left - right * (left / right).floor()),
                    Method::Remainder => Val::Float(left % right),
                    Method::DivI => self.whole((left / right).floor())?,
                    _ => Val::Float(left.powf(right)),
                })
            }
        }
    }

    fn of_integers(&self, left: i64, method: Method, right: i64) -> Done {
        let divides = matches!(method, Method::Div | Method::DivI | Method::Rem | Method::Modulo | Method::Remainder);
        if divides && right == 0 {
            return Err(self.raise(Constant::ZeroDivisionError, "divided by 0"));
        }
        let number = match method {
            Method::Add => left.checked_add(right),
            Method::Sub => left.checked_sub(right),
            Method::Mul => left.checked_mul(right),
            // Ruby rounds down, not towards zero.
            Method::Div | Method::DivI => left
                .checked_div(right)
                .map(|quotient| quotient - i64::from(left % right != 0 && (left < 0) != (right < 0))),
            Method::Rem | Method::Modulo => left
                .checked_rem(right)
                .map(|rest| if rest != 0 && (rest < 0) != (right < 0) { rest + right } else { rest }),
            Method::Remainder => left.checked_rem(right),
            _ if right < 0 => return Ok(Val::Float((left as f64).powf(right as f64))),
            _ => u32::try_from(right).ok().and_then(|right| left.checked_pow(right)),
        };
        self.fits(number).map(Val::Int)
    }

    pub(super) fn ordered(&self, left: Val, method: Method, right: Val) -> Done {
        let Some(order) = self.compare(left, right) else {
            if let (Val::Int(_) | Val::Float(_), Val::Int(_) | Val::Float(_)) = (left, right) {
                return Ok(Val::Bool(false));
            }
            let shown = if right.is_nil() { "nil".to_owned() } else { self.class_name(right).to_owned() };
            return Err(self.argument_error(format!("comparison of {} with {shown} failed", self.class_name(left))));
        };
        Ok(Val::Bool(match method {
            Method::Lt => order.is_lt(),
            Method::Le => order.is_le(),
            Method::Gt => order.is_gt(),
            _ => order.is_ge(),
        }))
    }

    fn bits(&self, left: Val, method: Method, right: Val) -> Done {
        let (left, right) = (self.want_int(left)?, self.want_int(right)?);
        let shift = |by: i64| -> Option<i64> {
            match by {
                0..=62 if left.abs() < (1 << (62 - by)) => Some(left << by),
                0.. => {
                    if left == 0 {
                        Some(0)
                    } else {
                        None
                    }
                }
                _ => Some(left >> (-by).min(63)),
            }
        };
        let number = match method {
            Method::BitAnd => Some(left & right),
            Method::BitOr => Some(left | right),
            Method::BitXor => Some(left ^ right),
            Method::ShiftLeft => shift(right),
            _ => shift(right.saturating_neg()),
        };
        self.fits(number).map(Val::Int)
    }

    pub(super) fn clamped(&self, value: Val, method: Method, args: &[Val]) -> Done {
        let [low, high] = args else { return Err(self.argument_error("wrong number of arguments (expected 2)")) };
        let below = self.ordered(value, Method::Lt, *low)?.is_true();
        let above = self.ordered(value, Method::Gt, *high)?.is_true();
        Ok(match method {
            Method::Between => Val::Bool(!below && !above),
            _ if below => *low,
            _ if above => *high,
            _ => value,
        })
    }

    fn rounded(&self, value: Val, method: Method, args: &[Val]) -> Done {
        let digits = match args.first() {
            Some(Val::Int(digits)) => *digits,
            _ => 0,
        };
        let number = match value {
            Val::Int(_) if digits >= 0 => return Ok(value),
            other => self.want_float(other)?,
        };
        if digits >= 16 {
            return Ok(value);
        }
        let scale = 10f64.powi(digits.clamp(-300, 300) as i32);
        let scaled = number * scale;
        let result = match method {
            Method::Floor => scaled.floor(),
            Method::Ceil => scaled.ceil(),
            Method::Truncate => scaled.trunc(),
            // A number is rounded as it is written: 1.005 is no less than 1.005.
            _ => match format!("{number:.*}", digits.max(0) as usize).parse::<f64>() {
                Ok(text) if digits > 0 && (scaled - scaled.trunc()).abs() != 0.5 => return Ok(Val::Float(text)),
                _ => scaled.round(),
            },
        };
        if digits > 0 { Ok(Val::Float(result / scale)) } else { self.whole(result / scale) }
    }

    fn common(&self, left: i64, method: Method, args: &[Val]) -> Done {
        let right = self.want_int(args.first().copied().unwrap_or(Val::Nil))?;
        let (mut a, mut b) = (left.unsigned_abs(), right.unsigned_abs());
        while b != 0 {
            (a, b) = (b, a % b);
        }
        let gcd = a.max(1) as i64;
        if method == Method::Gcd {
            return Ok(Val::Int(a as i64));
        }
        self.fits((left / gcd).checked_mul(right).and_then(i64::checked_abs)).map(Val::Int)
    }

    fn in_radix(&mut self, value: Val, radix: i64) -> Done {
        let number = self.want_int(value)?;
        let radix = u64::try_from(radix).ok().filter(|radix| (2..=36).contains(radix));
        let radix = radix.ok_or_else(|| self.argument_error("invalid radix"))?;
        let (mut rest, mut digits) = (number.unsigned_abs(), Vec::new());
        loop {
            digits.push(char::from_digit((rest % radix) as u32, radix as u32).unwrap_or('0'));
            rest /= radix;
            if rest == 0 {
                break;
            }
        }
        digits.extend((number < 0).then_some('-'));
        self.str(digits.into_iter().rev().collect::<String>())
    }

    fn counted(&mut self, value: Val, method: Method, args: &[Val], block: Option<&Given>) -> Answer {
        let first = args.first().copied().unwrap_or(Val::Nil);
        let numbers = match method {
            Method::Times => self.between(0, self.want_int(value)? - 1, 1)?,
            Method::Upto => self.between(self.want_int(value)?, self.want_int(first)?, 1)?,
            Method::Downto => self.between(self.want_int(value)?, self.want_int(first)?, -1)?,
            _ => {
                let by = args.get(1).map_or(Ok(1), |by| self.want_int(*by))?;
                self.between(self.want_int(value)?, self.want_int(first)?, by)?
            }
        };
        let Some(block) = block else { return self.list(numbers).map(Some) };
        for number in numbers {
            self.yields(block, vec![number])?;
        }
        Ok(Some(value))
    }

    /// The integers from one to another.
    pub(super) fn between(&mut self, from: i64, to: i64, by: i64) -> Done<Vec<Val>> {
        if by == 0 {
            return Err(self.argument_error("step can't be 0"));
        }
        let count = ((i128::from(to) - i128::from(from)) / i128::from(by) + 1).max(0);
        let reaches = if by > 0 { from <= to } else { from >= to };
        let count = if reaches { u64::try_from(count).unwrap_or(u64::MAX) } else { 0 };
        self.step(count)?;
        self.heap.charge(count as usize * 32)?;
        Ok((0..count).map(|at| Val::Int(from + at as i64 * by)).collect())
    }

    /// Moments are moved by numbers of seconds.
    pub(super) fn moved_by(&self, moment: Moment, by: Val, back: bool) -> Done {
        let seconds = self.want_float(by)?;
        let exact = match by {
            Val::Int(seconds) => Some(i128::from(seconds) * 1_000_000_000),
            _ => (seconds.abs() < 1e12).then(|| (seconds * 1e9).round() as i128),
        };
        let moved = exact.and_then(|nanos| moved(moment.at, if back { -nanos } else { nanos }));
        match moved {
            Some(at) => Ok(Val::Time(Moment { at, ..moment })),
            None => Err(self.raise(Constant::RangeError, "time out of range")),
        }
    }
}
