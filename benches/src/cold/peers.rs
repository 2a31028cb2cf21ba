//! The same work in other languages, installed into the target folder as the lock files say.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::contest::Contestant;
use super::events::Question;
use crate::Result;
use crate::report::root;

/// A program of benches/cold and what runs it.
pub(super) struct Peer {
    name: String,
    runtime: PathBuf,
    arguments: Vec<PathBuf>,
}

impl Peer {
    /// Node with the AWS SDK for JavaScript.
    pub(super) fn node() -> Result<Self> {
        let folder = copied(
            "node",
            &["package.json", "package-lock.json", "uploads.mjs"],
        )?;
        println!("npm installs the SDK");
        let mut npm = Command::new("npm");
        npm.args(["ci", "--silent", "--no-audit", "--no-fund"]);
        done(npm.current_dir(&folder), "npm can't install the SDK")?;
        let mut node = Command::new("node");
        let runtime = said(node.args(["--print", "process.execPath"]))?.into();
        let version = said(Command::new("node").arg("--version"))?;
        let sdk = said(Command::new("node").current_dir(&folder).args([
            "--print",
            "require('@aws-sdk/client-dynamodb/package.json').version",
        ]))?;
        Ok(Self {
            name: format!("Node {}, AWS SDK {sdk}", version.trim_start_matches('v')),
            runtime,
            // the SDK warns of this Node's age at every start
            arguments: vec!["--no-warnings".into(), folder.join("uploads.mjs")],
        })
    }

    /// Python with boto3.
    pub(super) fn python() -> Result<Self> {
        let folder = copied("python", &["requirements.txt", "uploads.py"])?;
        println!("pip installs the SDK");
        let venv = folder.join("venv");
        let mut make = Command::new("python3");
        done(
            make.args(["-m", "venv"]).arg(&venv),
            "python3 can't make an environment",
        )?;
        let runtime = venv.join("bin/python");
        let mut pip = Command::new(&runtime);
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]);
        pip.args(["--require-hashes", "--requirement", "requirements.txt"]);
        done(pip.current_dir(&folder), "pip can't install the SDK")?;
        let version = "import boto3, platform; print(f'Python {platform.python_version()}, boto3 {boto3.__version__}')";
        Ok(Self {
            name: said(Command::new(&runtime).args(["-c", version]))?,
            runtime,
            arguments: vec![folder.join("uploads.py")],
        })
    }

    pub(super) fn contestant(
        self,
        environment: BTreeMap<String, String>,
        question: Question,
    ) -> Contestant {
        let Self {
            name,
            runtime,
            arguments,
        } = self;
        Contestant::program(name, runtime, arguments, environment, question)
    }
}

/// These files of a folder of benches/cold, in a folder of their own among what is built.
fn copied(name: &str, files: &[&str]) -> Result<PathBuf> {
    let from = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("cold")
        .join(name);
    let folder = fs::canonicalize(root())?.join("target/cold").join(name);
    fs::create_dir_all(&folder)?;
    for file in files {
        fs::copy(from.join(file), folder.join(file))?;
    }
    Ok(folder)
}

fn done(command: &mut Command, otherwise: &'static str) -> Result<()> {
    if command.status().is_ok_and(|status| status.success()) {
        return Ok(());
    }
    Err(otherwise.into())
}

/// What a command prints.
fn said(command: &mut Command) -> Result<String> {
    let output = command.output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
