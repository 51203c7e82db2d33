//! Threads follow from the mails alone: not from their order, not from how many come at once.

use std::collections::{BTreeMap, BTreeSet};

use entity::{MailAccountId, MailMessageId, MailThreadId, Timestamp, WorkspaceId, mail_message};
use proptest::prelude::*;
use uuid::Uuid;

use super::joining::{Joining, Known};
use super::ties::{IdHash, Key, SubjectHash, Ties};

#[derive(Clone, Debug, Default)]
struct Mail {
    id: Option<u8>,
    parent: Option<u8>,
    references: Vec<u8>,
    subject: &'static str,
    provider: Option<u8>,
}

fn row(number: u128, mail: &Mail) -> mail_message::Model {
    let references: Vec<String> = mail.references.iter().map(|id| format!("{id}@test")).collect();
    mail_message::Model {
        workspace: WorkspaceId(Uuid::nil()),
        id: MailMessageId(Uuid::from_u128(number)),
        account: MailAccountId(Uuid::nil()),
        identity: Vec::new(),
        message_id: mail.id.map(|id| format!("{id}@test")),
        in_reply_to: mail.parent.map(|id| format!("{id}@test")),
        reference_ids: references.join(" "),
        provider_thread: mail.provider.map(|thread| thread.to_string()),
        thread: None,
        subject: mail.subject.to_owned(),
        snippet: String::new(),
        sent_at: None,
        received_at: Timestamp(0),
        size: 0,
        partial: false,
        has_attachment: false,
        private: false,
        blocked: false,
        bulk: None,
        seen: false,
        flagged: false,
        answered: false,
        locations: 1,
        gone_at: None,
        hidden: false,
        pack: String::new(),
        pack_offset: 0,
        pack_length: 0,
        hash: Vec::new(),
        version: 1,
        created_at: Timestamp(0),
        search_place: None,
    }
}

/// What the database keeps.
#[derive(Default)]
struct Kept {
    threads: BTreeMap<MailMessageId, MailThreadId>,
    keys: BTreeMap<Key, (MailMessageId, bool, bool)>,
    made: u128,
}

impl Kept {
    fn known(&self, key: Key) -> Option<Known> {
        let (message, owned, answered) = *self.keys.get(&key)?;
        let thread = *self.threads.get(&message)?;
        Some(Known { key, message, thread, owned, answered })
    }

    fn under_any(&self, id: IdHash) -> Vec<Known> {
        let range = id.under(SubjectHash::NONE)..=id.under(SubjectHash::LAST);
        self.keys.range(range).filter_map(|(key, _)| self.known(*key)).collect()
    }

    fn store(&mut self, mails: &[(u128, Mail)]) {
        let rows: Vec<_> = mails.iter().map(|(number, mail)| row(*number, mail)).collect();
        let ties: Vec<Ties> = rows.iter().map(Ties::of).collect();
        let mut joining = Joining::default();
        for key in ties.iter().flat_map(Ties::keys).collect::<BTreeSet<_>>() {
            self.known(key).into_iter().for_each(|known| joining.know(known));
        }
        let open = joining.open(&ties);
        for id in open.owned {
            self.under_any(id).into_iter().filter(|known| known.answered).for_each(|known| joining.know(known));
        }
        for id in open.answered {
            self.under_any(id).into_iter().filter(|known| known.owned).for_each(|known| joining.know(known));
        }
        for (row, ties) in rows.iter().zip(&ties) {
            joining.add(row.id, ties);
        }
        let merging = joining.merging().len();
        let joined = joining.finish(
            |group| group.first().copied(),
            || {
                self.made += 1;
                MailThreadId(Uuid::from_u128(self.made))
            },
        );
        assert_eq!(merging == 0, joined.moves.is_empty());
        for (from, into) in joined.moves {
            self.threads.values_mut().filter(|thread| **thread == from).for_each(|thread| *thread = into);
        }
        self.threads.extend(rows.iter().map(|row| row.id).zip(joined.threads));
        let keys = joined.keys.into_iter();
        self.keys.extend(keys.map(|(key, message, owned, answered)| (key, (message, owned, answered))));
    }

    fn partition(&self) -> BTreeSet<BTreeSet<u128>> {
        let mut by_thread: BTreeMap<MailThreadId, BTreeSet<u128>> = BTreeMap::new();
        for (message, thread) in &self.threads {
            by_thread.entry(*thread).or_default().insert(message.0.as_u128());
        }
        by_thread.into_values().collect()
    }
}

fn partition(mails: &[(u128, Mail)], sizes: &[usize]) -> BTreeSet<BTreeSet<u128>> {
    let mut kept = Kept::default();
    let (mut rest, mut sizes) = (mails, sizes.iter().cycle());
    while !rest.is_empty() {
        let size = sizes.next().copied().unwrap_or(1).clamp(1, rest.len());
        let (some, after) = rest.split_at(size);
        kept.store(some);
        rest = after;
    }
    kept.partition()
}

