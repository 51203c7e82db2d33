//! Owns: the files of the `GraphiQL` page as Rust data, `$OUT_DIR/graphiql_assets.rs`, embedded when `graphiql/dist` exists.
//! Does not: make `graphiql/dist`; `node build.mjs` in `graphiql/` does.
//! Start reading at `main`.

use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    let pages = Path::new(&root).join("graphiql");
    let dist = pages.join("dist");
    println!("cargo:rerun-if-changed=build.rs");
    // A path that does not exist would count as changed at every build: without `dist`, watch for its coming.
    println!("cargo:rerun-if-changed={}", if dist.is_dir() { dist.display() } else { pages.display() });
    fs::write(Path::new(&out).join("graphiql_assets.rs"), assets(&dist)?)
}

/// The declaration of `ASSETS`: file name, content type and bytes of each file of `dist`; empty when there is no such folder.
fn assets(dist: &Path) -> io::Result<String> {
    let mut names = Vec::new();
    if dist.is_dir() {
        for entry in fs::read_dir(dist)? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
    }
    let mut source = String::from(
        "/// File name, content type and bytes of each file of the `GraphiQL` page; empty when built without it.\n\
         pub static ASSETS: &[(&str, &str, &[u8])] = &[\n",
    );
    for name in names {
        let entry = format!(
            "    ({name:?}, {:?}, include_bytes!({:?})),\n",
            content_type(&name),
            dist.join(&name).display().to_string()
        );
        source.push_str(&entry);
    }
    source.push_str("];\n");
    Ok(source)
}

fn content_type(name: &str) -> &'static str {
    match Path::new(name).extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        _ => "text/plain; charset=utf-8",
    }
}
