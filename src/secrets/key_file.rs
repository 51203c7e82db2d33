//! The file that holds the keys: a line that says what it is, and 32 random bytes in base64 a line. The first seals; the others,
//! which are there while keys are rotated, only open.
//! Owns making it (never over one that is there), reading it and replacing it whole; the cipher is `mod.rs`'s.
//! Start at [`read_or_create`].

use std::{
    fs::{File, OpenOptions},
    io::{ErrorKind, Read, Write},
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use rand::{TryRng, rngs::SysRng};
use zeroize::Zeroizing;

use super::SecretError;

const HEADER: &str =
    "# Tagwire key. Without this file, stored passwords and tokens cannot be read: keep a copy, apart from the data.";
/// Bytes looked at: a key file has some hundred.
const LONGEST: u64 = 4 << 10;

/// A key, wiped from memory when it goes.
pub(super) type RawKey = Zeroizing<[u8; 32]>;

/// The keys in this file, which is made when it is not there. At least one.
pub(super) fn read_or_create(path: &Path) -> Result<Vec<RawKey>, SecretError> {
    match File::open(path) {
        Ok(file) => read(path, file),
        Err(error) if error.kind() == ErrorKind::NotFound => match create(path)? {
            Some(key) => Ok(vec![key]),
            // Another process was first: its key counts.
            None => read_existing(path),
        },
        Err(error) => Err(failed(path, error)),
    }
}

/// The keys in this file, which must be there.
pub(super) fn read_existing(path: &Path) -> Result<Vec<RawKey>, SecretError> {
    read(path, File::open(path).map_err(|error| failed(path, error))?)
}

fn failed(path: &Path, source: std::io::Error) -> SecretError {
    SecretError::KeyFile { path: path.display().to_string(), source }
}

fn read(path: &Path, file: File) -> Result<Vec<RawKey>, SecretError> {
    let none = |why| SecretError::NoKey { path: path.display().to_string(), why };
    let mut text = Zeroizing::new(String::new());
    file.take(LONGEST).read_to_string(&mut text).map_err(|error| failed(path, error))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let key = |line| {
        let bytes = Zeroizing::new(STANDARD.decode(line).map_err(|_| none("its text is no base64"))?);
        <[u8; 32]>::try_from(bytes.as_slice()).map(Zeroizing::new).map_err(|_| none("a key has 32 bytes"))
    };
    let keys = lines.map(key).collect::<Result<Vec<_>, _>>()?;
    if keys.is_empty() { Err(none("it is empty")) } else { Ok(keys) }
}

/// A new key.
pub(super) fn new_key() -> Result<RawKey, SecretError> {
    let mut key = Zeroizing::new([0; 32]);
    SysRng.try_fill_bytes(key.as_mut()).map_err(|_| SecretError::NoRandomness)?;
    Ok(key)
}

/// `None` when another process made one meanwhile. Written beside and linked into place, so that it is never seen half.
fn create(path: &Path) -> Result<Option<RawKey>, SecretError> {
    let key = new_key()?;
    std::fs::create_dir_all(folder_of(path)).map_err(|error| failed(path, error))?;
    let beside = write_beside(path, std::slice::from_ref(&key))?;
    let linked = std::fs::hard_link(&beside, path);
    std::fs::remove_file(&beside).map_err(|error| failed(path, error))?;
    match linked {
        Ok(()) => {
            sync_folder(path)?;
            Ok(Some(key))
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(None),
        Err(error) => Err(failed(path, error)),
    }
}

/// Puts a file with these keys in the place of the one that is there, whole.
pub(super) fn replace(path: &Path, keys: &[RawKey]) -> Result<(), SecretError> {
    let beside = write_beside(path, keys)?;
    std::fs::rename(&beside, path).map_err(|error| failed(path, error))?;
    sync_folder(path)
}

/// Held by the one process that may replace the file.
pub(super) fn lock(path: &Path) -> Result<File, SecretError> {
    let lock = beside(path, ".lock");
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(lock).map_err(|e| failed(path, e))?;
    file.try_lock().map_err(|_| SecretError::Rotating)?;
    Ok(file)
}

fn write_beside(path: &Path, keys: &[RawKey]) -> Result<PathBuf, SecretError> {
    let name = keys.first().map(|key| super::hex(super::id_of(key))).unwrap_or_default();
    let beside = beside(path, &format!(".{name}.{:08x}.new", rand::random::<u32>()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside).map_err(|error| failed(path, error))?;
    let mut text = Zeroizing::new(format!("{HEADER}\n"));
    for key in keys {
        text.push_str(&Zeroizing::new(STANDARD.encode(key.as_ref())));
        text.push('\n');
    }
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|error| failed(path, error))?;
    Ok(beside)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(ending);
    PathBuf::from(beside)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn sync_folder(path: &Path) -> Result<(), SecretError> {
    File::open(folder_of(path)).and_then(|folder| folder.sync_all()).map_err(|error| failed(path, error))
}
