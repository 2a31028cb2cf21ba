use std::fmt;

use serde::{Deserialize, Serialize};

use super::text;

/// Fields that the file carries.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Embedded {
    /// When the picture was taken: RFC 3339 date and time, without an offset where the camera
    /// wrote none (EXIF `DateTimeOriginal`, XMP `CreateDate`, IPTC 2:55 and 2:60).
    pub taken_at: Option<String>,
    /// EXIF `Make`.
    pub camera_make: Option<String>,
    /// EXIF `Model`.
    pub camera_model: Option<String>,
    /// EXIF `LensModel`, XMP `aux:Lens`.
    pub lens: Option<String>,
    /// EXIF `ExposureTime` in seconds, as photographers write it: `1/250`, `2.5`.
    pub exposure_time: Option<String>,
    /// EXIF `FNumber`.
    pub f_number: Option<f64>,
    /// EXIF `PhotographicSensitivity`.
    pub iso: Option<u32>,
    /// EXIF `FocalLength` in millimetres.
    pub focal_length: Option<f64>,
    /// Fields that can lead to a person. Store them sealed only.
    pub personal: Personal,
}

/// Fields that can lead to a person: who took, owns or is in the picture, where, with which
/// device, and free text. They are stored sealed only and never reach a preview. `Debug` does not
/// show them, so that no log does.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Personal {
    /// Where the camera was.
    pub location: Option<Location>,
    /// Names of places: sublocation, city, region, country.
    pub places: Vec<String>,
    /// Artists, creators, bylines.
    pub creators: Vec<String>,
    /// The notice of copyright.
    pub copyright: Option<String>,
    /// The camera's owner.
    pub owner: Option<String>,
    /// Serial numbers of camera body and lens.
    pub serial_numbers: Vec<String>,
    /// People whom the file names as shown.
    pub people_shown: Vec<String>,
    /// Title or headline.
    pub title: Option<String>,
    /// Description or caption.
    pub caption: Option<String>,
    /// Keywords.
    pub keywords: Vec<String>,
}

/// A place on earth (EXIF GPS tags, WGS 84).
#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Location {
    /// Degrees, north positive, -90 to 90.
    pub latitude: f64,
    /// Degrees, east positive, -180 to 180.
    pub longitude: f64,
    /// Metres above sea level.
    pub altitude: Option<f64>,
}

impl fmt::Debug for Personal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Personal(..)")
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Location(..)")
    }
}

impl Personal {
    /// Whether the file carries no personal field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Location {
    /// `None` for coordinates that are no place, and for 0, 0: what receivers write without a fix.
    pub(super) fn new(latitude: f64, longitude: f64, altitude: Option<f64>) -> Option<Self> {
        let is_place = latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
        let is_unset = latitude == 0.0 && longitude == 0.0;
        (is_place && !is_unset).then_some(Self {
            latitude,
            longitude,
            altitude: altitude.filter(|metres| metres.is_finite()),
        })
    }
}

/// Sets a field that no earlier block has set.
pub(super) fn prefer_first<T>(field: &mut Option<T>, value: Option<T>) {
    if field.is_none() {
        *field = value;
    }
}

/// Adds a text to a list of distinct texts of bounded length.
pub(super) fn add(list: &mut Vec<String>, value: Option<String>) {
    if let Some(value) = value
        && list.len() < text::MAX_LIST
        && !list.contains(&value)
    {
        list.push(value);
    }
}
