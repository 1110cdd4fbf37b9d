//! The names that scripts may use: methods and constants. What is not listed here is refused when a script is read.

/// Declares an enum whose variants know their text.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($variant,)* }

        impl $name {
            pub const ALL: &'static [($name, &'static str)] = &[$(($name::$variant, $text),)*];

            pub fn of(text: &str) -> Option<$name> {
                Self::ALL.iter().find(|(_, known)| *known == text).map(|(it, _)| *it)
            }

            pub fn text(self) -> &'static str {
                Self::ALL[self as usize].1
            }
        }
    };
}

named! {
    /// Every method that some object here answers to.
    Method {
        Add = "+", Sub = "-", Mul = "*", Div = "/", Rem = "%", Pow = "**", Neg = "-@", Plus = "+@",
        Eq = "==", Ne = "!=", Lt = "<", Le = "<=", Gt = ">", Ge = ">=", Compare = "<=>", CaseEq = "===",
        Match = "=~",  ShiftLeft = "<<", ShiftRight = ">>", BitAnd = "&", BitOr = "|", BitXor = "^",
        BitNot = "~", Index = "[]", SetIndex = "[]=", Not = "!", Call = "call",
        // Every object.
        Nil = "nil?", ToS = "to_s", Inspect = "inspect", ToI = "to_i", ToF = "to_f", ToA = "to_a", ToH = "to_h",
        ToSym = "to_sym", ToStr = "to_str", ToInt = "to_int", ToJson = "to_json", ToHash = "to_hash", IsA = "is_a?", KindOf = "kind_of?",
        InstanceOf = "instance_of?", RespondTo = "respond_to?", Class = "class", Dup = "dup", Clone = "clone", Freeze = "freeze",
        Frozen = "frozen?", Tap = "tap", Then = "then", YieldSelf = "yield_self", Equal = "equal?", Eql = "eql?", Hash = "hash",
        Itself = "itself", Name = "name", ObjectId = "object_id", Send = "send", PublicSend = "public_send",

        // Strings.
        Upcase = "upcase", Downcase = "downcase", Capitalize = "capitalize", Swapcase = "swapcase", Strip = "strip",
        Lstrip = "lstrip", Rstrip = "rstrip", Chomp = "chomp", Chop = "chop", Chomped = "chomp!", Chopped = "chop!", Chr = "chr",
        UpcaseB = "upcase!", DowncaseB = "downcase!", CapitalizeB = "capitalize!", SwapcaseB = "swapcase!",
        StripB = "strip!", LstripB = "lstrip!", RstripB = "rstrip!", SqueezeB = "squeeze!", ReverseB = "reverse!",
        GsubB = "gsub!", SubB = "sub!", TrB = "tr!", DeleteB = "delete!", SliceB = "slice!", DeletePrefixB = "delete_prefix!",
        DeleteSuffixB = "delete_suffix!", EncodeB = "encode!", SuccB = "succ!", ScrubB = "scrub!",
        Split = "split", Gsub = "gsub", Subst = "sub", MatchM = "match", IsMatch = "match?", Scan = "scan", Tr = "tr",
        TrS = "tr_s", Squeeze = "squeeze", Delete = "delete", DeletePrefix = "delete_prefix", DeleteSuffix = "delete_suffix",
        StartWith = "start_with?", EndWith = "end_with?", Ljust = "ljust", Rjust = "rjust", Center = "center",
        Lines = "lines", EachLine = "each_line", Chars = "chars", EachChar = "each_char", Bytes = "bytes", EachByte = "each_byte",
        Bytesize = "bytesize", Codepoints = "codepoints", Ord = "ord", Hex = "hex", Oct = "oct",  Insert = "insert", Prepend = "prepend",
        Replace = "replace", Partition = "partition", Rpartition = "rpartition", Byteslice = "byteslice", Getbyte = "getbyte",
        Encode = "encode", ForceEncoding = "force_encoding", Encoding = "encoding", ValidEncoding = "valid_encoding?", AsciiOnly = "ascii_only?", Scrub = "scrub",
        UnicodeNormalize = "unicode_normalize", B = "b", Casecmp = "casecmp", IsCasecmp = "casecmp?", Succ = "succ", Next = "next", Upto = "upto", Downto = "downto",
        Unpack = "unpack", Unpack1 = "unpack1", Pack = "pack", Intern = "intern", Dump = "dump",  Sum = "sum",
        // Numbers.
        Abs = "abs", Magnitude = "magnitude", Round = "round", Floor = "floor", Ceil = "ceil", Truncate = "truncate", Divmod = "divmod", Modulo = "modulo",
        Fdiv = "fdiv", DivI = "div", Remainder = "remainder", PowM = "pow", Gcd = "gcd", Lcm = "lcm", Times = "times", Step = "step", Zero = "zero?", Positive = "positive?",
        Negative = "negative?", Even = "even?", Odd = "odd?", Integer = "integer?", Nan = "nan?", Infinite = "infinite?", Finite = "finite?", Nonzero = "nonzero?",
        Clamp = "clamp", Between = "between?", BitLength = "bit_length", Digits = "digits", Pred = "pred", ToR = "to_r", ToC = "to_c",
        // Collections.
        Length = "length", Size = "size", Count = "count", Empty = "empty?", Any = "any?", All = "all?", NoneOf = "none?", One = "one?",
        Include = "include?", Member = "member?", First = "first", Last = "last", Push = "push", Append = "append", Pop = "pop", Shift = "shift", Unshift = "unshift",
        Concat = "concat", Each = "each", EachWithIndex = "each_with_index", EachIndex = "each_index", ReverseEach = "reverse_each", EachSlice = "each_slice",
        EachCons = "each_cons", EachWithObject = "each_with_object", EachEntry = "each_entry", WithIndex = "with_index", WithObject = "with_object", Map = "map", Collect = "collect", FlatMap = "flat_map", CollectConcat = "collect_concat",
        MapB = "map!", CollectB = "collect!", Select = "select", Filter = "filter", SelectB = "select!", FilterB = "filter!", KeepIf = "keep_if", Reject = "reject", RejectB = "reject!", DeleteIf = "delete_if",
        FilterMap = "filter_map", Find = "find", Detect = "detect", FindIndex = "find_index", FindAll = "find_all", IndexOf = "index", Rindex = "rindex", Inject = "inject", Reduce = "reduce",
        Min = "min", Max = "max", MinBy = "min_by", MaxBy = "max_by", Minmax = "minmax", Sort = "sort", SortBy = "sort_by", SortB = "sort!", SortByB = "sort_by!", Reverse = "reverse", Rotate = "rotate",
        Join = "join", Flatten = "flatten", FlattenB = "flatten!", Uniq = "uniq", UniqB = "uniq!", Compact = "compact", CompactB = "compact!", Zip = "zip",
        Transpose = "transpose", Take = "take", TakeWhile = "take_while", Drop = "drop", DropWhile = "drop_while", GroupBy = "group_by", ChunkWhile = "chunk_while", SliceWhen = "slice_when", Tally = "tally", Slice = "slice", ValuesAt = "values_at",
        Fetch = "fetch", FetchValues = "fetch_values", Dig = "dig", DeleteAt = "delete_at", Clear = "clear", Fill = "fill", Sample = "sample", Shuffle = "shuffle",  Assoc = "assoc",
        Union = "union", Difference = "difference", Intersection = "intersection", Intersect = "intersect?",  Entries = "entries",  ToSet = "to_set",
        // Hashes.
        Keys = "keys", Values = "values", EachPair = "each_pair", EachKey = "each_key", EachValue = "each_value", HasKey = "has_key?", IsKey = "key?", HasValue = "has_value?",
        IsValue = "value?", Key = "key", Merge = "merge", MergeB = "merge!", Update = "update", Store = "store", TransformValues = "transform_values", TransformKeys = "transform_keys",
        TransformValuesB = "transform_values!", TransformKeysB = "transform_keys!", Invert = "invert", Except = "except", Default = "default", SetDefault = "default=",
        // Ranges, matches, procs, exceptions.
        Begin = "begin", End = "end", ExcludeEnd = "exclude_end?", Cover = "cover?", Captures = "captures", NamedCaptures = "named_captures", Names = "names",
        PreMatch = "pre_match", PostMatch = "post_match", Offset = "offset", Source = "source",  Lambda = "lambda?", ToProc = "to_proc", Yield = "yield", Message = "message",
        FullMessage = "full_message", Backtrace = "backtrace", Cause = "cause",
        // Times.
        Year = "year", Month = "month", Mon = "mon", Day = "day", Mday = "mday", Hour = "hour",  Sec = "sec", Usec = "usec", Nsec = "nsec", TvSec = "tv_sec", TvUsec = "tv_usec",
        Wday = "wday", Yday = "yday", Strftime = "strftime", Utc = "utc", Gmtime = "gmtime", Getutc = "getutc", Getgm = "getgm", Localtime = "localtime", Getlocal = "getlocal", UtcOffset = "utc_offset", GmtOffset = "gmt_offset",
        Zone = "zone", IsUtc = "utc?", IsGmt = "gmt?", Iso8601 = "iso8601", Xmlschema = "xmlschema", ToIso8601 = "to_iso8601", Time = "time", ToTime = "to_time", Monday = "monday?", Tuesday = "tuesday?", Wednesday = "wednesday?",
        Thursday = "thursday?", Friday = "friday?", Saturday = "saturday?", Sunday = "sunday?",
        // Events.
        Get = "get", Set = "set", Remove = "remove", Cancel = "cancel", Uncancel = "uncancel", IsCancelled = "cancelled?", Tag = "tag", Timestamp = "timestamp", SetTimestamp = "timestamp=",
        Sprintf = "sprintf", Overwrite = "overwrite",  ToHashWithMetadata = "to_hash_with_metadata",
        // Classes and modules.
        New = "new", At = "at", Now = "now", Parse = "parse", Strptime = "strptime", Gm = "gm", Local = "local", Mktime = "mktime", Coerce = "coerce", Sqrt = "sqrt", Cbrt = "cbrt", Log = "log", Log2 = "log2",
        Log10 = "log10", Exp = "exp", Sin = "sin", Cos = "cos", Tan = "tan", Asin = "asin", Acos = "acos", Atan = "atan", Atan2 = "atan2", Sinh = "sinh", Cosh = "cosh", Tanh = "tanh", Hypot = "hypot",
        Generate = "generate", PrettyGenerate = "pretty_generate", Load = "load", Hexdigest = "hexdigest", Base64digest = "base64digest", Digest = "digest", Encode64 = "encode64", StrictEncode64 = "strict_encode64",
        UrlsafeEncode64 = "urlsafe_encode64", Decode64 = "decode64", StrictDecode64 = "strict_decode64", UrlsafeDecode64 = "urlsafe_decode64", Escape = "escape", Unescape = "unescape", Quote = "quote",
        EncodeComponent = "encode_www_form_component", DecodeComponent = "decode_www_form_component", DecodeForm = "decode_www_form", UnescapeHtml = "unescapeHTML", EscapeHtml = "escapeHTML", Uuid = "uuid",  Rand = "rand", RandomNumber = "random_number",
        Info = "info", Warn = "warn", Error = "error", Debug = "debug", Trace = "trace", Fatal = "fatal", IsDebug = "debug?", IsInfo = "info?",
        // Functions without a receiver.
        Raise = "raise", Puts = "puts", Print = "print", P = "p", Format = "format", IntegerF = "Integer", FloatF = "Float", StringF = "String", ArrayF = "Array", HashF = "Hash", LoopF = "loop", Proc = "proc", LambdaF = "lambda",
        Sleep = "sleep",   Require = "require", BlockGiven = "block_given?", Srand = "srand",
    }
}

