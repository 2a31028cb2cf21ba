//! Original → preview, thumbnail, technical metadata.

use image::{GenericImageView, ImageFormat};
use serde_json::{Value, json};

use crate::support::{Call, TestMachine, User, canary, contains, pictures};

/// The bytes behind `GET /assets/{id}/{kind}`.
async fn bytes_of(machine: &TestMachine, user: &User, asset: &str, kind: &str) -> Vec<u8> {
    let address = user
        .api
        .get(format!("/assets/{asset}/{kind}"))
        .await
        .json(200);
    let url = address["url"].as_str().unwrap();
    let read = machine.http().send(Call::new("GET", url), url).await;
    assert_eq!(read.is(200).header("content-type"), Some("image/jpeg"));
    read.body.to_vec()
}

async fn size_of(machine: &TestMachine, user: &User, asset: &str, kind: &str) -> (u32, u32) {
    let bytes = bytes_of(machine, user, asset, kind).await;
    assert_eq!(image::guess_format(&bytes).unwrap(), ImageFormat::Jpeg);
    image::load_from_memory(&bytes).unwrap().dimensions()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_format_gets_its_renditions() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let formats = [
        (ImageFormat::Jpeg, "jpeg"),
        (ImageFormat::Png, "png"),
        (ImageFormat::Gif, "gif"),
        (ImageFormat::WebP, "webp"),
        (ImageFormat::Tiff, "tiff"),
        (ImageFormat::Bmp, "bmp"),
    ];
    for (format, name) in formats {
        let picture = pictures::unique(2000, 500, format);
        let asset = machine
            .upload(
                &user.api,
                &format!("a.{name}"),
                &format!("image/{name}"),
                &picture,
            )
            .await;
        let view = user.api.get(format!("/assets/{asset}")).await.json(200);
        assert_eq!(view["preview"]["state"], "ready", "{name}: {view}");
        let technical = &view["technical"];
        assert_eq!(
            (
                &technical["format"],
                &technical["width"],
                &technical["height"]
            ),
            (&json!(name), &json!(2000), &json!(500))
        );
        assert_eq!(
            size_of(&machine, &user, &asset, "preview").await,
            (1600, 400),
            "{name}"
        );
        assert_eq!(
            size_of(&machine, &user, &asset, "thumbnail").await,
            (320, 80),
            "{name}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn small_pictures_are_not_blown_up() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let asset = machine
        .upload(
            &user.api,
            "a.png",
            "image/png",
            &pictures::unique(200, 100, ImageFormat::Png),
        )
        .await;
    assert_eq!(
        size_of(&machine, &user, &asset, "preview").await,
        (200, 100)
    );
    assert_eq!(
        size_of(&machine, &user, &asset, "thumbnail").await,
        (200, 100)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn orientation_is_applied_and_nothing_personal_leaves_the_original() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let artist = canary("Artist");
    let picture = pictures::jpeg_with_exif(400, 200, &artist);
    assert!(contains(&picture, artist.as_bytes()));
    let asset = machine
        .upload(&user.api, "a.jpg", "image/jpeg", &picture)
        .await;
    let view = user.api.get(format!("/assets/{asset}")).await.json(200);
    let technical = &view["technical"];
    assert_eq!(
        (&technical["width"], &technical["height"]),
        (&json!(200), &json!(400))
    );
    let fields = technical["personal_fields"].as_array().unwrap();
    for field in ["location", "creators"] {
        assert!(fields.contains(&json!(field)), "{technical}");
    }
    assert!(!view.to_string().contains(&artist));
    assert_eq!(
        size_of(&machine, &user, &asset, "preview").await,
        (200, 400)
    );
    for kind in ["preview", "thumbnail"] {
        let bytes = bytes_of(&machine, &user, &asset, kind).await;
        for word in [
            artist.as_bytes(),
            b"Exif",
            b"http://ns.adobe.com",
            b"Photoshop",
        ] {
            assert!(
                !contains(&bytes, word),
                "{kind}: {}",
                String::from_utf8_lossy(word)
            );
        }
    }
    assert!(!crate::support::log::mentions(&artist));
}

/// A PNG whose header claims a square of `side` pixels.
fn bomb(side: u32) -> Vec<u8> {
    let mut file = pictures::unique(8, 8, ImageFormat::Png);
    file[16..20].copy_from_slice(&side.to_be_bytes());
    file[20..24].copy_from_slice(&side.to_be_bytes());
    let checksum = crc32(&file[12..29]);
    file[29..33].copy_from_slice(&checksum.to_be_bytes());
    file
}

/// The checksum of PNG chunks (PNG specification, annex D).
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| {
        if crc & 1 == 1 {
            0xedb8_8320 ^ (crc >> 1)
        } else {
            crc >> 1
        }
    };
    !bytes
        .iter()
        .fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_shown_ends_in_a_state_and_not_in_a_loop() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let whole = pictures::shipped("cat.jpg");
    let png = pictures::png();
    let cases = [
        ("bomb", "image/png", bomb(60_000), "too_large"),
        ("wide bomb", "image/png", bomb(29_000), "too_large"),
        (
            "truncated JPEG",
            "image/jpeg",
            whole[..whole.len() / 2].to_vec(),
            "truncated",
        ),
        (
            "truncated PNG",
            "image/png",
            png[..png.len() / 2].to_vec(),
            "truncated",
        ),
        (
            "text",
            "image/png",
            b"<script>alert(1)</script>".to_vec(),
            "not_this_type",
        ),
        ("lying JPEG", "image/png", whole.clone(), "not_this_type"),
        (
            "noise",
            "image/tiff",
            b"II*\0\x08\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff".to_vec(),
            "truncated",
        ),
    ];
    for (what, declared, bytes, code) in cases {
        let before = machine.runs("RenditionsFunction").unwrap();
        let asset = machine.upload(&user.api, "a", declared, &bytes).await;
        let view = user.api.get(format!("/assets/{asset}")).await.json(200);
        assert_eq!(view["preview"]["state"], "failed", "{what}: {view}");
        let found = view["preview"]["code"].as_str().unwrap();
        assert!(
            found == code || (found == "damaged" && code == "truncated"),
            "{what}: {view}"
        );
        assert!(view["preview"]["message"].as_str().unwrap().len() > 10);
        assert_eq!(view["tagging"], "off", "{what}");
        let after = machine.runs("RenditionsFunction").unwrap();
        assert_eq!(
            (after.invocations, after.failures),
            (before.invocations + 1, before.failures),
            "{what}"
        );
        user.api
            .get(format!("/assets/{asset}/preview"))
            .await
            .problem(409, "no_preview");
        user.api
            .get(format!("/assets/{asset}/download"))
            .await
            .is(200);
    }
    for queue in ["RenditionsDeadLetters", "TaggingDeadLetters"] {
        let depth = machine
            .services()
            .sqs()
            .depth(&machine.name_of(queue))
            .await
            .unwrap();
        assert_eq!(depth.visible, 0, "{queue}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_types_say_that_they_have_no_preview_yet() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    for (name, kind) in [
        ("a.pdf", "application/pdf"),
        ("a.heic", "image/heic"),
        ("a.mp4", "video/mp4"),
    ] {
        let asset = machine.upload(&user.api, name, kind, b"some bytes").await;
        let view = user.api.get(format!("/assets/{asset}")).await.json(200);
        assert_eq!(
            (&view["preview"]["state"], &view["tagging"]),
            (&json!("unsupported"), &json!("off")),
            "{view}"
        );
        assert_ne!(view["preview"]["message"], Value::Null);
    }
}
