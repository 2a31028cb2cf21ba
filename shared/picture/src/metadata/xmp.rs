//! XMP packets (ISO 16684-1). A property is an attribute of `rdf:Description` or an element, whose
//! value is text or a list of `rdf:li`.

use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::{QName, ResolveResult};
use quick_xml::{NsReader, XmlVersion};

use super::embedded::{Embedded, Location, add, prefer_first};
use super::text;

/// Longest packet that is read in bytes; cameras and editors stay far below.
const MAX_PACKET: usize = 1 << 20;
/// Deepest nesting that is read.
const MAX_DEPTH: usize = 32;

const DC: &str = "http://purl.org/dc/elements/1.1/";
const PHOTOSHOP: &str = "http://ns.adobe.com/photoshop/1.0/";
const XMP: &str = "http://ns.adobe.com/xap/1.0/";
const TIFF: &str = "http://ns.adobe.com/tiff/1.0/";
const EXIF: &str = "http://ns.adobe.com/exif/1.0/";
const EXIF_EX: &str = "http://cipa.jp/exif/1.0/";
const AUX: &str = "http://ns.adobe.com/exif/1.0/aux/";
const IPTC_CORE: &str = "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/";
const IPTC_EXT: &str = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/";
const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";

/// Reads a packet up to its first error.
pub(super) fn read(packet: &[u8], embedded: &mut Embedded) {
    let Some(packet) = packet.get(..packet.len().min(MAX_PACKET)) else {
        return;
    };
    let Ok(packet) = std::str::from_utf8(packet) else {
        return;
    };
    let mut properties = Properties::default();
    properties.read(packet.trim_end_matches('\0'));
    prefer_first(
        &mut embedded.personal.location,
        properties.position.location(),
    );
    for (name, value) in properties.values {
        apply(&name, value, embedded);
    }
}

/// A namespace and a local name.
type Name = (String, String);

#[derive(Default)]
struct Properties {
    values: Vec<(Name, String)>,
    position: Position,
}

#[derive(Default)]
struct Position {
    latitude: Option<f64>,
    longitude: Option<f64>,
    altitude: Option<f64>,
    is_below_sea: bool,
}

impl Properties {
    fn read(&mut self, packet: &str) {
        let mut reader = NsReader::from_str(packet);
        let mut open: Vec<Name> = Vec::new();
        let mut text = String::new();
        while let Ok(event) = reader.read_event() {
            match event {
                Event::Start(element) => {
                    self.attributes(&reader, &element);
                    if open.len() == MAX_DEPTH {
                        return;
                    }
                    open.push(name(&reader, element.name(), true));
                    text.clear();
                }
                Event::Empty(element) => self.attributes(&reader, &element),
                Event::Text(part) => text.push_str(&part.xml10_content().unwrap_or_default()),
                Event::CData(part) => text.push_str(&part.xml10_content().unwrap_or_default()),
                Event::GeneralRef(reference) => text.extend(character(&reference)),
                Event::End(_) => {
                    self.property(&open, std::mem::take(&mut text));
                    open.pop();
                }
                Event::Eof => return,
                _ => {}
            }
        }
    }

    fn attributes(&mut self, reader: &NsReader<&[u8]>, element: &BytesStart) {
        for attribute in element.attributes().flatten() {
            if let Ok(value) = attribute.normalized_value(XmlVersion::Implicit1_0) {
                self.keep(name(reader, attribute.key, false), value.into_owned());
            }
        }
    }

    /// The innermost open element that isn't RDF's own is the property of a text.
    fn property(&mut self, open: &[Name], text: String) {
        if let Some(name) = open.iter().rev().find(|(namespace, _)| namespace != RDF) {
            self.keep(name.clone(), text);
        }
    }

    fn keep(&mut self, name: Name, value: String) {
        let Some(value) = text::clean(&value) else {
            return;
        };
        match (name.0.as_str(), name.1.as_str()) {
            (EXIF, "GPSLatitude") => self.position.latitude = degrees(&value),
            (EXIF, "GPSLongitude") => self.position.longitude = degrees(&value),
            (EXIF, "GPSAltitude") => self.position.altitude = fraction(&value),
            (EXIF, "GPSAltitudeRef") => self.position.is_below_sea = value == "1",
            _ => self.values.push((name, value)),
        }
    }
}

impl Position {
    fn location(&self) -> Option<Location> {
        let altitude = self
            .altitude
            .map(|metres| if self.is_below_sea { -metres } else { metres });
        Location::new(self.latitude?, self.longitude?, altitude)
    }
}

/// An attribute without a prefix has no namespace, an element takes the default one.
fn name(reader: &NsReader<&[u8]>, name: QName, is_element: bool) -> Name {
    let (namespace, local) = reader.resolver().resolve(name, is_element);
    let namespace = match namespace {
        ResolveResult::Bound(namespace) => namespace.into_inner(),
        _ => b"",
    };
    let string = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (string(namespace), string(local.into_inner()))
}

/// A character reference or one of XML's five entities; others are dropped, never expanded.
fn character(reference: &BytesRef) -> Option<char> {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return Some(character);
    }
    let entity = reference.decode().ok()?;
    resolve_xml_entity(&entity)?.chars().next()
}

