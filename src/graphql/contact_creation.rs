//! Contacts that are made by themselves.

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Object, SimpleObject};
use entity::{ContactId, MailAccountId, MailMessageId};

use super::block::BlockedAddress;
use super::command::run;
use super::connection;
use super::contact::Contact;
use super::error::ApiError;
use super::id;
use super::mail_account::MailAccount;
use super::mail_account_mutation::MailAccountPayload;
use super::message::Message;
use super::reader::Reader;
use super::scalar::EmailAddress;
use crate::mail_accounts;
use crate::messages::{self, Against, NoContact};

/// Of whom contacts are made by themselves, from mail that arrives or is sent from the moment of the choice. Never of lists, of
/// addresses that nobody reads, of those within the workspace, or of who is blocked. A contact is everyone's in the workspace: so a mailbox
/// begins with NEVER.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "mail_accounts::ContactCreation")]
pub enum ContactCreation {
    /// Of nobody.
    Never,
    /// Of people the owner writes to.
    Sent,
    /// Of people who write, too.
    SentAndReceived,
}

/// Of whom contacts are to be made.
#[derive(InputObject)]
pub struct SetContactCreationInput {
    /// The mailbox, one of the viewer's own.
    pub id: ID,
    /// Of whom.
    pub contact_creation: ContactCreation,
}

/// Choosing of whom contacts are made.
#[derive(Default)]
pub struct ContactCreationMutation;

/// Choosing of whom contacts are made.
#[Object]
impl ContactCreationMutation {
    /// Chooses of whom contacts are made by themselves, from now on.
    async fn set_contact_creation(
        &self,
        ctx: &Context<'_>,
        input: SetContactCreationInput,
    ) -> Result<MailAccountPayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let account = id::decode_or_nil(&input.id);
        let creation = input.contact_creation.into();
        let done =
            run(&["input", "id"], || mail_accounts::set_contact_creation(reader.cx(), reader.db(), account, creation))
                .await?;
        Ok(done.map(|account| MailAccount { account, reader: reader.clone() }).into())
    }
}

/// Why no contact was made.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoContactReason {
    /// There is one.
    ContactExists,
    /// It is no address.
    NotAnAddress,
    /// It is used within the workspace.
    OwnAddress,
    /// Nobody reads what is sent to it.
    NoReply,
    /// It is blocked.
    Blocked,
    /// The viewer has no mailbox.
    NoMailbox,
    /// The mailbox has no mail with it.
    NoMail,
    /// The mailbox makes no contacts.
    Never,
    /// The mail came before that was chosen.
    BeforeChoice,
    /// The mail is spam, or was deleted.
    Junk,
    /// The mail is not finished.
    Draft,
    /// The mail came through a list.
    List,
    /// A machine sent the mail, or it went to a crowd.
    Automatic,
    /// They wrote, and the mailbox makes contacts of those the owner writes to.
    OnlyReceived,
    /// They neither wrote the mail nor did the owner write it to them.
    Bystander,
    /// Nothing is against it: the next mail makes one.
    Nothing,
}

/// Why no contact was made of an address.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct WhyNoContact {
    /// For programs.
    pub reason: NoContactReason,
    /// One plain sentence.
    pub text: String,
    /// What blocks it.
    pub blocked: Option<BlockedAddress>,
    #[graphql(skip)]
    contact: Option<ContactId>,
    #[graphql(skip)]
    account: Option<MailAccountId>,
    #[graphql(skip)]
    mail: Option<MailMessageId>,
    #[graphql(skip)]
    reader: Reader,
}

#[ComplexObject]
impl WhyNoContact {
    /// The contact that there is.
    async fn contact(&self) -> Option<Result<Contact, ApiError>> {
        let contact = self.reader.shared().load_one(self.contact?).await.map_err(ApiError::from);
        Some(contact.transpose()?.map(|contact| Contact { contact, reader: self.reader.clone() }))
    }

