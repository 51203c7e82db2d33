use super::*;

fn with_key(byte: u8) -> Secrets {
    Secrets::with_keys(&[zeroize::Zeroizing::new([byte; 32])]).unwrap()
}

fn secret(text: &str) -> Secret {
    Secret::from(text.to_owned())
}

#[test]
fn a_sealed_secret_opens_again_and_does_not_show() {
    let secrets = with_key(7);
    let sealed = secrets.seal("workspace|account|password", &secret("hunter2")).unwrap();
    assert!(!sealed.windows(7).any(|window| window == b"hunter2"));
    assert_eq!(secrets.open("workspace|account|password", &sealed).unwrap().reveal(), "hunter2");
    assert_ne!(sealed, secrets.seal("workspace|account|password", &secret("hunter2")).unwrap());
    assert_eq!(format!("{:?}", secret("hunter2")), "Secret(…)");
    assert!(!format!("{secrets:?}").contains("hunter2"));
}

#[test]
fn it_opens_only_where_it_belongs() {
    let secrets = with_key(7);
    let sealed = secrets.seal("workspace|account 1|password", &secret("hunter2")).unwrap();
    assert!(matches!(secrets.open("workspace|account 2|password", &sealed), Err(SecretError::Damaged)));
    for position in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[position] ^= 1;
        assert!(secrets.open("workspace|account 1|password", &changed).is_err());
        assert!(secrets.open("workspace|account 1|password", &sealed[..position]).is_err());
    }
}

#[test]
fn another_key_is_named() {
    let (one, other) = (with_key(1), with_key(2));
    let sealed = one.seal("c", &secret("s")).unwrap();
    match other.open("c", &sealed) {
        Err(error @ SecretError::OtherKey { sealed, held }) => {
            assert_eq!((sealed, held), (one.key_id(), other.key_id()));
            assert!(error.to_string().contains(&hex(one.key_id())));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_key_file_is_made_once_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data").join("key");
    let first = Secrets::open_or_create(&path).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("# Tagwire key"));
    assert_eq!(Secrets::open_or_create(&path).unwrap().key_id(), first.key_id());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    assert_eq!(std::fs::read_dir(folder.path().join("data")).unwrap().count(), 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn processes_that_start_together_use_one_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let keys: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..2).map(|_| scope.spawn(|| Secrets::open_or_create(&path).unwrap().key_id())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(keys[0], keys[1]);
}

#[test]
fn a_broken_key_file_is_told_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    for text in ["", "# only a comment\n", "not base64!", "c2hvcnQ="] {
        std::fs::write(&path, text).unwrap();
        assert!(matches!(Secrets::open_or_create(&path), Err(SecretError::NoKey { .. })), "{text:?}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
    assert!(matches!(Secrets::open_or_create(folder.path()), Err(SecretError::KeyFile { .. })));
}

#[test]
fn keys_are_rotated_while_others_seal_and_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let running = Secrets::open_or_create(&path).unwrap();
    let old = running.seal("c", &secret("before")).unwrap();

    let rotation = Rotation::begin(&path).unwrap();
    assert!(matches!(Rotation::begin(&path), Err(SecretError::Rotating)));
    assert_ne!(rotation.secrets().key_id(), running.key_id());
    assert!(!rotation.secrets().is_current(&old));
    assert_eq!(rotation.secrets().open("c", &old).unwrap().reveal(), "before");
    // Whoever runs notices: what it seals from now on is under the new key, and it opens what others seal.
    let new = running.seal("c", &secret("meanwhile")).unwrap();
    assert!(rotation.secrets().is_current(&new));
    let renewed = rotation.secrets().seal("c", &secret("before")).unwrap();
    assert_eq!(running.open("c", &renewed).unwrap().reveal(), "before");
    // A process that begins now has both.
    assert!(Secrets::open_or_create(&path).unwrap().open("c", &old).is_ok());

    rotation.end().unwrap();
    let next = Secrets::open_or_create(&path).unwrap();
    assert_eq!(next.open("c", &renewed).unwrap().reveal(), "before");
    assert!(matches!(next.open("c", &old), Err(SecretError::OtherKey { .. })), "the old key is gone");
    assert!(running.open("c", &old).is_ok(), "who had it keeps it");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert!(Rotation::begin(&path).is_ok());
}

#[test]
fn a_process_that_only_opens_finds_the_new_key_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let running = Secrets::open_or_create(&path).unwrap();
    let rotation = Rotation::begin(&path).unwrap();
    let renewed = rotation.secrets().seal("c", &secret("x")).unwrap();
    rotation.end().unwrap();
    assert_eq!(running.open("c", &renewed).unwrap().reveal(), "x");
}
