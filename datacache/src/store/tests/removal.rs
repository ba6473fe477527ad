use super::*;

#[tokio::test]
async fn entries_with_the_same_bytes_share_a_file_until_the_last_is_removed() {
    let folder = Folder::new();
    let (first, second) = (folder.open().await, folder.open().await);
    first.put(entry("a", large(1))).await.unwrap();
    second.put(entry("b", large(1))).await.unwrap();
    assert_eq!(folder.blob_files().len(), 1);
    assert!(second.remove(&key("a")).await.unwrap());
    assert_eq!(first.get(&key("b")).await.unwrap().unwrap().data, large(1));
    assert!(first.remove(&key("b")).await.unwrap());
    assert_eq!(folder.blob_files().len(), 0);
}

#[tokio::test]
async fn replacing_a_shared_body_keeps_the_file_of_the_other() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.put(entry("a", large(1))).await.unwrap();
    store.put(entry("b", large(1))).await.unwrap();
    store.put(entry("a", large(2))).await.unwrap();
    assert_eq!(folder.blob_files().len(), 2);
    assert_eq!(store.get(&key("b")).await.unwrap().unwrap().data, large(1));
}

/// One entry with a file of its own for each combination of what can be filtered by.
async fn put_combinations(store: &Store) {
    let mut byte = 0;
    for artist in ["Air", "Daft Punk"] {
        for data_type in [DataType::ARTIST_LOGO, DataType::ARTIST_BANNER] {
            for name in ["cdn", "fanarttv"] {
                byte += 1;
                let new = NewEntry {
                    identifier: Some(identifier(artist)),
                    data_type: data_type.clone(),
                    provider: provider(name),
                    ..entry(&format!("{artist}/{data_type}/{name}"), large(byte))
                };
                store.put(new).await.unwrap();
            }
        }
    }
}

fn filters() -> [(Filter, usize); 8] {
    let air = || Filter::all().identifier(identifier("air"));
    let logo = |filter: Filter| filter.data_type(DataType::ARTIST_LOGO);
    let cdn = |filter: Filter| filter.provider(provider("cdn"));
    [
        (Filter::all(), 8),
        (air(), 4),
        (logo(Filter::all()), 4),
        (cdn(Filter::all()), 4),
        (logo(air()), 2),
        (cdn(air()), 2),
        (cdn(logo(Filter::all())), 2),
        (cdn(logo(air())), 1),
    ]
}

fn matches(filter: &Filter, info: &EntryInfo) -> bool {
    filter.identifier.as_ref().is_none_or(|wanted| info.identifier.as_ref() == Some(wanted))
        && filter.data_type.as_ref().is_none_or(|wanted| info.data_type == *wanted)
        && filter.provider.as_ref().is_none_or(|wanted| info.provider == *wanted)
}

#[tokio::test]
async fn a_filter_removes_what_it_matches_with_its_files_and_nothing_else() {
    let folder = Folder::new();
    let store = folder.open().await;
    for (filter, expected) in filters() {
        put_combinations(&store).await;
        assert_eq!(folder.blob_files().len(), 8);
        assert_eq!(store.remove_matching(&filter).await.unwrap(), expected as u64, "{filter:?}");
        let left = store.list(&Filter::all(), 0, 100).await.unwrap();
        assert_eq!(left.len(), 8 - expected);
        assert!(left.iter().all(|(_, info)| !matches(&filter, info)), "{filter:?}");
        let named = left.iter().map(|(_, info)| info.content_checksum.to_string()).collect();
        assert_eq!(folder.blob_files(), named, "{filter:?}");
    }
}

#[tokio::test]
async fn a_filter_lists_what_it_matches_in_the_order_of_storing() {
    let folder = Folder::new();
    let store = folder.open().await;
    put_combinations(&store).await;
    let all = store.list(&Filter::all(), 0, 100).await.unwrap();
    for (filter, expected) in filters() {
        let listed = store.list(&filter, 0, 100).await.unwrap();
        let matching = all.iter().filter(|(_, info)| matches(&filter, info));
        assert!(listed.iter().eq(matching), "{filter:?}");
        assert_eq!(listed.len(), expected, "{filter:?}");
    }
}

#[tokio::test]
async fn removing_takes_as_many_batches_as_it_needs() {
    const MANY: i64 = 1_200;
    let folder = Folder::new();
    let store = folder.open().await;
    insert_images(&store, MANY).await;
    store.put(entry("other", large(1))).await.unwrap();
    let filter = Filter::all().identifier(identifier("Daft Punk"));
    assert_eq!(store.remove_matching(&filter).await.unwrap(), MANY.unsigned_abs());
    assert_eq!(entries(&store).await, 1);
    assert_eq!(folder.blob_files().len(), 1);
}

#[tokio::test]
async fn pages_follow_each_other_without_a_gap_though_entries_come_and_go() {
    let folder = Folder::new();
    let (reader, writer) = (folder.open().await, folder.open().await);
    insert_images(&reader, 250).await;
    let filter = Filter::all().provider(provider("even"));
    let (mut seen, mut after) = (Vec::new(), 0);
    loop {
        let page = reader.list(&filter, after, 50).await.unwrap();
        let Some((last, _)) = page.last() else { break };
        after = *last;
        seen.extend(page.into_iter().map(|(_, info)| info.url));
        writer.remove(&seen[0]).await.unwrap();
    }
    let expected: Vec<Key> = (0..250).step_by(2).map(|n| key(&n.to_string())).collect();
    assert_eq!(seen, expected);
}
