//! The file that holds the key: a line that says what it is, and 32 random bytes in base64.
//! Owns making it (never over one that is there) and reading it; the cipher is `mod.rs`'s.
//! Start at [`read_or_create`].

use std::{
    fs::{File, OpenOptions},
    io::{ErrorKind, Read, Write},
    path::Path,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use rand::{TryRng, rngs::SysRng};
use zeroize::Zeroizing;

use super::SecretError;

const HEADER: &str =
    "# Tagwire key. Without this file, stored passwords and tokens cannot be read: keep a copy, apart from the data.";
/// Bytes looked at: a key file has some hundred.
const LONGEST: u64 = 4 << 10;

/// The key in this file, which is made when it is not there.
pub(super) fn read_or_create(path: &Path) -> Result<Zeroizing<[u8; 32]>, SecretError> {
    let failed = |source| SecretError::KeyFile { path: path.display().to_string(), source };
    match File::open(path) {
        Ok(file) => read(path, file),
        Err(error) if error.kind() == ErrorKind::NotFound => match create(path)? {
            Some(key) => Ok(key),
            // Another process was first: its key counts.
            None => read(path, File::open(path).map_err(failed)?),
        },
        Err(error) => Err(failed(error)),
    }
}

fn read(path: &Path, file: File) -> Result<Zeroizing<[u8; 32]>, SecretError> {
    let none = |why| SecretError::NoKey { path: path.display().to_string(), why };
    let mut text = Zeroizing::new(String::new());
    let read = file.take(LONGEST).read_to_string(&mut text);
    read.map_err(|source| SecretError::KeyFile { path: path.display().to_string(), source })?;
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let line = lines.next().ok_or_else(|| none("it is empty"))?;
    let bytes = Zeroizing::new(STANDARD.decode(line).map_err(|_| none("its text is no base64"))?);
    let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| none("a key has 32 bytes"))?;
    Ok(Zeroizing::new(key))
}

/// `None` when another process made one meanwhile. Written beside and linked into place, so that it is never seen half.
fn create(path: &Path) -> Result<Option<Zeroizing<[u8; 32]>>, SecretError> {
    let failed = |source| SecretError::KeyFile { path: path.display().to_string(), source };
    let mut key = Zeroizing::new([0; 32]);
    SysRng.try_fill_bytes(key.as_mut()).map_err(|_| SecretError::NoRandomness)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(failed)?;

    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.new", super::hex(super::id_of(&key))));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside).map_err(failed)?;
    let text = Zeroizing::new(format!("{HEADER}\n{}\n", STANDARD.encode(key.as_ref())));
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    let linked = std::fs::hard_link(&beside, path);
    std::fs::remove_file(&beside).map_err(failed)?;
    match linked {
        Ok(()) => {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
            Ok(Some(key))
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(None),
        Err(error) => Err(failed(error)),
    }
}