    /// The mailbox that it is about; null when it holds for any.
    async fn mail_account(&self) -> Option<Result<MailAccount, ApiError>> {
        let account = self.reader.own().load_one(self.account?).await.map_err(ApiError::from);
        Some(account.transpose()?.map(|account| MailAccount { account, reader: self.reader.clone() }))
    }

    /// The newest mail with it there.
    async fn message(&self) -> Option<Result<Message, ApiError>> {
        let message = self.reader.own().load_one(self.mail?).await.map_err(ApiError::from);
        Some(message.transpose()?.map(|message| Message { message, reader: self.reader.clone() }))
    }
}

impl WhyNoContact {
    fn of(reason: NoContact, reader: &Reader) -> Self {
        use NoContactReason as Reason;
        let mut this = Self {
            reason: Reason::Nothing,
            text: String::new(),
            blocked: None,
            contact: None,
            account: None,
            mail: None,
            reader: reader.clone(),
        };
        let (reason, text) = match reason {
            NoContact::Exists(contact) => {
                this.contact = Some(contact);
                (Reason::ContactExists, "There is a contact with this address.")
            }
            NoContact::NotAnAddress => (Reason::NotAnAddress, "This is not an e-mail address."),
            NoContact::Own => (Reason::OwnAddress, "This address is used within your workspace."),
            NoContact::NoReply => (Reason::NoReply, "Nobody reads what is sent to this address."),
            NoContact::Blocked(blocked) => {
                this.blocked = Some(BlockedAddress::new(blocked));
                (Reason::Blocked, "This address is blocked.")
            }
            NoContact::NoMailbox => (Reason::NoMailbox, "You have connected no mailbox."),
            NoContact::NoMail(account) => {
                this.account = Some(account);
                (Reason::NoMail, "This mailbox has no mail from or to this address.")
            }
            NoContact::Mail(account, mail, against) => {
                (this.account, this.mail) = (Some(account), mail);
                against_mail(against)
            }
            NoContact::Nothing(account, mail) => {
                (this.account, this.mail) = (Some(account), Some(mail));
                (Reason::Nothing, "Nothing is against it: the next mail makes a contact.")
            }
        };
        this.reason = reason;
        text.clone_into(&mut this.text);
        this
    }
}

fn against_mail(against: Against) -> (NoContactReason, &'static str) {
    use NoContactReason as Reason;
    match against {
        Against::Never => (Reason::Never, "This mailbox makes no contacts: that is what its setting says."),
        Against::Before => (Reason::BeforeChoice, "The mail came before you chose that contacts are made."),
        Against::Junk => (Reason::Junk, "The mail lies in the folder of spam or of deleted mail."),
        Against::Draft => (Reason::Draft, "The mail is a draft."),
        Against::List => (Reason::List, "The mail came through a list, or one can unsubscribe from it."),
        Against::Automatic => (Reason::Automatic, "A machine sent the mail, or it went to a crowd."),
        Against::OnlyWrote => (Reason::OnlyReceived, "They wrote to you; contacts are made of those you write to."),
        Against::Bystander => (Reason::Bystander, "They did not write the mail, and you did not write it to them."),
    }
}

/// Answers about contacts that are made by themselves.
#[derive(Default)]
pub struct ContactCreationQuery;

/// Answers about contacts that are made by themselves.
#[Object]
impl ContactCreationQuery {
    /// Why no contact was made of an address: what holds anywhere, else a reason for each of the viewer's mailboxes.
    #[graphql(complexity = "connection::list_cost(child_complexity)")]
    async fn why_no_contact(&self, ctx: &Context<'_>, address: EmailAddress) -> Result<Vec<WhyNoContact>, ApiError> {
        let reader = Reader::of(ctx)?;
        let reasons = messages::why_no_contact(reader.cx(), reader.db(), &address.0).await?;
        Ok(reasons.into_iter().map(|reason| WhyNoContact::of(reason, reader)).collect())
    }
}
