//! `assetbox openapi`: prints the API's description.

use std::io::{self, Write};

use crate::functions;

pub(super) fn run() -> io::Result<()> {
    let document = functions::openapi().to_pretty_json()?;
    writeln!(io::stdout(), "{document}")
}
