//! `cargo bench --package assetbox-benches [-- PART …]`

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    assetbox_benches::run()
}