named! {
    /// Classes, modules and constants.
    Constant {
        Object = "Object", BasicObject = "BasicObject", Kernel = "Kernel", Comparable = "Comparable", Enumerable = "Enumerable", NilClass = "NilClass",
        TrueClass = "TrueClass", FalseClass = "FalseClass", Numeric = "Numeric", Integer = "Integer", Fixnum = "Fixnum", Bignum = "Bignum", Float = "Float", String = "String", Symbol = "Symbol", Array = "Array",
        Hash = "Hash", Set = "Set", Range = "Range", Regexp = "Regexp", MatchData = "MatchData", Proc = "Proc", Time = "Time", Math = "Math", Json = "JSON", LogstashJson = "LogStash::Json", Base64 = "Base64", Cgi = "CGI", Uri = "URI",
        SecureRandom = "SecureRandom", Random = "Random", Md5 = "Digest::MD5", Sha1 = "Digest::SHA1", Sha256 = "Digest::SHA256", Sha512 = "Digest::SHA512",
        Event = "LogStash::Event", Timestamp = "LogStash::Timestamp", Logger = "logger", Encoding = "Encoding", Utf8 = "Encoding::UTF_8", Ascii8 = "Encoding::ASCII_8BIT", Binary = "Encoding::BINARY", Ascii = "Encoding::US_ASCII", Latin1 = "Encoding::ISO_8859_1",
        Pi = "Math::PI", E = "Math::E", Infinity = "Float::INFINITY", Nan = "Float::NAN", FloatMax = "Float::MAX", FloatMin = "Float::MIN", Epsilon = "Float::EPSILON",
        IgnoreCase = "Regexp::IGNORECASE", Multiline = "Regexp::MULTILINE", Extended = "Regexp::EXTENDED", NewEvent = "new_event_block", Main = "self", Class = "Class",
        Exception = "Exception", StandardError = "StandardError", RuntimeError = "RuntimeError", ArgumentError = "ArgumentError", TypeError = "TypeError", NameError = "NameError", NoMethodError = "NoMethodError",
        IndexError = "IndexError", KeyError = "KeyError", StopIteration = "StopIteration", RangeError = "RangeError", FloatDomainError = "FloatDomainError", ZeroDivisionError = "ZeroDivisionError", FrozenError = "FrozenError",
        RegexpError = "RegexpError", EncodingError = "EncodingError", IOError = "IOError", ParserError = "JSON::ParserError", LogstashParserError = "LogStash::Json::ParserError", TimestampError = "LogStash::TimestampParserError",
        NoMemoryError = "NoMemoryError", SystemStackError = "SystemStackError", LocalJumpError = "LocalJumpError", NotImplementedError = "NotImplementedError",
    }
}

