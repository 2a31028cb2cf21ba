//! What the labeller can say: labels, their parents and the model's classes under each.

use std::collections::HashMap;

/// Rows of the model's output.
pub(crate) const CLASSES: usize = 1000;

/// A label as people search for it.
pub(crate) struct Label {
    /// Title Case, in English.
    pub(crate) name: &'static str,
    /// Every ancestor, near ones first: places in [`Vocabulary::labels`].
    pub(crate) ancestors: Vec<usize>,
    /// Rekognition's category of labels.
    pub(crate) category: &'static str,
    /// Other words for the same.
    pub(crate) aliases: Vec<&'static str>,
    /// The model's classes that are this label or one below it; sorted, each once.
    pub(crate) classes: Vec<usize>,
}

/// All labels.
pub(crate) struct Vocabulary {
    pub(crate) labels: Vec<Label>,
}

/// Where the file of labels is wrong.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum VocabularyError {
    #[error("line {0} does not have five columns")]
    Columns(usize),
    #[error("{0} is listed twice")]
    Twice(&'static str),
    #[error("the parent {parent} of {label} is not a label")]
    NoParent {
        label: &'static str,
        parent: &'static str,
    },
    #[error("{0} is its own ancestor")]
    Circle(&'static str),
    #[error("{0} has no category")]
    NoCategory(&'static str),
    #[error("{0} names a class that the model doesn't have")]
    NoClass(&'static str),
}

/// One line of the file.
struct Row {
    name: &'static str,
    parents: Vec<&'static str>,
    category: &'static str,
    aliases: Vec<&'static str>,
    classes: Vec<usize>,
}

impl Vocabulary {
    /// Reads the file that its own head describes.
    pub(crate) fn parse(file: &'static str) -> Result<Self, VocabularyError> {
        let rows = rows(file)?;
        let mut places = HashMap::new();
        for (place, row) in rows.iter().enumerate() {
            if places.insert(row.name, place).is_some() {
                return Err(VocabularyError::Twice(row.name));
            }
        }
        let ancestors = (0..rows.len())
            .map(|place| ancestors(&rows, &places, place))
            .collect::<Result<Vec<_>, _>>()?;
        let labels = rows
            .iter()
            .enumerate()
            .map(|(place, row)| {
                Ok(Label {
                    name: row.name,
                    category: category(&rows, row, &ancestors[place])?,
                    aliases: row.aliases.clone(),
                    classes: classes_under(&rows, &ancestors, place),
                    ancestors: ancestors[place].clone(),
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { labels })
    }
}

fn rows(file: &'static str) -> Result<Vec<Row>, VocabularyError> {
    file.lines()
        .enumerate()
        .filter(|(_, line)| !line.starts_with('#'))
        .map(|(number, line)| {
            let columns: Vec<_> = line.split('\t').collect();
            let [name, parents, category, aliases, classes] = columns[..] else {
                return Err(VocabularyError::Columns(number + 1));
            };
            Ok(Row {
                name,
                parents: items(parents).collect(),
                category,
                aliases: items(aliases).collect(),
                classes: items(classes)
                    .map(|class| class.parse().ok().filter(|class| *class < CLASSES))
                    .collect::<Option<_>>()
                    .ok_or(VocabularyError::NoClass(name))?,
            })
        })
        .collect()
}

fn items(column: &'static str) -> impl Iterator<Item = &'static str> {
    column.split(',').filter(|item| !item.is_empty())
}

/// Breadth first, so that near ancestors come first.
fn ancestors(
    rows: &[Row],
    places: &HashMap<&str, usize>,
    place: usize,
) -> Result<Vec<usize>, VocabularyError> {
    let mut found = Vec::new();
    let mut next = vec![place];
    while let Some(row) = next.first().map(|place| &rows[*place]) {
        next.remove(0);
        for parent in &row.parents {
            let parent = *places.get(parent).ok_or(VocabularyError::NoParent {
                label: row.name,
                parent,
            })?;
            if parent == place {
                return Err(VocabularyError::Circle(rows[place].name));
            }
            if !found.contains(&parent) {
                found.push(parent);
                next.push(parent);
            }
        }
    }
    Ok(found)
}

/// Its own, else that of the nearest ancestor that has one.
fn category(rows: &[Row], row: &Row, ancestors: &[usize]) -> Result<&'static str, VocabularyError> {
    std::iter::once(row)
        .chain(ancestors.iter().map(|place| &rows[*place]))
        .map(|row| row.category)
        .find(|category| !category.is_empty())
        .ok_or(VocabularyError::NoCategory(row.name))
}

fn classes_under(rows: &[Row], ancestors: &[Vec<usize>], place: usize) -> Vec<usize> {
    let mut classes: Vec<_> = rows
        .iter()
        .zip(ancestors)
        .enumerate()
        .filter(|(other, (_, above))| *other == place || above.contains(&place))
        .flat_map(|(_, (row, _))| row.classes.iter().copied())
        .collect();
    classes.sort_unstable();
    classes.dedup();
    classes
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::collections::HashSet;

    use super::{CLASSES, Vocabulary, VocabularyError};

    const FILE: &str = include_str!("../data/labels.tsv");

    /// WordNet's words that no person searches for.
    const SCHOLARLY: &[&str] = &[
        "musteline",
        "diapsid",
        "anapsid",
        "saurian",
        "chelonian",
        "ungulate",
        "ruminant",
        "bovid",
        "oscine",
        "passerine",
        "gallinaceous",
        "elasmobranch",
        "teleost",
        "arthropod",
        "arachnid",
        "decapod",
        "lepidopterous",
        "colubrid",
        "mercantile",
        "furnishing",
        "durables",
        "anthropoid",
        "nematode",
        "isopod",
        "reproductive",
        "vascular",
        "instrumentality",
    ];

    /// Classes that the model answers for pictures that it does not know.
    const LEFT_OUT: &[usize] = &[111, 733];

    fn vocabulary() -> Vocabulary {
        Vocabulary::parse(FILE).unwrap()
    }

    #[test]
    fn every_class_but_the_left_out_is_under_exactly_one_word() {
        let mut seen = HashSet::new();
        for row in super::rows(FILE).unwrap() {
            for class in row.classes {
                assert!(seen.insert(class), "{class} twice");
            }
        }
        let missing: Vec<_> = (0..CLASSES).filter(|class| !seen.contains(class)).collect();
        assert_eq!(missing, LEFT_OUT);
    }

    #[test]
    fn names_are_words_in_title_case_and_none_is_scholarly() {
        for label in vocabulary().labels {
            let lower = label.name.to_lowercase();
            for word in SCHOLARLY {
                assert!(!lower.contains(word), "{}", label.name);
            }
            assert!(
                label
                    .name
                    .chars()
                    .all(|c| c.is_ascii_alphabetic() || " -'".contains(c)),
                "{}",
                label.name
            );
            for word in label.name.split(' ') {
                let small = ["of", "and", "the", "des"].contains(&word);
                assert!(
                    small || word.starts_with(char::is_uppercase),
                    "{}",
                    label.name
                );
            }
        }
    }

    #[test]
    fn every_label_has_a_class_and_its_parents_have_them_all() {
        let vocabulary = vocabulary();
        for label in &vocabulary.labels {
            assert!(!label.classes.is_empty(), "{}", label.name);
            for ancestor in &label.ancestors {
                let above: HashSet<_> = vocabulary.labels[*ancestor].classes.iter().collect();
                assert!(label.classes.iter().all(|class| above.contains(class)));
            }
        }
    }

    #[test]
    fn a_cat_is_a_pet_and_a_mammal_before_it_is_an_animal() {
        let vocabulary = vocabulary();
        let cat = vocabulary
            .labels
            .iter()
            .find(|label| label.name == "Cat")
            .unwrap();
        let names: Vec<_> = cat
            .ancestors
            .iter()
            .map(|place| vocabulary.labels[*place].name)
            .collect();
        assert_eq!(names, ["Mammal", "Pet", "Animal"]);
        assert_eq!(cat.category, "Animals and Pets");
        assert_eq!(cat.classes, [281, 282, 283, 284, 285]);
    }

    #[test]
    fn a_wrong_file_is_refused() {
        let error = |file| Vocabulary::parse(file).err().unwrap();
        assert_eq!(error("Cat\tAnimal"), VocabularyError::Columns(1));
        assert_eq!(
            error("Cat\t\tPets\t\t1\nCat\t\tPets\t\t2"),
            VocabularyError::Twice("Cat")
        );
        assert_eq!(
            error("Cat\tPet\tPets\t\t1"),
            VocabularyError::NoParent {
                label: "Cat",
                parent: "Pet"
            }
        );
        assert_eq!(
            error("Cat\tPet\tPets\t\t1\nPet\tCat\tPets\t\t2"),
            VocabularyError::Circle("Cat")
        );
        assert_eq!(error("Cat\t\t\t\t1"), VocabularyError::NoCategory("Cat"));
        assert_eq!(
            error("Cat\t\tPets\t\t1000"),
            VocabularyError::NoClass("Cat")
        );
    }
}
