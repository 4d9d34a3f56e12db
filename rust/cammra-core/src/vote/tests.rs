use super::*;

const PATIENCE: Patience = Patience {
    reads: 3,
    after_ns: 150_000_000,
};
const FRAME_NS: i64 = 40_000_000;

fn text(text: &str) -> PlateText {
    PlateText::cut_from(text).0
}

/// Says the first read, then takes every change that counts; returns all that was reported.
fn reports(reads: &[(&str, f64)]) -> Vec<String> {
    let mut vote = TextVote::new();
    let mut reports: Vec<String> = Vec::new();
    for ((read, confidence), frame) in reads.iter().zip(0..) {
        vote.add(&text(read), *confidence, frame * FRAME_NS);
        if reports.is_empty() {
            vote.say_best();
            reports.push(vote.text().to_string());
        } else if vote.settle(PATIENCE) {
            reports.push(vote.text().to_string());
        }
    }
    reports
}

#[test]
fn one_bad_read_never_changes_a_report_however_sure_it_is() {
    for bad in ["9XY0000", "1AB1235", "1AB12345", "AB1234", "11AB1234", "Z"] {
        for place in 1..6 {
            let mut reads = vec![("1AB1234", 0.05); 6];
            reads.insert(place, (bad, 1.0));
            assert_eq!(reports(&reads), ["1AB1234"], "{bad} at {place}");
        }
    }
}

#[test]
fn a_bad_first_read_is_corrected_by_the_ones_that_follow() {
    assert_eq!(
        reports(&[
            ("1A81234", 0.6),
            ("1AB1234", 0.6),
            ("1AB1234", 0.6),
            ("1AB1234", 0.6)
        ]),
        ["1A81234", "1AB1234"]
    );
}

#[test]
fn reads_of_different_length_vote_column_by_column() {
    let reads = [
        "34A36837",
        "344368371",
        "34A36837",
        "4A36837",
        "34A3683",
        "134A36837",
        "34A36837",
    ];
    let reads: Vec<_> = reads.iter().map(|read| (*read, 0.7)).collect();
    assert_eq!(reports(&reads), ["34A36837"]);
}

#[test]
fn a_text_may_be_reported_that_no_single_read_gave() {
    let mut vote = TextVote::new();
    for (read, frame) in ["XB1234", "AX1234", "ABX234", "AB1X34", "AB12X4", "AB123X"]
        .iter()
        .zip(0..)
    {
        vote.add(&text(read), 0.8, frame * FRAME_NS);
    }
    vote.say_best();
    assert_eq!(vote.text().to_string(), "AB1234");
    assert_eq!(vote.equal_reads(), (0, 0.0));
    assert!(
        vote.confidence() > 0.5 && vote.confidence() <= 0.8,
        "{}",
        vote.confidence()
    );
}

#[test]
fn a_clear_scene_has_the_confidence_of_its_reads() {
    let mut vote = TextVote::new();
    for (confidence, frame) in [0.93, 0.97, 0.95].iter().zip(0..) {
        vote.add(&text("1AB1234"), *confidence, frame * FRAME_NS);
    }
    vote.add(&text("7AB1234"), 0.2, 4 * FRAME_NS);
    vote.say_best();
    assert!((vote.confidence() - 0.95).abs() < 1e-9);
}

#[test]
fn a_near_tie_does_not_go_to_and_fro() {
    let reads: Vec<_> = (0..200)
        .map(|read| (if read % 2 == 0 { "CE61LYL" } else { "CE61WYL" }, 0.4))
        .collect();
    assert_eq!(reports(&reads), ["CE61LYL"]);
}

#[test]
fn a_vehicle_that_stays_long_can_still_change_its_mind() {
    let mut reads = vec![("OLD1111", 0.9); 5000];
    reads.extend(vec![("NEW2222", 0.9); 400]);
    assert_eq!(reports(&reads).last().map(String::as_str), Some("NEW2222"));
}

#[test]
fn a_vote_stays_within_its_bounds_whatever_is_read() {
    let mut vote = TextVote::new();
    let mut state = 1_u64;
    for frame in 0..3000 {
        let mut read = String::new();
        for _ in 0..=(state >> 60) * 3 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            read.push(char::from(b'A' + u8::try_from((state >> 40) % 26).unwrap()));
        }
        vote.add(&text(&read), 0.5, frame * FRAME_NS);
        if frame == 0 {
            vote.say_best();
        }
        vote.settle(PATIENCE);
        assert!(vote.columns.len() <= MAX_COLUMNS && vote.columns.capacity() == MAX_COLUMNS);
        assert!(
            vote.candidates.len() <= MAX_CANDIDATES && vote.candidates.capacity() == MAX_CANDIDATES
        );
        assert!((0.0..=1.0).contains(&vote.confidence()));
    }
}

#[test]
fn the_distance_is_the_number_of_edits() {
    let known = [
        ("", "", 0),
        ("AB", "", 2),
        ("", "AB", 2),
        ("KITTEN", "SITTING", 3),
        ("1AB1234", "AB12345", 2),
    ];
    for (a, b, edits) in known {
        assert_eq!(distance(&text(a), &text(b)), edits, "{a} {b}");
        assert_eq!(distance(&text(b), &text(a)), edits, "{b} {a}");
    }
    let long = "A".repeat(MAX_TEXT_CHARS);
    assert_eq!(distance(&text(&long), &text("")), 32);
}

#[test]
fn texts_are_cut_at_characters_and_trimmed() {
    let (cut, was_cut) = PlateText::cut_from(&"京".repeat(40));
    assert!(was_cut && cut.chars().len() == MAX_TEXT_CHARS);
    assert_eq!(PlateText::cut_from("  AB 12\n"), (text("AB 12"), false));
    let (short, was_cut) = ShortText::cut_from(&"é".repeat(40));
    assert!(was_cut && short.as_str() == "é".repeat(23));
}