impl Constant {
    /// The class that it is derived from, among exceptions.
    pub fn parent(self) -> Option<Constant> {
        use Constant::*;
        Some(match self {
            StandardError | NoMemoryError | SystemStackError | NotImplementedError => Exception,
            RuntimeError | ArgumentError | TypeError | NameError | IndexError | RangeError | ZeroDivisionError
            | RegexpError | EncodingError | IOError | LocalJumpError | ParserError | LogstashParserError
            | TimestampError => StandardError,
            NoMethodError => NameError,
            KeyError | StopIteration => IndexError,
            FloatDomainError => RangeError,
            FrozenError => RuntimeError,
            _ => return None,
        })
    }

    pub fn is_exception(self) -> bool {
        self == Constant::Exception || self.parent().is_some()
    }

    /// Whether it is `other` or derived from it.
    pub fn is_below(self, other: Constant) -> bool {
        self == other || self.parent().is_some_and(|parent| parent.is_below(other))
    }
}

/// What a script cannot have, and what to do instead.
pub const REFUSED: &[(&str, &str)] = &[
    ("File", "scripts read no files; a dictionary file is for the filter `translate`"),
    ("IO", "scripts read no files; a dictionary file is for the filter `translate`"),
    ("Dir", "scripts read no files"),
    ("ENV", "write `${NAME}` in the pipeline's text: it is filled in before the script is read"),
    ("Net", "scripts open no connections"),
    ("Socket", "scripts open no connections; names are looked up by the filter `dns`"),
    ("Resolv", "names are looked up by the filter `dns`"),
    ("IPAddr", "addresses are compared by the filter `cidr`"),
    ("Date", "use `Time`, which has `parse`, `strptime`, `strftime` and arithmetic"),
    ("DateTime", "use `Time`, which has `parse`, `strptime`, `strftime` and arithmetic"),
    ("Thread", "a script runs on one thread, one event at a time"),
    ("Process", "scripts know nothing of the process"),
    ("Kernel", "scripts know nothing of the process"),
    ("Java", "there is no Java here"),
    ("Rational", "there are integers and floats here"),
    ("Complex", "there are integers and floats here"),
    ("BigDecimal", "there are integers and floats here"),
    ("OpenSSL", "digests are made by `Digest::SHA256` and by the filter `fingerprint`"),
    ("YAML", "there is `JSON` here"),
    ("CSV", "use the filter `csv`"),
    ("Nokogiri", "use the filter `xml`"),
    ("REXML", "use the filter `xml`"),
    ("Struct", "use a hash"),
    ("OpenStruct", "use a hash"),
    ("ObjectSpace", "scripts know nothing of the process"),
    ("eval", "code is read when the pipeline is, never when it runs"),
    ("instance_eval", "code is read when the pipeline is, never when it runs"),
    ("system", "scripts start no programs"),
    ("exec", "scripts start no programs"),
    ("spawn", "scripts start no programs"),
    ("exit", "use `event.cancel` to end an event"),
    ("abort", "use `raise` to fail"),
    ("open", "scripts read no files"),
    ("class", "define functions with `def`; classes cannot be"),
    ("module", "define functions with `def`; modules cannot be"),
    ("define_method", "define functions with `def`"),
    ("method_missing", "define functions with `def`"),
    ("require_relative", "put the code into one script"),
    ("filter_matched", "the filter does that itself when the code ends"),
];

pub fn refused(name: &str) -> Option<&'static str> {
    REFUSED.iter().find(|(refused, _)| *refused == name).map(|(_, instead)| *instead)
}

/// What `event.` may be followed by.
pub const OF_EVENT: &[Method] = {
    use Method::*;
    &[
        Get,
        Set,
        Remove,
        Cancel,
        Uncancel,
        IsCancelled,
        Tag,
        Timestamp,
        SetTimestamp,
        Sprintf,
        Include,
        ToHash,
        ToH,
        ToHashWithMetadata,
        ToJson,
        ToS,
        Inspect,
        Clone,
        Dup,
        Overwrite,
        Append,
        Nil,
        IsA,
        KindOf,
        InstanceOf,
        RespondTo,
        Class,
        Tap,
        Then,
        Eq,
        Ne,
        Equal,
        ObjectId,
        Hash,
        Itself,
        Not,
    ]
};
