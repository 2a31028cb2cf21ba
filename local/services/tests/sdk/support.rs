//! Services on a port of their own, and SDK settings that lead there.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use local_services::Services;
use tempfile::TempDir;

pub const REGION: &str = "eu-central-1";
pub const ACCOUNT: &str = "000000000000";

/// Running services over a data folder that goes with them.
pub struct Running {
    pub services: Services,
    pub base: String,
    pub folder: TempDir,
}

impl Running {
    pub async fn new() -> Self {
        Self::over(tempfile::tempdir().unwrap()).await
    }

    async fn over(folder: TempDir) -> Self {
        let services = Services::open(folder.path().join("aws"), REGION.into(), ACCOUNT.into());
        let services = services.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = services.router();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            services,
            base,
            folder,
        }
    }

    /// Services over a copy of the files as they are at this moment, which is what a
    /// process that is killed leaves behind.
    pub async fn as_after_a_kill(&self) -> Self {
        let copy = tempfile::tempdir().unwrap();
        copy_folder(self.folder.path(), copy.path());
        Self::over(copy).await
    }

    /// Settings with which a failed call is not tried again.
    pub async fn config(&self) -> SdkConfig {
        self.config_trying(1).await
    }

    pub async fn config_trying(&self, attempts: u32) -> SdkConfig {
        aws_config::defaults(BehaviorVersion::latest())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .region(Region::new(REGION))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .retry_config(RetryConfig::standard().with_max_attempts(attempts))
            .endpoint_url(&self.base)
            .load()
            .await
    }

    /// Whether any file of the services has these bytes.
    pub fn any_file_has(&self, bytes: &[u8]) -> bool {
        files(self.folder.path()).iter().any(|path| {
            let content = fs::read(path).unwrap();
            content.windows(bytes.len()).any(|window| window == bytes)
        })
    }

    /// Panics unless every file is its owner's alone.
    pub fn assert_private(&self) {
        let root = self.folder.path().join("aws");
        assert_eq!(mode(&root), 0o700);
        let files = files(&root);
        assert!(!files.is_empty());
        for path in files {
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let (folders, mut found): (Vec<_>, Vec<_>) = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .partition(|path| path.is_dir());
    found.extend(folders.iter().flat_map(|folder| files(folder)));
    found
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
