//! The names of months, days, halves of a day and eras in other languages, for reading.
//!
//! `locales.tsv` holds CLDR's names as Java gives them (`DateFormatSymbols`, Java 17), which is what Joda-Time reads by:
//! a language tag, then months, short months, days from Monday, short days, halves of a day, eras; `de-AT,IT` are
//! regions that differ from `de`. As in Joda-Time a name may be written long or short, in lower or upper case or as it
//! stands there. A name that CLDR writes with a dot behind it is read without the dot too: programs leave it out.

use std::sync::LazyLock;

/// The names of a language.
#[derive(Debug)]
pub struct Locale {
    language: &'static str,
    /// Of the regions that write so; empty for the language itself.
    regions: Vec<&'static str>,
    pub months: Names,
    pub days: Names,
    pub halves: Names,
    pub eras: Names,
}

/// Every way to write some names, longer ones first, and which name each is.
#[derive(Debug)]
pub struct Names(Vec<(String, usize)>);

static LOCALES: LazyLock<Vec<Locale>> =
    LazyLock::new(|| include_str!("locales.tsv").lines().filter_map(Locale::parse).collect());

impl Locale {
    /// By a tag as BCP 47 (`de-AT`, `zh-Hant-TW`) or POSIX (`de_AT.UTF-8`) has it. A region of which nothing is known
    /// writes as its language does. `None`: nothing is known of the language.
    pub fn named(tag: &str) -> Option<&'static Locale> {
        let tag = tag.split(['.', '@']).next()?.replace('_', "-");
        let mut parts = tag.split('-');
        let language = match parts.next()?.to_ascii_lowercase().as_str() {
            "c" | "posix" => "en".to_string(),
            "iw" => "he".to_string(),
            "in" => "id".to_string(),
            language => language.to_string(),
        };
        let parts: Vec<&str> = parts.collect();
        let script = parts.iter().find(|part| part.len() == 4);
        let is_region = |part: &&&str| part.len() == 2 || part.len() == 3 && part.bytes().all(|b| b.is_ascii_digit());
        let region = parts.iter().find(is_region);
        let region = match (script, region) {
            (Some(script), None) if script.eq_ignore_ascii_case("Hant") => "TW",
            (_, region) => region.copied().unwrap_or_default(),
        };
        let mut of_language = LOCALES.iter().filter(|locale| locale.language == language);
        let of_region = |locale: &&Locale| locale.regions.iter().any(|there| there.eq_ignore_ascii_case(region));
        of_language.clone().find(of_region).or_else(|| of_language.find(|locale| locale.regions.is_empty()))
    }

    /// English names count too, whatever the region writes: `Sep` beside the `Sept` of `en-GB`.
    pub fn is_english(&self) -> bool {
        self.language == "en"
    }

    /// The languages that are known.
    pub fn languages() -> Vec<&'static str> {
        LOCALES.iter().filter(|locale| locale.regions.is_empty()).map(|locale| locale.language).collect()
    }

    fn parse(line: &'static str) -> Option<Locale> {
        let mut columns = line.split('\t');
        let tag = columns.next()?;
        let (language, regions) = tag.split_once('-').unwrap_or((tag, ""));
        let mut names = || Some(columns.next()?.split('|').collect::<Vec<_>>());
        let (months, short_months, days, short_days) = (names()?, names()?, names()?, names()?);
        let (halves, eras) = (names()?, names()?);
        Some(Locale {
            language,
            regions: regions.split(',').filter(|region| !region.is_empty()).collect(),
            months: Names::of(language, &[&months, &short_months]),
            days: Names::of(language, &[&days, &short_days]),
            halves: Names::of(language, &[&halves]),
            eras: Names::of(language, &[&eras]),
        })
    }
}

impl Names {
    fn of(language: &str, lists: &[&[&str]]) -> Names {
        let mut all = Vec::new();
        for list in lists {
            for (number, name) in list.iter().copied().enumerate() {
                let blanks = name.replace('\u{a0}', " ");
                for name in [name, name.strip_suffix('.').unwrap_or(name), &blanks] {
                    let cases = [name.to_string(), lower(name, language), upper(name, language)];
                    all.extend(cases.map(|name| (name, number)));
                }
            }
        }
        all.sort_by(|(a, one), (b, other)| b.len().cmp(&a.len()).then(a.cmp(b)).then(one.cmp(other)));
        all.dedup();
        Names(all)
    }

    /// Which name the text begins with, and how many bytes it has.
    pub fn find(&self, text: &str) -> Option<(usize, usize)> {
        let (name, number) = self.0.iter().find(|(name, _)| text.starts_with(name.as_str()))?;
        Some((*number, name.len()))
    }
}

/// In Turkish `I` is no capital `i`.
fn lower(text: &str, language: &str) -> String {
    if language == "tr" { text.replace('I', "ı").replace('İ', "i").to_lowercase() } else { text.to_lowercase() }
}

fn upper(text: &str, language: &str) -> String {
    if language == "tr" { text.replace('i', "İ").to_uppercase() } else { text.to_uppercase() }
}