/// `DDD,MM.mmK` or `DDD,MM,SSK` with K one of N, S, E, W (ISO 16684-1, `GPSCoordinate`).
fn degrees(value: &str) -> Option<f64> {
    let direction = value.chars().last()?;
    let sign = match direction {
        'N' | 'E' => 1.0,
        'S' | 'W' => -1.0,
        _ => return None,
    };
    let mut total = 0.0;
    let mut unit = 1.0;
    for part in value.strip_suffix(direction)?.split(',') {
        total += part.trim().parse::<f64>().ok()? / unit;
        unit *= 60.0;
    }
    Some(sign * total)
}

/// `52/10` or `5.2`.
fn fraction(value: &str) -> Option<f64> {
    let (numerator, denominator) = value.split_once('/').unwrap_or((value, "1"));
    let value = numerator.parse::<f64>().ok()? / denominator.parse::<f64>().ok()?;
    value.is_finite().then_some(value)
}

fn apply((namespace, local): &Name, value: String, embedded: &mut Embedded) {
    let value = Some(value);
    let personal = &mut embedded.personal;
    match (namespace.as_str(), local.as_str()) {
        (EXIF, "DateTimeOriginal") | (PHOTOSHOP, "DateCreated") | (XMP, "CreateDate") => {
            let taken_at = value.and_then(|value| text::time(&value, None));
            prefer_first(&mut embedded.taken_at, taken_at);
        }
        (TIFF, "Make") => prefer_first(&mut embedded.camera_make, value),
        (TIFF, "Model") => prefer_first(&mut embedded.camera_model, value),
        (AUX, "Lens") | (EXIF_EX, "LensModel") => prefer_first(&mut embedded.lens, value),
        (DC, "creator") | (TIFF, "Artist") => add(&mut personal.creators, value),
        (DC, "rights") | (TIFF, "Copyright") => prefer_first(&mut personal.copyright, value),
        (DC, "title") | (PHOTOSHOP, "Headline") => prefer_first(&mut personal.title, value),
        (DC, "description") => prefer_first(&mut personal.caption, value),
        (DC, "subject") => add(&mut personal.keywords, value),
        (PHOTOSHOP, "City" | "State" | "Country") | (IPTC_CORE, "Location") => {
            add(&mut personal.places, value);
        }
        (IPTC_EXT, "PersonInImage") => add(&mut personal.people_shown, value),
        (AUX, "OwnerName") | (EXIF_EX, "CameraOwnerName") => {
            prefer_first(&mut personal.owner, value);
        }
        (AUX, "SerialNumber" | "LensSerialNumber")
        | (EXIF_EX, "BodySerialNumber" | "LensSerialNumber") => {
            add(&mut personal.serial_numbers, value);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn read_packet(packet: &str) -> Embedded {
        let mut embedded = Embedded::default();
        read(packet.as_bytes(), &mut embedded);
        embedded
    }

    const HEAD: &str = r#"<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
        xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">"#;
    const TAIL: &str = "</rdf:RDF></x:xmpmeta>\0\0";

    #[test]
    fn properties_are_elements_lists_and_attributes_under_any_prefix() {
        let packet = format!(
            r#"{HEAD}<rdf:Description xmlns:d="http://purl.org/dc/elements/1.1/"
              xmlns:p="http://ns.adobe.com/photoshop/1.0/" p:City="Zürich &amp; region">
              <d:creator><rdf:Seq><rdf:li>Ana</rdf:li><rdf:li>Bo &#38; Co</rdf:li></rdf:Seq></d:creator>
              <d:description><rdf:Alt><rdf:li xml:lang="x-default">A &lt;lake&gt;</rdf:li></rdf:Alt></d:description>
              <p:DateCreated>2024-05-01T12:30:00+02:00</p:DateCreated>
              </rdf:Description>{TAIL}"#
        );
        let embedded = read_packet(&packet);
        assert_eq!(embedded.personal.creators, ["Ana", "Bo & Co"]);
        assert_eq!(embedded.personal.places, ["Zürich & region"]);
        assert_eq!(embedded.personal.caption.as_deref(), Some("A <lake>"));
        assert_eq!(
            embedded.taken_at.as_deref(),
            Some("2024-05-01T12:30:00+02:00")
        );
    }

    #[test]
    fn coordinates_have_signs_and_a_height() {
        let packet = format!(
            r#"{HEAD}<rdf:Description xmlns:exif="http://ns.adobe.com/exif/1.0/"
              exif:GPSLatitude="33,51.5S" exif:GPSLongitude="151,12,30E"
              exif:GPSAltitude="55/2" exif:GPSAltitudeRef="1"/>{TAIL}"#
        );
        let location = read_packet(&packet).personal.location.unwrap();
        assert!((location.latitude + 33.858_333).abs() < 1e-5);
        assert!((location.longitude - 151.208_333).abs() < 1e-5);
        assert_eq!(location.altitude, Some(-27.5));
    }

    #[test]
    fn entities_of_a_document_type_are_not_expanded() {
        let packet = format!(
            r#"<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>{HEAD}<rdf:Description
              xmlns:d="http://purl.org/dc/elements/1.1/"><d:description>x&b;y</d:description>
              </rdf:Description>{TAIL}"#
        );
        assert_eq!(read_packet(&packet).personal.caption.as_deref(), Some("xy"));
    }

    #[test]
    fn nesting_beyond_the_limit_ends_the_reading() {
        let embedded = read_packet(&"<a>".repeat(100_000));
        assert_eq!(embedded, Embedded::default());
    }
}
