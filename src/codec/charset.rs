//! The setting `charset` of codecs.

pub use crate::event::charset::Charset;
use crate::plugin::{Fallback, Fault, Kind, Setting, Settings};

/// The setting that decoding codecs share.
pub const SETTING: Setting = Setting::new(
    "charset",
    Kind::String,
    Fallback::Text("UTF-8"),
    "The character encoding of the bytes that are read, such as `CP1252`, `Shift_JIS` or `UTF-16LE`; `docs/charsets.md` lists all names. Bytes that have no meaning in it become U+FFFD.",
);

/// Stands in `Declaration::differs` of every codec that reads text.
pub const REPLACES: &str = "a byte that has no meaning in the `charset` becomes U+FFFD, where Logstash writes `\\xE9`; UTF-16 and UTF-32 are cut into lines at their own line ends.";

impl Charset {
    pub fn of(settings: &Settings) -> Result<Charset, Fault> {
        let name = settings.text("charset").unwrap_or("UTF-8");
        Charset::named(name).ok_or_else(|| {
            let fault = |text| Fault::at(settings.place("charset"), text).help("docs/charsets.md lists the encodings");
            match Charset::instead_of(name) {
                Some(nearest) => fault(format!("the encoding `{name}` is not supported"))
                    .help(format!("the nearest that is read is `{nearest}`")),
                None => fault(format!("there is no encoding `{name}`")).unknown(name, Charset::names()),
            }
        })
    }

    /// What a record is written in when its framer gives it: framers that find lines in units of two or four bytes
    /// give text (`framing::wide`).
    pub fn of_records(self) -> Charset {
        match self {
            Charset::Wide(_) => Charset::Utf8,
            other => other,
        }
    }
}
