//! The setting `charset` of codecs.

pub use crate::event::charset::Charset;
use crate::plugin::{Fallback, Fault, Kind, Setting, Settings};

/// The setting that decoding codecs share.
pub const SETTING: Setting = Setting::new(
    "charset",
    Kind::String,
    Fallback::Text("UTF-8"),
    "The character encoding of the bytes that are read. Bytes that have no meaning in it become U+FFFD.",
);

impl Charset {
    pub fn of(settings: &Settings) -> Result<Charset, Fault> {
        let name = settings.text("charset").unwrap_or("UTF-8");
        Charset::named(name).ok_or_else(|| {
            Fault::at(settings.place("charset"), format!("the encoding `{name}` is not supported"))
                .unknown(name, Charset::KNOWN.iter().copied())
                .help("encodings that extend ASCII are: UTF-8, ISO-8859, Windows, KOI8, Shift_JIS, EUC, GB and Big5")
        })
    }
}
