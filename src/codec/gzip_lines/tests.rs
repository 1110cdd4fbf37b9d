//! Members whole, in pieces, in a row, broken off, and what is no gzip.

use super::super::testing::{chunk, decode, decoder, events};
use super::*;
use crate::event::Identity;
use crate::event::chunk::{Framing, Line};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use std::io::Write as _;

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn check(given: &[(&str, &str)], input: &[u8], expected: &[&str]) {
    assert_eq!(decode(&PLUGIN, given, input), expected);
}

const TAGGED: &str = r#""tags":["_gzipparsefailure"]"#;

#[test]
fn each_line_is_an_event() {
    check(&[], &gzip(b"one\r\n\ntwo"), &[r#"{"message":"one"}"#, r#"{"message":""}"#, r#"{"message":"two"}"#]);
    let two = [gzip(b"a\nb"), gzip(b"c\n")].concat();
    check(&[], &two, &[r#"{"message":"a"}"#, r#"{"message":"b"}"#, r#"{"message":"c"}"#]);
    check(&[], &gzip(b""), &[]);
}

#[test]
fn other_encodings_are_decoded() {
    check(&[("charset", "CP1252")], &gzip(b"\x80\n"), &[r#"{"message":"€"}"#]);
    check(&[("charset", "UTF-16")], &gzip(b"\xff\xfen\0\n\0m\0"), &[r#"{"message":"n"}"#, r#"{"message":"m"}"#]);
}

#[test]
fn a_member_that_is_broken_off_says_so() {
    // What deflate stores is readable to where it breaks off.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
    encoder.write_all(b"one\ntwo\nthree").unwrap();
    let whole = encoder.finish().unwrap();
    let broken = &whole[..whole.len() - 10];
    check(&[], broken, &[r#"{"message":"one"}"#, r#"{"message":"two"}"#, &format!(r#"{{"message":"thr",{TAGGED}}}"#)]);
    // Between two lines, an empty line says so; a checksum that is wrong is as bad.
    let mut wrong = gzip(b"one\n");
    let at = wrong.len() - 5;
    wrong[at] ^= 1;
    check(&[], &wrong, &[r#"{"message":"one"}"#, &format!(r#"{{"message":"",{TAGGED}}}"#)]);
    // A member behind it is read.
    wrong.extend(gzip(b"two"));
    assert_eq!(decode(&PLUGIN, &[], &wrong).last().unwrap(), r#"{"message":"two"}"#);
}

#[test]
fn what_is_no_gzip_is_kept_with_a_tag() {
    let input = [b"plain\ntext".as_slice(), &gzip(b"x")].concat();
    check(
        &[],
        &input,
        &[
            &format!(r#"{{"message":"plain",{TAGGED}}}"#),
            &format!(r#"{{"message":"text",{TAGGED}}}"#),
            r#"{"message":"x"}"#,
        ],
    );
}

#[test]
fn lines_are_told_apart_and_receipts_stay_open_from_the_first_byte_on() {
    let mut framer = decoder(&PLUGIN, &[]).framer;
    let bytes = [gzip(b"a\nb\n"), gzip(b"c\n")].concat();
    let first = gzip(b"a\nb\n").len();
    let mut found = Vec::new();
    let mut each = |frame: Frame<'_>| found.push((frame.bytes.to_vec(), frame.identity.at, frame.identity.ordinal));
    framer.frames(&chunk(&bytes[..first - 3], 100, false), &mut each);
    assert_eq!(framer.held_since(), Some(0));
    framer.frames(&chunk(&bytes[first - 3..first + 4], 100 + first as u64 - 3, false), &mut each);
    assert_eq!(framer.held_since(), Some(1));
    framer.frames(&chunk(&bytes[first + 4..], 100 + first as u64 + 4, false), &mut each);
    assert_eq!((framer.held_since(), framer.held()), (None, 0));
    let second = 100 + first as u64;
    assert_eq!(found, [(b"a".to_vec(), 100, 0), (b"b".to_vec(), 100, 1), (b"c".to_vec(), second, 0)]);
}

#[test]
fn a_record_is_unpacked_for_itself() {
    let bytes = gzip(b"a\nb");
    let mut datagram = chunk(&bytes, 0, false);
    let line = Line { start: 0, end: bytes.len() as u32, time: 7, ordinal: 2, truncated: false };
    datagram.framing = Framing::Lines(vec![line]);
    let mut identities: Vec<Identity> = Vec::new();
    decoder(&PLUGIN, &[]).framer.frames(&datagram, &mut |frame| identities.push(frame.identity));
    assert_eq!(identities.len(), 2);
    assert_eq!((identities[0].at, identities[0].ordinal, identities[0].derivation), (7, 2, 0));
    assert_eq!(identities[1], identities[0].derived(u32::MAX, 1));
}

/// A small member may claim to hold a lot: it is unpacked piece by piece.
#[test]
fn a_large_member_goes_through_a_small_buffer() {
    let line = [b"x".repeat(999), b"\n".to_vec()].concat();
    let bytes = gzip(&line.repeat(20_000));
    assert!(bytes.len() < 100_000);
    let mut framer = decoder(&PLUGIN, &[]).framer;
    let (mut count, mut most) = (0, 0);
    framer.frames(&chunk(&bytes, 0, true), &mut |frame| {
        count += 1;
        most = most.max(frame.bytes.len());
    });
    assert_eq!((count, most), (20_000, 999));
}

proptest! {
    #[test]
    fn lines_do_not_depend_on_chunks(
        texts in prop::collection::vec("[ab\n]{0,30}", 1..4),
        cuts in prop::collection::vec(0usize..200, 0..6),
    ) {
        let bytes: Vec<u8> = texts.iter().flat_map(|text| gzip(text.as_bytes())).collect();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).chain([0, bytes.len()]).collect();
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|ends| &bytes[ends[0]..ends[1]]).collect();
        let found = events(decoder(&PLUGIN, &[]), &pieces);
        let expected: Vec<String> =
            texts.iter().flat_map(|text| text.lines()).map(|line| format!(r#"{{"message":"{line}"}}"#)).collect();
        prop_assert_eq!(found, expected);
    }
}
