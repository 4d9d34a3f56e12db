use super::*;

const EVENT: Event<'static> = Event {
    packet: 2_117_397,
    captured_utc_ns: 1_702_297_625_507_641_000,
    stamp: "20231211142705",
    is_lost: false,
    text: "TÖL \"1",
    ascii: "TOL \"1",
    country: "DEU",
    iso3166: "",
    region: "Hannover",
    region_code: "H",
    list_name: "",
    list_mode: "",
    list_description: "",
    confidence: 0.737_21,
    kind: "update",
    roi_id: 1,
    direction: "out",
    car_id: 54_950,
    plate_box: Some([514, 570, 120, 28]),
    vehicle_info: b"{}",
};

fn image(is_plate: bool, shows: Box4, size: (i64, i64)) -> Image<'static> {
    Image {
        file_name: if is_plate { "p.jpg" } else { "v.jpg" },
        directory: "7",
        is_plate,
        size,
        shows,
    }
}

fn filled(values: &[&str], event: &Event<'_>, images: &[Image<'_>]) -> String {
    let members: Vec<(String, Content)> = values
        .iter()
        .map(|name| {
            let value = Value::named(name).expect("a known value");
            ((*name).to_owned(), Content::Told(value))
        })
        .collect();
    let form = Form::new(&members, members.len(), "u/".into(), "f/".into());
    let (json, splice_at) = form.filled(event, images, "vehicle");
    assert_eq!(splice_at, json.len() - 1, "all of it is before the split");
    String::from_utf8(json).unwrap()
}

#[test]
fn the_table_decides() {
    let members = [
        ("z".to_owned(), Content::Ready(b"{\"lat\":0.0}".to_vec())),
        ("a".to_owned(), Content::Told(Value::Text)),
        ("b".to_owned(), Content::Told(Value::PlateBox)),
        ("c".to_owned(), Content::Ready(b"\"0\"".to_vec())),
    ];
    let form = Form::new(&members, 2, String::new(), String::new());
    let (json, splice_at) = form.filled(&EVENT, &[], "");
    let text = String::from_utf8(json).unwrap();
    assert_eq!(
        text,
        r#"{"z":{"lat":0.0},"a":"TÖL \"1","b":[514,570,120,28],"c":"0"}"#
    );
    assert!(text[splice_at..].starts_with("\"b\""));
}

#[test]
fn times_numbers_and_texts_are_written_as_the_vendors_sample_has_them() {
    for (value, text) in [
        ("packet", r#""2117397""#),
        ("captured ms", r#""1702297625507""#),
        ("captured ns", r#""1702297625507000000""#),
        ("frame us", r#""1702297625507641""#),
        ("local time", r#""20231211 142705507""#),
        ("confidence", r#""0.737210""#),
        ("kind", r#""update""#),
        ("ascii", r#""TOL \"1""#),
        ("image type", r#""vehicle""#),
        ("vehicle info", "{}"),
    ] {
        assert_eq!(
            filled(&[value], &EVENT, &[]),
            format!("{{\"{value}\":{text}}}")
        );
    }
}

#[test]
fn lost_reports_no_frame() {
    let lost = Event {
        is_lost: true,
        ..EVENT
    };
    assert!(filled(&["frame us"], &lost, &[]).contains(":\"0\""));
}

#[test]
fn what_is_no_number_is_named_as_c_names_it() {
    for (confidence, text) in [(f64::NAN, "nan"), (f64::INFINITY, "inf")] {
        let event = Event {
            confidence,
            ..EVENT
        };
        assert!(filled(&["confidence"], &event, &[]).contains(&format!(":\"{text}\"")));
    }
}

#[test]
fn the_relative_box_is_the_images() {
    let whole = [0, 0, 1920, 1080];
    for (images, text) in [
        (vec![], "[514,570,120,28]"),
        (
            vec![image(false, [400, 300, 640, 400], (640, 400))],
            "[114,270,120,28]",
        ),
        (
            vec![image(false, whole, (640, 360)), image(true, whole, (1, 1))],
            "[171,190,40,9]",
        ),
        (vec![image(false, [0, 0, 0, 0], (0, 0))], "[514,570,120,28]"),
    ] {
        assert!(
            filled(&["plate box in image"], &EVENT, &images).contains(text),
            "{text}"
        );
    }
    let nowhere = Event {
        plate_box: None,
        ..EVENT
    };
    assert!(filled(&["plate box in image"], &nowhere, &[]).contains("[0,0,0,0]"));
}

#[test]
fn images_are_named_where_they_are_looked_for() {
    let (vehicle, plate) = (image(false, [0; 4], (1, 1)), image(true, [0; 4], (1, 1)));
    let values = ["image uris", "image file", "plate image file"];
    for (images, uris, file, plate_file) in [
        (vec![], "[]", "", ""),
        (vec![vehicle], r#"["u/7/v.jpg"]"#, "f/7/v.jpg", ""),
        (vec![plate], r#"["u/7/p.jpg"]"#, "", "f/7/p.jpg"),
        (
            vec![vehicle, plate],
            r#"["u/7/p.jpg","u/7/v.jpg"]"#,
            "f/7/v.jpg",
            "f/7/p.jpg",
        ),
    ] {
        let text = filled(&values, &EVENT, &images);
        assert_eq!(
            text,
            format!(
                "{{\"image uris\":{uris},\"image file\":\"{file}\",\"plate image file\":\"{plate_file}\"}}"
            )
        );
    }
}
