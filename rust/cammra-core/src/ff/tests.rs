use super::*;
use crate::jpeg::ImageKind;

const SENDER: Sender<'static> = Sender {
    profile_id: 2,
    device_id: "defaultID",
    latitude: 55.704_21,
    longitude: 13.193_66,
    geo_target: "Camera",
    serial: "ACCC8EBFB452",
    model: "AXIS Q1700-LE",
    ip: "10.0.3.177",
    mac: "ACCC8EBFB452",
};

/// The vendor's sample of 2023 (`tests/golden/ff_json`).
const EVENT: Event<'static> = Event {
    packet: 2_117_397,
    captured_utc_ns: 1_702_297_625_507_641_000,
    stamp: "20231211142705",
    text: "HWR6677",
    ascii: "HWR6677",
    country: "DEU",
    iso3166_2: "",
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
    vehicle: VehicleInfo {
        view: "front",
        kind: "CAR",
        colour: "BLACK",
        make: "",
        model: "",
        confidence_mmr: None,
        confidence_colour: None,
    },
    extension: None,
};

const VEHICLE: Image<'static> = Image {
    kind: ImageKind::VehicleCrop,
    file_name: "v.jpg",
    directory: "7",
    size: (640, 400),
    shows: [400, 300, 640, 400],
    content: b"\xff\xd8\xff",
};
const PLATE: Image<'static> = Image {
    kind: ImageKind::PlateCrop,
    file_name: "p.jpg",
    shows: [0, 0, 140, 48],
    size: (140, 48),
    content: b"ab",
    ..VEHICLE
};

fn json(event: &Event<'_>, images: &[Image<'_>]) -> String {
    String::from_utf8(Form::new(&SENDER).filled(event, images).json).unwrap()
}

/// Asserts what stands in the object right behind a member's name.
fn assert_tells(event: &Event<'_>, images: &[Image<'_>], member: &str) {
    let text = json(event, images);
    assert!(text.contains(&format!("{member},\"")), "{member} in {text}");
}

#[test]
fn the_vendors_sample_is_rebuilt() {
    let sample = include_str!("../../../../tests/golden/ff_json/alpv_http_update_2023.json");
    let sample: Vec<&str> = sample.lines().map(str::trim).collect();
    let images = [
        Image {
            file_name: "20231211142706_413731lp_HWR6677_2117396.jpg",
            directory: "52",
            ..PLATE
        },
        Image {
            file_name: "20231211142705_954662roi_MWR6677_2117394.jpg",
            directory: "48",
            ..VEHICLE
        },
    ];
    assert_eq!(
        json(&EVENT, &images),
        sample.concat().replace("\": ", "\":")
    );
}

