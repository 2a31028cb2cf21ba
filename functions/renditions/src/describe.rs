//! What the catalogue keeps of a picture's findings: facts and field names,
//! never the values of personal fields.

use std::collections::BTreeMap;

use domain::asset::TechnicalMetadata;

use picture::{Embedded, Failure, Personal, Technical};

pub(crate) fn sentence(failure: &Failure) -> String {
    match failure {
        Failure::Unsupported(_) => "Files of this type have no preview yet.".to_owned(),
        Failure::NotThisType { .. } => {
            "The file is not of the type that was declared. Upload it again with its real type."
                .to_owned()
        }
        Failure::Truncated => "The file ends before the picture does. Upload it again.".to_owned(),
        Failure::TooLarge(_) => "The picture is too large to be shown.".to_owned(),
        Failure::Damaged(_) => "The file is damaged and can't be shown.".to_owned(),
    }
}

pub(crate) fn technical(found: &Technical) -> TechnicalMetadata {
    TechnicalMetadata {
        format: found
            .format
            .content_type()
            .trim_start_matches("image/")
            .to_owned(),
        width: found.width,
        height: found.height,
        frames: found.frames.unwrap_or(1),
        has_alpha: found.has_alpha,
        taken_at: found.metadata.taken_at.clone(),
        camera: camera(&found.metadata),
        personal_fields: personal_fields(&found.metadata.personal),
    }
}

fn camera(embedded: &Embedded) -> BTreeMap<String, String> {
    let number = |value: Option<f64>| value.map(|value| value.to_string());
    [
        ("make", embedded.camera_make.clone()),
        ("model", embedded.camera_model.clone()),
        ("lens", embedded.lens.clone()),
        ("exposure_time", embedded.exposure_time.clone()),
        ("f_number", number(embedded.f_number)),
        ("iso", embedded.iso.map(|iso| iso.to_string())),
        ("focal_length_mm", number(embedded.focal_length)),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value?)))
    .collect()
}

fn personal_fields(personal: &Personal) -> Vec<String> {
    [
        ("location", personal.location.is_some()),
        ("places", !personal.places.is_empty()),
        ("creators", !personal.creators.is_empty()),
        ("copyright", personal.copyright.is_some()),
        ("owner", personal.owner.is_some()),
        ("serial_numbers", !personal.serial_numbers.is_empty()),
        ("people_shown", !personal.people_shown.is_empty()),
        ("title", personal.title.is_some()),
        ("caption", personal.caption.is_some()),
        ("keywords", !personal.keywords.is_empty()),
    ]
    .into_iter()
    .filter(|(_, there)| *there)
    .map(|(name, _)| name.to_owned())
    .collect()
}
