use std::path::PathBuf;

use super::*;

fn mails(count: usize) -> Vec<Bytes> {
    (0..count).map(|number| Bytes::from(format!("Subject: {number}\r\n\r\n{}", "hello ".repeat(number * 10)))).collect()
}

fn file_of(folder: &Path, pack: &str) -> PathBuf {
    folder.join("packs").join(&pack[..2]).join(pack)
}

#[tokio::test]
async fn what_was_written_is_read_from_files_and_from_memory() {
    let folder = tempfile::tempdir().unwrap();
    for blobs in [Blobs::local(folder.path()).unwrap(), Blobs::memory()] {
        let mut messages = mails(50);
        messages.push(Bytes::new());
        let locators = blobs.write_pack(messages.clone()).await.unwrap();
        assert_eq!(locators.len(), messages.len());
        assert!(locators.iter().all(|locator| locator.pack == locators[0].pack));
        for (locator, message) in locators.iter().zip(&messages) {
            assert_eq!(blobs.read(locator).await.unwrap(), message);
        }
        let again = blobs.write_pack(messages).await.unwrap();
        assert_ne!(again[0].pack, locators[0].pack, "the same again is a pack of its own");
    }
    assert!(Blobs::memory().write_pack(Vec::new()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_full_pack_is_followed_by_another() {
    let mut seed = 1_u64;
    let noise = |seed: &mut u64| {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u8::try_from(*seed >> 56).unwrap()
    };
    let messages: Vec<Bytes> = (0..5).map(|_| (0..3 << 20).map(|_| noise(&mut seed)).collect()).collect();
    let blobs = Blobs::memory();
    let locators = blobs.write_pack(messages.clone()).await.unwrap();
    assert_eq!(locators.iter().filter(|locator| locator.offset == 0).count(), 3);
    for (locator, message) in locators.iter().zip(&messages) {
        assert_eq!(blobs.read(locator).await.unwrap(), message);
    }
}

#[tokio::test]
async fn damage_is_told_from_absence() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::local(folder.path()).unwrap();
    let locators = blobs.write_pack(mails(10)).await.unwrap();
    let last = locators.last().unwrap();
    let file = file_of(folder.path(), &last.pack);
    let whole = std::fs::read(&file).unwrap();

    for position in [usize::try_from(last.offset).unwrap(), whole.len() - 1] {
        let mut changed = whole.clone();
        changed[position] ^= 0x40;
        std::fs::write(&file, changed).unwrap();
        assert!(matches!(blobs.read(last).await, Err(BlobError::Damaged(..))));
    }
    for length in [whole.len() - 1, usize::try_from(last.offset).unwrap(), 0] {
        std::fs::write(&file, &whole[..length]).unwrap();
        let result = blobs.read(last).await;
        assert!(matches!(result, Err(BlobError::Damaged(..))), "cut to {length}: {result:?}");
    }
    let shifted = Locator { hash: locators[0].hash, ..last.clone() };
    std::fs::write(&file, &whole).unwrap();
    assert!(matches!(blobs.read(&shifted).await, Err(BlobError::Damaged(..))));
    std::fs::remove_file(&file).unwrap();
    assert!(matches!(blobs.read(last).await, Err(BlobError::Missing(_))));
}

#[tokio::test]
async fn a_claimed_length_does_not_take_memory() {
    // A frame whose head claims 2^40 bytes of content.
    let frame = [0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0];
    let locator = Locator { pack: "x".into(), offset: 0, length: 16, hash: [0; 32] };
    assert!(matches!(pack::unpack(&locator, &frame), Err(BlobError::Damaged(..))));
}

#[cfg(unix)]
#[tokio::test]
async fn the_folder_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let blobs = folder.path().join("new").join("blobs");
    Blobs::local(&blobs).unwrap();
    assert_eq!(std::fs::metadata(&blobs).unwrap().permissions().mode() & 0o777, 0o700);
    std::fs::write(folder.path().join("file"), "").unwrap();
    assert!(matches!(Blobs::local(&folder.path().join("file")), Err(BlobError::Folder(..))));
}

#[tokio::test]
async fn what_is_held_comes_out_in_pieces() {
    use futures_util::TryStreamExt;
    let folder = tempfile::tempdir().unwrap();
    for length in [0, 10, Held::IN_MEMORY, Held::IN_MEMORY + 1, 1 << 20] {
        let bytes: Vec<u8> = (0..length).map(|number| u8::try_from(number % 251).unwrap()).collect();
        let end = length as u64;
        for range in [0..end, end / 3..end / 2, end..end, end.saturating_sub(1)..end] {
            let held = Held::keep(bytes.clone(), folder.path()).await.unwrap();
            assert_eq!(held.length(), end);
            let pieces: Vec<Bytes> = held.pieces(range.clone()).await.unwrap().try_collect().await.unwrap();
            assert!(length <= Held::IN_MEMORY || pieces.iter().all(|piece| piece.len() <= 64 << 10));
            let within = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
            assert!(pieces.concat() == bytes[within], "{length}: {range:?}");
        }
        let held = Held::keep(bytes, folder.path()).await.unwrap();
        assert!(held.pieces(0..end + 1).await.is_err());
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "no file has a name");
}