#[test]
fn texts_and_fractions_keep_to_json() {
    let odd = Event {
        text: "T\u{d6}L \"1\n",
        confidence: f64::NAN,
        vehicle: VehicleInfo {
            make: "Skoda",
            confidence_mmr: Some(0.999_847_4),
            confidence_colour: Some(f64::INFINITY),
            ..VehicleInfo::default()
        },
        ..EVENT
    };
    assert_tells(&odd, &[], r#""plateUTF8":"TÖL \"1\n""#);
    assert_tells(&odd, &[], r#""plateConfidence":"nan""#);
    let vehicle = r#""vehicle_info":{"brand":"Skoda","make":"Skoda","confidenceMMR":"0.999847","confidenceColor":"inf"}"#;
    assert_tells(&odd, &[], vehicle);
    assert_tells(&Event::default(), &[], r#""vehicle_info":{}"#);
}

#[test]
fn a_place_is_written_as_python_writes_it() {
    for (latitude, longitude, geotag) in [
        (-33.0, 13.193_66, r#"{"lat":-33.0,"lon":13.19366}"#),
        (0.000_012, -1e-10, r#"{"lat":1.2e-05,"lon":-1e-10}"#),
        (f64::NAN, f64::INFINITY, r#"{"lat":0.0,"lon":0.0}"#),
    ] {
        let sender = Sender {
            latitude,
            longitude,
            ..SENDER
        };
        let json = Form::new(&sender).filled(&EVENT, &[]).json;
        assert!(
            String::from_utf8(json).unwrap().contains(geotag),
            "{geotag}"
        );
    }
}

#[test]
fn lost_reports_no_frame() {
    let lost = Event {
        kind: "lost",
        ..EVENT
    };
    assert_tells(&lost, &[], r#""frame_timestamp":"0""#);
}

#[test]
fn the_first_and_the_last_of_all_times_are_told() {
    for (captured_utc_ns, ns) in [
        (i64::MIN, "-9223372036855000000"),
        (i64::MAX, "9223372036854000000"),
    ] {
        let event = Event {
            captured_utc_ns,
            ..EVENT
        };
        assert_tells(&event, &[], &format!("\"capture_ts\":\"{ns}\""));
    }
}

#[test]
fn the_relative_box_is_the_images() {
    let whole = [0, 0, 1920, 1080];
    let downsized = Image {
        kind: ImageKind::DownsizedFrame,
        shows: whole,
        size: (640, 360),
        ..VEHICLE
    };
    let nothing = Image {
        shows: [0; 4],
        ..VEHICLE
    };
    for (images, text) in [
        (vec![], "[514,570,120,28]"),
        (vec![VEHICLE], "[114,270,120,28]"),
        (vec![downsized, PLATE], "[171,190,40,9]"),
        (vec![nothing], "[514,570,120,28]"),
    ] {
        assert_tells(
            &EVENT,
            &images,
            &format!("\"plateCoordinatesRelative\":{text}"),
        );
    }
    let nowhere = Event {
        plate_box: None,
        ..EVENT
    };
    assert_tells(
        &nowhere,
        &[VEHICLE],
        "\"plateCoordinatesRelative\":[0,0,0,0]",
    );
}

#[test]
fn images_are_named_where_they_are_looked_for() {
    let uri = |name| format!("\"/local/fflprapp/tools.cgi?action=getImage&name=7/{name}\"");
    let file = |name| format!("localdata/images/7/{name}");
    let (v, p) = ("v.jpg", "p.jpg");
    for (images, kind, uris, vehicle_file, plate_file) in [
        (vec![], "", String::new(), String::new(), String::new()),
        (vec![VEHICLE], "vehicle", uri(v), file(v), String::new()),
        (vec![PLATE], "plate", uri(p), String::new(), file(p)),
        (
            vec![VEHICLE, PLATE],
            "vehicle",
            [uri(p), uri(v)].join(","),
            file(v),
            file(p),
        ),
    ] {
        for member in [
            format!("\"imageType\":\"{kind}\""),
            format!("\"imagesURI\":[{uris}]"),
            format!("\"imageFile\":\"{vehicle_file}\""),
            format!("\"imageFile2\":\"{plate_file}\""),
        ] {
            assert_tells(&EVENT, &images, &member);
        }
    }
}

#[test]
fn what_surrounds_the_images_stays() {
    let images = [VEHICLE, PLATE];
    let object = Form::new(&SENDER).filled(&EVENT, &images);
    let array = r#""ImageArray":[{"ImageType":"vehicle","ImageFormat":"jpg","BinaryImage":"/9j/"},{"ImageType":"plate","ImageFormat":"jpg","BinaryImage":"YWI="}],"imageFile":"#;
    let alone = String::from_utf8(object.json.clone()).unwrap();
    for (inside, want) in [
        (&images[..], alone.replace("\"imageFile\":", array)),
        (&[], alone.clone()),
    ] {
        let mut out = Vec::new();
        object.write_with(inside, &mut out);
        assert_eq!(object.length_with(inside), out.len());
        assert_eq!(String::from_utf8(out).unwrap(), want);
    }
}

#[test]
fn the_extension_is_one_last_member() {
    let bare = json(&EVENT, &[VEHICLE]);
    let extension = Extension {
        event_id: "0123456789abcdef0123456789abcdef",
        changed: vec!["plate", "direction"],
        previous_plate: "HWR\"677",
        candidates: vec![("HWR6677", 0.75), ("HWR667", 0.25)],
        reliable_by: "agreement",
        image_text: "HWR6677",
        image_utc_ns: Some(3),
        first_utc_ns: -1,
        last_utc_ns: Some(4),
        repeat: Some(Repeat {
            count: 2,
            first_utc_ns: 5,
            last_utc_ns: 6,
        }),
        clock_synced: Some(true),
        ..Extension::default()
    };
    let event = Event {
        extension: Some(&extension),
        ..EVENT
    };
    let told = concat!(
        r#","cammra_edge":{"event_id":"0123456789abcdef0123456789abcdef","schema":"1","changed":["plate","direction"],"#,
        r#""previous_plate":"HWR\"677","final":false,"candidates":[{"text":"HWR6677","confidence":"0.750000"},"#,
        r#"{"text":"HWR667","confidence":"0.250000"}],"reliable_by":"agreement","image_text":"HWR6677","#,
        r#""image_utc_ns":"3","first_seen":"-1","last_seen":"4","#,
        r#""repeat":{"count":"2","first_seen":"5","last_seen":"6"},"clock_synced":true}}"#,
    );
    let whole = json(&event, &[VEHICLE]);
    assert_eq!(whole, format!("{}{told}", bare.strip_suffix('}').unwrap()));
}

#[test]
fn what_is_not_known_of_the_extension_is_empty_or_null() {
    let event = Event {
        extension: Some(&Extension::default()),
        ..EVENT
    };
    let told = concat!(
        r#""cammra_edge":{"event_id":"","schema":"1","changed":[],"previous_plate":"","final":false,"candidates":[],"#,
        r#""reliable_by":"","image_text":"","image_utc_ns":"","first_seen":"0","last_seen":"","repeat":null,"#,
        r#""clock_synced":null}}"#,
    );
    assert!(json(&event, &[]).ends_with(told));
}
