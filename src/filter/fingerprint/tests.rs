//! The documentation's examples, published test vectors, and corners.

use super::super::testing;
use super::*;
use Outcome::{Matched, Unmatched};

fn whole(settings: &str, fields: &str, outcome: Outcome, expected: &str) {
    testing::check(&PLUGIN, settings, fields, outcome, expected);
}

/// The fingerprint of the message.
fn check(settings: &str, message: &str, expected: &str) {
    let comma = if settings.is_empty() { "" } else { "," };
    let settings = format!(r#"{{"target":"f"{comma}{settings}}}"#);
    let fields = format!(r#"{{"message":{message}}}"#);
    whole(&settings, &fields, Matched, &format!(r#"{{"message":{message},"f":{expected}}}"#));
}

#[test]
fn digests_of_a_text() {
    let fox = r#""The quick brown fox jumps over the lazy dog""#;
    check("", fox, r#""2fd4e1c67a2d28fced849ee1bb76e7391b93eb12""#);
    check(r#""method":"MD5""#, fox, r#""9e107d9d372bb6826bd81d3542a419d6""#);
    check(r#""method":"SHA256""#, fox, r#""d7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592""#);
    check(
        r#""method":"SHA384""#,
        fox,
        r#""ca737f1014a48f4c0b6dd43cb177b0afd9e5169367544c494011e3317dbf9a509cb1e5dc1e85a941bbee3d7f2afbc9b1""#,
    );
    check(
        r#""method":"SHA512""#,
        fox,
        r#""07e547d9586f6a73f73fbac0435ed76951218fb7d0c8d788a309d785436bbb642e93a252a954f23912547d1e8a3b5ed6e1bfd7097821233fa0538f3db854fee6""#,
    );
}

#[test]
fn a_key_makes_an_hmac() {
    let fox = r#""The quick brown fox jumps over the lazy dog""#;
    check(r#""key":"key""#, fox, r#""de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9""#);
    check(r#""key":"key","method":"MD5""#, fox, r#""80070713463e7749b90c2dc24911e275""#);
    check(
        r#""key":"key","method":"SHA256""#,
        fox,
        r#""f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8""#,
    );
}

#[test]
fn digests_in_base64() {
    check(
        r#""base64encode":true"#,
        r#""The quick brown fox jumps over the lazy dog""#,
        r#""L9ThxnotKPzthJ7hu3bnORuT6xI=""#,
    );
    check(r#""base64encode":true,"method":"MURMUR3_128""#, r#""hello""#, r#""y9ins0G9mwJbHpBqSK4dGQ==""#);
}

#[test]
fn murmur_hashes() {
    check(r#""method":"MURMUR3""#, r#""hello""#, "613153351");
    check(r#""method":"MURMUR3""#, r#""123.52.122.33""#, "1541804874");
    check(r#""method":"MURMUR3","key":"ignored""#, "123", "823512154");
    check(r#""method":"MURMUR3_128""#, r#""hello""#, r#""cbd8a7b341bd9b025b1e906a48ae1d19""#);
}

#[test]
fn the_network_of_an_address() {
    check(r#""method":"IPV4_NETWORK","key":16"#, r#""1.2.3.4""#, r#""1.2.0.0""#);
    check(r#""method":"IPV4_NETWORK","key":"0""#, r#""1.2.3.4""#, r#""0.0.0.0""#);
    check(r#""method":"IPV4_NETWORK","key":"32""#, r#""1.2.3.4""#, r#""1.2.3.4""#);
    let settings = r#"{"method":"IPV4_NETWORK","key":"24"}"#;
    whole(settings, r#"{"message":"::1"}"#, Unmatched, r#"{"message":"::1","tags":["_fingerprintfailure"]}"#);
    let needs = "`IPV4_NETWORK` needs a number from 0 to 32 as its `key`";
    testing::check_fault(&PLUGIN, r#"{"method":"IPV4_NETWORK"}"#, needs);
    testing::check_fault(&PLUGIN, r#"{"method":"IPV4_NETWORK","key":"33"}"#, needs);
}

#[test]
fn punctuation_alone() {
    check(
        r#""method":"PUNCTUATION""#,
        r#""PHP Warning:  json_encode() [<a href='f.x'>]: Bad é\t\n""#,
        r#"":_()[<='.'>]:""#,
    );
    check(r#""method":"PUNCTUATION","concatenate_sources":true"#, r#""a, b!""#, r#"",!""#);
}

#[test]
fn a_random_uuid() {
    check(r#""method":"UUID""#, "1", r#""00000000-0000-4001-8000-000000000002""#);
    check(r#""method":"UUID","concatenate_all_fields":true"#, "1", r#""00000000-0000-4001-8000-000000000002""#);
}

#[test]
fn of_several_sources_the_last_counts_and_arrays_get_arrays() {
    let fields =
        r#"{"user_id":"u","siblings":["big brother","little sister","little brother"],"birthday":"little brother"}"#;
    let behind = |fingerprint: &str| format!(r#"{},"f":{fingerprint}}}"#, fields.strip_suffix('}').unwrap());
    whole(
        r#"{"source":["user_id","siblings","birthday"],"target":"f"}"#,
        fields,
        Matched,
        &behind(r#""adc0b90f9391a82098c7b99e66a816e9619ad0a7""#),
    );
    whole(
        r#"{"source":["user_id","siblings"],"target":"f"}"#,
        fields,
        Matched,
        &behind(
            r#"["8a8a9323677f4095fcf0c8c30b091a0133b00641","2ce11b313402e0e9884e094409f8d9fcf01337c2","adc0b90f9391a82098c7b99e66a816e9619ad0a7"]"#,
        ),
    );
}

/// Two pipelines that must give the same fingerprint.
fn same(settings: &str, fields: &str, text: &str) {
    let fingerprint = |settings: &str, fields: &str| {
        let mut filter = testing::build(&PLUGIN, settings).unwrap();
        let (_, found) = testing::run(&mut *filter, fields, Default::default());
        serde_json::from_str::<serde_json::Value>(&found).unwrap()["event"]["hash"].to_string()
    };
    let expected = fingerprint("{}", &serde_json::json!({ "message": text }).to_string());
    assert_eq!(fingerprint(settings, fields), expected, "{settings} {fields}");
}

#[test]
fn sources_are_concatenated_by_name() {
    let settings = r#"{"source":["b","[c][d]","a"],"concatenate_sources":true}"#;
    same(settings, r#"{"b":1,"a":"x","c":{"d":[1,"y"]}}"#, r#"|[c][d]|[1, "y"]|a|x|b|1|"#);
    same(settings, r#"{"a":"x"}"#, "|[c][d]||a|x|b||");
    same(
        r#"{"concatenate_all_fields":true}"#,
        r#"{"b":1.5,"a":{"z":null,"y":"q"},"@timestamp":"2026-11-23T10:04:45.123456Z"}"#,
        r#"|@timestamp|2026-11-23T10:04:45.123Z|a|{"y"=>"q", "z"=>nil}|b|1.5|"#,
    );
}

#[test]
fn the_target_depends_on_ecs() {
    let settings = r#"{"method":"MURMUR3","ecs_compatibility":"disabled"}"#;
    whole(settings, r#"{"message":"hello"}"#, Matched, r#"{"message":"hello","fingerprint":613153351}"#);
    let settings = r#"{"method":"MURMUR3"}"#;
    whole(settings, r#"{"message":"hello"}"#, Matched, r#"{"message":"hello","event":{"hash":613153351}}"#);
    whole(
        settings,
        r#"{"event":"x","message":"a"}"#,
        Unmatched,
        r#"{"event":"x","message":"a","tags":["_fingerprintfailure"]}"#,
    );
    whole(settings, r#"{"a":1}"#, Matched, r#"{"a":1}"#);
}
