#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;
use rten_tensor::{AsView, NdTensor};

use super::{Labeller, SIDE};
use crate::picture::Picture;
use crate::vocabulary::CLASSES;

fn labeller() -> &'static Labeller {
    static LABELLER: std::sync::LazyLock<Labeller> =
        std::sync::LazyLock::new(|| Labeller::load().unwrap());
    &LABELLER
}

/// What onnxruntime said of the same model; see `tests/expected/README.md`.
fn expected() -> serde_json::Value {
    serde_json::from_str(include_str!("../../tests/expected/onnxruntime.json")).unwrap()
}

fn picture(name: &str) -> Picture {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../pictures/");
    Picture::decode(&std::fs::read(format!("{folder}{name}")).unwrap()).unwrap()
}

fn top_five(probabilities: &[f32]) -> Vec<(usize, f32)> {
    let mut ranked: Vec<_> = probabilities.iter().copied().enumerate().collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    ranked.truncate(5);
    ranked
}

fn pairs(value: &serde_json::Value) -> Vec<(usize, f32)> {
    serde_json::from_value(value.clone()).unwrap()
}

#[test]
fn the_same_input_gives_the_probabilities_of_onnxruntime() {
    let ramp = NdTensor::from_fn([1, 3, SIDE, SIDE], |[_, channel, y, x]| {
        ((x * 3 + y * 5 + channel * 70) % 256) as f32
    });
    let ours = labeller().network.run(ramp).unwrap().to_vec();
    let theirs = pairs(&expected()["ramp"]);
    for ((class, p), (their_class, their_p)) in top_five(&ours).into_iter().zip(theirs) {
        assert_eq!(class, their_class);
        assert!(
            (p - their_p).abs() < 1e-4,
            "{class}: {p} instead of {their_p}"
        );
    }
}

#[test]
fn the_shipped_pictures_get_the_probabilities_of_onnxruntime() {
    for (name, theirs) in expected()["pictures"].as_object().unwrap() {
        let ours = labeller().probabilities(&picture(name)).unwrap();
        for (class, their_p) in pairs(theirs) {
            // the two decode and scale a JPEG with slightly different rounding, which near breeds feel
            let p = ours[class];
            assert!(
                (p - their_p).abs() < 0.05,
                "{name} {class}: {p} instead of {their_p}"
            );
        }
    }
}

#[test]
fn knowing_nothing_is_saying_nothing() {
    assert!(
        labeller()
            .supported(&[1.0 / CLASSES as f32; CLASSES])
            .is_empty()
    );
}

proptest! {
    #[test]
    fn labels_come_with_their_parents_in_order_and_within_bounds(
        weights in proptest::collection::vec(0.0_f32..1.0, 6),
        classes in proptest::collection::vec(0..CLASSES, 6),
    ) {
        let mut probabilities = vec![0.0; CLASSES];
        let total: f32 = weights.iter().sum::<f32>().max(1e-6);
        for (class, weight) in classes.iter().zip(&weights) {
            probabilities[*class] += weight / total;
        }
        let found = labeller().supported(&probabilities);
        for pair in found.windows(2) {
            prop_assert!(pair[0].probability >= pair[1].probability);
        }
        for one in &found {
            prop_assert!((0.0..=1.0).contains(&one.probability));
            for ancestor in &one.label.ancestors {
                let name = labeller().name(*ancestor);
                let parent = found.iter().find(|other| other.label.name == name);
                prop_assert!(parent.is_some_and(|parent| parent.probability > one.probability - 1e-4));
            }
        }
    }
}