/// The rule itself, mail against mail.
fn belong_together(one: &Mail, other: &Mail) -> bool {
    if one.provider.is_some() || other.provider.is_some() {
        return one.provider == other.provider;
    }
    let base = |mail: &Mail| super::subject::base(mail.subject);
    let parent = |mail: &Mail| mail.parent.or(mail.references.last().copied());
    let ids = |mail: &Mail| -> BTreeSet<u8> {
        mail.id.into_iter().chain(mail.parent).chain(mail.references.clone()).collect()
    };
    let answers = |one: &Mail, other: &Mail| one.id.is_some() && one.id == parent(other);
    let shares = !ids(one).is_disjoint(&ids(other));
    base(one) == base(other) && shares
        || (base(one).is_empty() || base(other).is_empty()) && (answers(one, other) || answers(other, one))
}

fn by_the_rule(mails: &[(u128, Mail)]) -> BTreeSet<BTreeSet<u128>> {
    let mut groups: Vec<Vec<&(u128, Mail)>> = Vec::new();
    for mail in mails {
        let (with, without): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|group| group.iter().any(|(_, other)| belong_together(&mail.1, other)));
        groups = without;
        groups.push(with.into_iter().flatten().chain([mail]).collect());
    }
    groups.into_iter().map(|group| group.into_iter().map(|(number, _)| *number).collect()).collect()
}

fn mails() -> impl Strategy<Value = Vec<(u128, Mail)>> {
    let id = || prop::option::weighted(0.8, 0_u8..9);
    let subject = prop::sample::select(vec!["", "Re:", "offer", "Re: Offer", "lunch", "AW: lunch"]);
    let provider = prop::option::weighted(0.1, 0_u8..2);
    let mail = (id(), prop::option::weighted(0.4, 0_u8..9), prop::collection::vec(0_u8..9, 0..3), subject, provider);
    let mail =
        mail.prop_map(|(id, parent, references, subject, provider)| Mail { id, parent, references, subject, provider });
    prop::collection::vec(mail, 1..14).prop_map(|mails| (1..).zip(mails).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn any_order_gives_the_same_threads(
        (there, shuffled) in mails().prop_flat_map(|mails| (Just(mails.clone()), Just(mails).prop_shuffle())),
        sizes in prop::collection::vec(1_usize..6, 1..4),
    ) {
        let expected = by_the_rule(&there);
        prop_assert_eq!(partition(&there, &[1]), expected.clone());
        prop_assert_eq!(partition(&shuffled, &sizes), expected.clone());
        prop_assert_eq!(partition(&shuffled, &[there.len()]), expected);
    }
}

fn mail(id: u8, references: &[u8], subject: &'static str) -> Mail {
    Mail { id: Some(id), references: references.to_vec(), subject, ..Mail::default() }
}

fn threads(mails: Vec<Mail>) -> usize {
    partition(&(1..).zip(mails).collect::<Vec<_>>(), &[1]).len()
}

#[test]
fn a_late_parent_joins_what_answered_it() {
    let (root, one, two) = (mail(1, &[], "Offer"), mail(2, &[1], "Re: Offer"), mail(3, &[2], "AW: Re: Offer"));
    assert_eq!(threads(vec![two.clone(), root.clone()]), 2);
    assert_eq!(threads(vec![two, root, one]), 1);
}

#[test]
fn an_id_under_another_subject_joins_nothing() {
    assert_eq!(threads(vec![mail(1, &[], "Offer"), mail(2, &[1], "Lunch")]), 2);
    assert_eq!(threads(vec![mail(1, &[], "Offer"), mail(1, &[], "Lunch")]), 2);
    assert_eq!(threads(vec![mail(1, &[], "Offer"), mail(2, &[], "Offer")]), 2);
}

#[test]
fn mail_without_a_subject_belongs_to_what_it_answers_and_to_nothing_else() {
    assert_eq!(threads(vec![mail(1, &[], "Offer"), mail(2, &[1], "")]), 1);
    assert_eq!(threads(vec![mail(1, &[], "Re:"), mail(2, &[1], "Offer")]), 1);
    // It names what began it too, but answers only the last.
    assert_eq!(threads(vec![mail(1, &[], "Offer"), mail(2, &[], "Lunch"), mail(3, &[1, 2], "")]), 2);
}

#[test]
fn mail_without_ids_is_alone() {
    let bare = Mail { subject: "Offer", ..Mail::default() };
    assert_eq!(threads(vec![bare.clone(), bare]), 2);
}

#[test]
fn what_the_server_says_is_all_that_counts() {
    let with = |provider, mail| Mail { provider: Some(provider), ..mail };
    assert_eq!(threads(vec![with(1, mail(1, &[], "Offer")), with(1, mail(2, &[], "Lunch"))]), 1);
    assert_eq!(threads(vec![with(1, mail(1, &[], "Offer")), with(2, mail(2, &[1], "Offer"))]), 2);
}

#[test]
fn of_very_many_ids_the_first_and_the_newest_count() {
    let many = mail(0, &(1..=200).collect::<Vec<u8>>(), "Offer");
    assert_eq!(Ties::of(&row(1, &many)).shared.len(), 51);
    assert_eq!(threads(vec![many.clone(), mail(1, &[], "Offer")]), 1);
    assert_eq!(threads(vec![many.clone(), mail(200, &[], "Offer")]), 1);
    assert_eq!(threads(vec![many, mail(100, &[], "Offer")]), 2);
}
