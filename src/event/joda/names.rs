//! The English names of months, days, eras and halves of a day.

pub const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// From Monday.
pub const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

pub const HALVES: [&str; 2] = ["AM", "PM"];

pub const ERAS: [&str; 2] = ["BC", "AD"];

/// The zone that a short name stands for, as Joda-Time reads it.
pub fn zone_of(name: &str) -> Option<&'static str> {
    ZONES.iter().find(|(short, _)| *short == name).map(|(_, id)| *id)
}

/// The zones that Joda-Time knows by their short names.
pub const ZONES: [(&str, &str); 11] = [
    ("UTC", "UTC"),
    ("GMT", "UTC"),
    ("EST", "America/New_York"),
    ("EDT", "America/New_York"),
    ("CST", "America/Chicago"),
    ("CDT", "America/Chicago"),
    ("MST", "America/Denver"),
    ("MDT", "America/Denver"),
    ("PST", "America/Los_Angeles"),
    ("PDT", "America/Los_Angeles"),
    ("UT", "UTC"),
];
