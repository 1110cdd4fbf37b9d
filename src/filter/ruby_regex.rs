//! Ruby's regular expressions.
#[derive(Clone, Debug)]
pub struct RubyRegex(regex::Regex);
impl RubyRegex {
    pub fn new(pattern: &str) -> Result<RubyRegex, regex::Error> {
        regex::RegexBuilder::new(pattern).multi_line(true).build().map(RubyRegex)
    }
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}
