//! The names of images and events on the wire.
//!
//! The form is the vendor's (`docs/ref/wire.md`): local time, fraction of the second, plate, running number.

/// How the file names of an event end, after a common base: the JSON, then the images, the selected one first.
pub const SIDECAR: &str = ".json";
/// As above.
pub const IMAGES: [&str; 2] = [".jpg", "_lp.jpg"];

const NS_PER_S: i64 = 1_000_000_000;
const NS_PER_MS: i64 = 1_000_000;
const NS_PER_US: i64 = 1000;
const IMAGE_DIRECTORIES: i64 = 100;

/// `20231211142705_954662roi_MWR6677_2117394.jpg`: local time of the image, µs (not padded), kind, plate, number.
///
/// The kind of a plate crop is `lpup`: receivers that tell images by their names know it, and some do not know `lp`.
#[must_use]
pub fn image(stamp: &str, utc_ns: i64, is_plate: bool, token: &str, packet: i64) -> String {
    let kind = if is_plate { "lpup" } else { "roi" };
    let micros = utc_ns.rem_euclid(NS_PER_S) / NS_PER_US;
    format!("{stamp}_{micros}{kind}_{token}_{packet}.jpg")
}

/// `20231211142705_507_HWR6677_2117397.json`: local time of the event, ms, plate, number.
#[must_use]
pub fn event(stamp: &str, utc_ns: i64, token: &str, packet: i64) -> String {
    let millis = utc_ns.rem_euclid(NS_PER_S) / NS_PER_MS;
    format!("{stamp}_{millis:03}_{token}_{packet}.json")
}

/// The folder that an image is said to lie in: the last two digits of the number, not padded.
#[must_use]
pub fn directory(packet: i64) -> String {
    packet.rem_euclid(IMAGE_DIRECTORIES).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_have_the_form_of_the_vendors_sample() {
        let at = 1_702_297_625_954_662_000;
        assert_eq!(
            image("20231211142705", at, false, "MWR6677", 2_117_394),
            "20231211142705_954662roi_MWR6677_2117394.jpg"
        );
        assert_eq!(
            image("20231211142705", at - 954_661_000, true, "", 0),
            "20231211142705_1lpup__0.jpg"
        );
        assert_eq!(
            event(
                "20231211142705",
                1_702_297_625_007_641_000,
                "HWR6677",
                2_117_397
            ),
            "20231211142705_007_HWR6677_2117397.json"
        );
        assert_eq!(
            (directory(2_117_396), directory(205)),
            ("96".into(), "5".into())
        );
    }
}
