//! Where the programs of functions are.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use assetbox::MachineOptions;
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::sync::OnceCell;

/// The project's root.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A function's program.
pub struct Bootstrap {
    path: PathBuf,
    _unpacked: Option<TempDir>,
}

impl Bootstrap {
    /// The program of a function, by its logical id: of the folder that `ASSETBOX_BOOTSTRAPS`
    /// names, or else built with these tests.
    pub async fn of(function: &str) -> Self {
        if let Some(folder) = env::var_os("ASSETBOX_BOOTSTRAPS") {
            // tests run in the folder of their package
            let folder = Path::new(ROOT).join(folder);
            let found = Self::in_folder(&folder, function);
            return found.unwrap_or_else(|| panic!("no bootstrap of {function} in {folder:?}"));
        }
        static BUILT: OnceCell<BTreeMap<String, PathBuf>> = OnceCell::const_new();
        let built = BUILT.get_or_init(build).await;
        Self {
            path: built[&binaries()[function]].clone(),
            _unpacked: None,
        }
    }

    /// What `sam build`, or `cargo lambda build` with or without `--output-format zip`, left in a
    /// folder of a function; `None` if nothing.
    #[must_use]
    pub fn in_folder(folder: &Path, function: &str) -> Option<Self> {
        let binary = &binaries()[function];
        let folders = [folder.join(binary), folder.join(function)];
        let unpacked = folders.iter().map(|folder| folder.join("bootstrap"));
        let packed = folders.iter().map(|folder| folder.join("bootstrap.zip"));
        match packed.clone().find(|file| file.exists()) {
            Some(zip) => Some(Self::unpack(&zip)),
            None => Some(Self {
                path: fs::canonicalize(unpacked.clone().find(|file| file.exists())?).unwrap(),
                _unpacked: None,
            }),
        }
    }

    fn unpack(zip: &Path) -> Self {
        let folder = TempDir::new().unwrap();
        let mut unzip = std::process::Command::new("python3");
        unzip.args(["-m", "zipfile", "--extract"]);
        let status = unzip.arg(zip).arg(folder.path()).status();
        assert!(status.is_ok_and(|status| status.success()), "{zip:?}");
        let path = folder.path().join("bootstrap");
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        Self {
            path,
            _unpacked: Some(folder),
        }
    }

    /// The file, for as long as the value lives.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The names of the functions' binaries, by the functions' logical ids, as the template gives
/// them to `sam build`.
fn binaries() -> BTreeMap<String, String> {
    let template = MachineOptions::default().template;
    let mut binaries = BTreeMap::new();
    let mut resource = "";
    for line in template.lines() {
        let named = line.strip_prefix("  ").and_then(|id| id.strip_suffix(':'));
        if let Some(id) = named.filter(|id| !id.starts_with([' ', '#'])) {
            resource = id;
        } else if let Some(binary) = line.trim().strip_prefix("Binary: ") {
            binaries.insert(resource.to_owned(), binary.to_owned());
        }
    }
    binaries
}

/// All programs, built with what is built for these tests, by name.
async fn build() -> BTreeMap<String, PathBuf> {
    let binaries = binaries();
    let mut cargo = Command::from(crate::cargo());
    cargo.args(["build", "--offline", "--message-format=json"]);
    // with the tests, so that nothing is built a second time with other features
    cargo.args(["--package", env!("CARGO_PKG_NAME"), "--test", "e2e"]);
    for binary in binaries.values() {
        cargo.args(["--package", binary, "--bin", binary]);
    }
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let output = cargo.stderr(Stdio::piped()).output().await;
    let output = output.expect("cargo runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let messages = String::from_utf8(output.stdout).unwrap();
    let built: BTreeMap<_, _> = messages.lines().filter_map(program).collect();
    for binary in binaries.values() {
        assert!(built.contains_key(binary), "{binary} was not built");
    }
    built
}

/// The name and the path of the program that a message of cargo is about.
fn program(message: &str) -> Option<(String, PathBuf)> {
    let artifact: Value = serde_json::from_str(message).ok()?;
    let target = &artifact["target"];
    let is_program = target["kind"][0] == "bin" && artifact["profile"]["test"] == false;
    let path = artifact["executable"].as_str().filter(|_| is_program)?;
    Some((target["name"].as_str()?.to_owned(), path.into()))
}
