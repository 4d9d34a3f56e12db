use super::*;

const PATIENCE: Patience = Patience {
    reads: 3,
    after_ns: 150_000_000,
};
const FRAME_NS: i64 = 40_000_000;
const NEAR: f32 = 0.8;

fn text(text: &str) -> PlateText {
    PlateText::cut_from(text).0
}

/// Says the first read, then takes every change that counts; returns all that was reported.
fn reports(reads: &[(&str, f64)]) -> Vec<String> {
    let mut vote = TextVote::new();
    let mut reports: Vec<String> = Vec::new();
    for ((read, confidence), frame) in reads.iter().zip(0..) {
        vote.add(&text(read), *confidence, NEAR, frame * FRAME_NS);
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
        vote.add(&text(read), 0.8, NEAR, frame * FRAME_NS);
    }
    vote.say_best();
    assert_eq!(vote.text().to_string(), "AB1234");
    assert_eq!(vote.equal_reads(), 0);
    // Each of the six is one edit off, and counts 0.4.
    assert!((vote.confidence() - 0.4 * 0.8).abs() < 1e-6);
}

#[test]
fn a_clear_scene_has_the_confidence_of_its_reads() {
    let mut vote = TextVote::new();
    for (confidence, frame) in [0.93, 0.97, 0.95].iter().zip(0..) {
        vote.add(&text("1AB1234"), *confidence, NEAR, frame * FRAME_NS);
    }
    vote.add(&text("7AB1234"), 0.2, NEAR, 4 * FRAME_NS);
    vote.say_best();
    assert!(
        (vote.confidence() - 0.95).abs() < 0.1,
        "{}",
        vote.confidence()
    );
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
fn a_vote_survives_whatever_is_read() {
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
        vote.add(&text(&read), 0.5, NEAR, frame * FRAME_NS);
        if frame == 0 {
            vote.say_best();
        }
        vote.settle(PATIENCE);
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

#[test]
fn support_is_a_mean_by_weight_of_reads_as_far_as_they_agree() {
    let mut vote = TextVote::new();
    for frame in 0..40 {
        vote.add(&text("1AB1234"), 0.95, NEAR, frame * FRAME_NS);
    }
    vote.say_best();
    assert!(
        (vote.confidence() - 0.95).abs() < 1e-5,
        "all reads equal at c have c"
    );
    assert!((vote.support() - 1.0).abs() < 1e-5);

    for other in ["1AB1235", "9XY8765"] {
        let mut vote = TextVote::new();
        vote.add(&text("1AB1234"), 0.95, NEAR, 0);
        vote.say_best();
        for frame in 1..40 {
            vote.add(&text(other), 0.95, NEAR, frame * FRAME_NS);
        }
        assert_eq!(vote.text().to_string(), "1AB1234");
        assert!(
            vote.confidence() <= 0.475,
            "one of 40: {}",
            vote.confidence()
        );
    }
}

#[test]
fn near_reads_weigh_more_than_far_ones() {
    assert!((legibility(Some(24.0)) - 0.5).abs() < 1e-6);
    assert!((legibility(Some(48.0)) - legibility(None)).abs() < 1e-6);
    let mut vote = TextVote::new();
    for frame in 0..10 {
        vote.add(
            &text("1A81234"),
            0.7,
            legibility(Some(12.0)),
            frame * FRAME_NS,
        );
    }
    for frame in 10..14 {
        vote.add(
            &text("1AB1234"),
            0.7,
            legibility(Some(72.0)),
            frame * FRAME_NS,
        );
    }
    vote.say_best();
    assert_eq!(vote.text().to_string(), "1AB1234");
}

#[test]
fn a_consensus_is_reported_only_where_it_is_better_supported_than_real_reads() {
    let mut vote = TextVote::new();
    let real = ["1AB1234", "1AB1234", "1AB1234", "1AB1284", "7AB1284"];
    for (read, frame) in real.iter().zip(0..) {
        vote.add(&text(read), 0.8, NEAR, frame * FRAME_NS);
    }
    vote.say_best();
    assert_eq!(vote.text().to_string(), "1AB1234");
}

#[test]
fn far_noise_outvotes_nothing_however_much_of_it_there_is() {
    let noise = [
        "QK7", "ZZ91XX", "P0R", "77ILMN", "B", "XW2QA", "LLL0", "H5T6Y", "OPQ", "M3",
    ];
    let mut reads: Vec<(&str, f64)> = noise.iter().map(|read| (*read, 0.5)).collect();
    reads.extend([("1AB1234", 0.5); 4]);
    assert_eq!(reports(&reads).last().map(String::as_str), Some("1AB1234"));
}

#[test]
fn going_back_needs_the_same_evidence_as_going_there() {
    let mut vote = TextVote::new();
    let mut frame = 0;
    let mut hear = |vote: &mut TextVote, read: &str, times: u32| {
        (0..times).any(|_| {
            frame += 1;
            vote.add(&text(read), 0.5, NEAR, frame * FRAME_NS);
            if frame == 1 {
                vote.say_best();
            }
            vote.settle(PATIENCE)
        })
    };
    assert!(!hear(&mut vote, "CE61LYL", 2));
    assert!(hear(&mut vote, "CE61WYL", 3));
    assert!(
        !hear(&mut vote, "CE61LYL", 2),
        "outweighs it, but two reads are too few"
    );
    assert!(hear(&mut vote, "CE61LYL", 1));
    assert_eq!(vote.text().to_string(), "CE61LYL");
}

#[test]
fn a_plate_is_another_one_where_half_of_it_differs_and_neither_is_a_part() {
    for (a, b, far) in [
        ("FIRST11", "SECOND22", true),
        ("KH05ZZK", "FJ14ZHY", true),
        ("3A", "34A36837", false),
        ("1AB1234", "1AB1999", false),
        ("1AB1234", "7XY9999", true),
    ] {
        assert_eq!(is_far(&text(a), &text(b)), far, "{a} {b}");
        assert_eq!(is_far(&text(b), &text(a)), far, "{b} {a}");
    }
}

#[test]
fn reads_without_an_end_speak_for_the_longer_text() {
    let mut vote = TextVote::new();
    let reads = ["B1234", "B1234", "AB1234", "AB1234", "1234", "AB12"];
    for (read, frame) in reads.iter().zip(0..) {
        vote.add(&text(read), 0.5, NEAR, frame * FRAME_NS);
    }
    vote.say_best();
    assert_eq!(vote.text().to_string(), "AB1234");
}

#[test]
fn at_the_end_one_read_is_enough_for_a_text_that_leads() {
    for (confidence, told) in [(0.9, "CE61WYL"), (0.55, "CE61LYL")] {
        let mut vote = TextVote::new();
        vote.add(&text("CE61LYL"), 0.4, NEAR, 0);
        vote.say_best();
        vote.add(&text("CE61WYL"), confidence, NEAR, FRAME_NS);
        assert!(!vote.settle(PATIENCE));
        assert_eq!(vote.close(), told == "CE61WYL");
        assert_eq!(vote.text().to_string(), told);
    }
}

#[test]
fn a_plate_of_which_a_part_was_hidden_has_its_ends() {
    for (a, b, alike) in [
        ("MAB1234A", "M7X9A", false),
        ("MAB1234A", "MA7X9A", true),
        ("FIRST11", "SECOND22", false),
        ("AAAA", "AA", true),
        ("ABC123", "", false),
    ] {
        assert_eq!(is_alike_at_ends(&text(a), &text(b)), alike, "{a} {b}");
        assert_eq!(is_alike_at_ends(&text(b), &text(a)), alike, "{b} {a}");
    }
}

#[test]
fn the_texts_that_a_plate_may_have_are_named_by_their_support() {
    assert_eq!(TextVote::new().contenders(4), []);
    let mut vote = TextVote::new();
    for (read, frame) in [
        "1AB1234", "1AB1234", "9XY0000", "1AB1284", "1AB1234", "1AB1284",
    ]
    .iter()
    .zip(0..)
    {
        vote.add(&text(read), 0.9, NEAR, frame * FRAME_NS);
    }
    vote.say_best();
    let told = vote.contenders(4);
    let texts: Vec<String> = told.iter().map(|(text, _)| text.to_string()).collect();
    assert_eq!(texts, ["1AB1234", "1AB1284", "9XY0000"]);
    let [of_three, of_two, of_one] = [3.8 / 6.0, 3.2 / 6.0, 1.0 / 6.0];
    for ((_, support), wanted) in told.iter().zip([of_three, of_two, of_one]) {
        assert!((support - wanted).abs() < 5e-3, "{told:?}");
    }
    assert!((told[0].1 - f64::from(vote.support())).abs() < 1e-9);
    assert_eq!(vote.contenders(2), told[..2]);
}
