//! The pictures of the tour: a folder of the person's own, or those that ship.

use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::TourError;

/// A picture to upload.
pub(super) struct Picture {
    pub(super) name: String,
    pub(super) content_type: &'static str,
    pub(super) bytes: Bytes,
}

const TYPES: [(&str, &str); 9] = [
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("png", "image/png"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
    ("bmp", "image/bmp"),
    ("jfif", "image/jpeg"),
];

/// The folder of pictures that the project ships with their licences.
fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("pictures")
}

/// Every picture of the folder, by name.
pub(super) fn read(folder: Option<&Path>) -> Result<Vec<Picture>, TourError> {
    let folder = folder.map_or_else(shipped, Path::to_owned);
    let unreadable = |error| TourError(format!("{}: {error}", folder.display()));
    let mut paths = std::fs::read_dir(&folder)
        .map_err(unreadable)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(unreadable)?;
    paths.sort();
    let mut pictures = Vec::new();
    for path in paths {
        let Some((name, content_type)) = picture(&path) else {
            continue;
        };
        let bytes = std::fs::read(&path).map_err(unreadable)?;
        if !bytes.is_empty() {
            pictures.push(Picture {
                name,
                content_type,
                bytes: bytes.into(),
            });
        }
    }
    if pictures.is_empty() {
        return Err(TourError(format!("{} holds no pictures", folder.display())));
    }
    Ok(pictures)
}

fn picture(path: &Path) -> Option<(String, &'static str)> {
    let extension = path.extension()?.to_str()?.to_lowercase();
    let (_, content_type) = TYPES.iter().find(|(known, _)| *known == extension)?;
    Some((path.file_name()?.to_str()?.to_owned(), content_type))
}
