//! The letters of java.time's patterns, as they print a time in UTC and English.

use super::{BadPattern, Dialect, Number, Part, Precision, Style, TextField, Zone};

pub fn part(letter: char, count: usize) -> Result<Part, BadPattern> {
    let Some(most) = count_max(letter) else {
        return Err(BadPattern::no_letter(letter, Dialect::JavaTime));
    };
    if count > most {
        let text = format!("`{letter}` stands {count} times in the date pattern, {most} is the most");
        return Err(BadPattern::new(text));
    }
    if letter == 'V' && count != 2 {
        return Err(BadPattern::new("`V` must stand twice in a date pattern"));
    }
    Ok(year(letter, count).or_else(|| text(letter, count)).or_else(|| zone(letter, count)).unwrap_or_else(|| {
        match letter {
            'S' => Part::Fraction { width: count, precision: Precision::Nanos },
            'p' => Part::Pad(count),
            letter => number(number_field(letter), count),
        }
    }))
}

/// How often a letter may stand; `None` for what is no letter of java.time's.
pub(super) fn count_max(letter: char) -> Option<usize> {
    Some(match letter {
        'u' | 'y' | 'Y' | 'A' | 'n' | 'N' | 'p' => 19,
        'G' | 'M' | 'L' | 'Q' | 'q' | 'E' | 'e' | 'c' | 'X' | 'x' | 'Z' => 5,
        'D' => 3,
        'd' | 'w' | 'H' | 'h' | 'K' | 'k' | 'm' | 's' => 2,
        'W' | 'F' | 'a' => 1,
        'S' => 9,
        'V' | 'v' | 'z' | 'O' => 4,
        _ => return None,
    })
}

fn number(field: Number, width: usize) -> Part {
    Part::Number { field, width, digits_max: width }
}

fn year(letter: char, count: usize) -> Option<Part> {
    let field = match letter {
        'u' => Number::Year,
        'y' => Number::YearOfEra,
        'Y' => Number::LocalWeekYear,
        _ => return None,
    };
    Some(if count == 2 { Part::TwoDigits { field, lenient: false } } else { number(field, count) })
}

/// Letters that print a number once or twice and a name more often.
fn text(letter: char, count: usize) -> Option<Part> {
    let (field, numbers) = match letter {
        'G' => (TextField::Era, None),
        'a' => (TextField::HalfDay, None),
        'E' => (TextField::DayOfWeek, None),
        'e' | 'c' => (TextField::DayOfWeek, Some(Number::LocalDayOfWeek)),
        'M' | 'L' => (TextField::Month, Some(Number::Month)),
        'Q' | 'q' => (TextField::Quarter, Some(Number::Quarter)),
        _ => return None,
    };
    let style = match count {
        4 => Style::Full,
        5 => Style::Narrow,
        _ => Style::Short,
    };
    Some(match numbers {
        Some(field) if count <= 2 => number(field, count),
        _ => Part::Text { field, style },
    })
}

fn zone(letter: char, count: usize) -> Option<Part> {
    Some(Part::Zone(Zone::Fixed(match (letter, count) {
        ('V' | 'v' | 'z' | 'X', _) => "Z",
        ('O', _) | ('Z', 4) => "GMT",
        ('Z', 5) => "Z",
        ('x', 1) => "+00",
        ('x', 3 | 5) => "+00:00",
        ('x' | 'Z', _) => "+0000",
        _ => return None,
    })))
}

fn number_field(letter: char) -> Number {
    match letter {
        'D' => Number::DayOfYear,
        'd' => Number::Day,
        'w' => Number::LocalWeek,
        'W' => Number::LocalWeekOfMonth,
        'F' => Number::WeekdayInMonth,
        'H' => Number::Hour,
        'h' => Number::ClockHalfHour,
        'K' => Number::HalfHour,
        'k' => Number::ClockHour,
        'm' => Number::Minute,
        's' => Number::Second,
        'A' => Number::MilliOfDay,
        'n' => Number::NanoOfSecond,
        _ => Number::NanoOfDay,
    }
}
