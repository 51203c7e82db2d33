//! The closed list of rights.

/// What a user may do. Set by an Admin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Right {
    /// Everything but `ViewPrivateMail`, and setting rights.
    Admin,
    /// Inviting colleagues.
    InviteUsers,
    /// Administering tags.
    ManageTags,
    /// Buying licenses.
    ManageLicenses,
    /// Deleting contacts.
    DeleteContacts,
    /// Merging contacts.
    MergeContacts,
    /// Importing and exporting contacts.
    ImportExport,
    /// Seeing messages marked private in mailboxes that are shared with the holder.
    ViewPrivateMail,
}

impl Right {
    /// Every right, in the order of the API.
    pub const ALL: [Self; 8] = [
        Self::Admin,
        Self::InviteUsers,
        Self::ManageTags,
        Self::ManageLicenses,
        Self::DeleteContacts,
        Self::MergeContacts,
        Self::ImportExport,
        Self::ViewPrivateMail,
    ];

    /// The API's name of it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "ADMIN",
            Self::InviteUsers => "INVITE_USERS",
            Self::ManageTags => "MANAGE_TAGS",
            Self::ManageLicenses => "MANAGE_LICENSES",
            Self::DeleteContacts => "DELETE_CONTACTS",
            Self::MergeContacts => "MERGE_CONTACTS",
            Self::ImportExport => "IMPORT_EXPORT",
            Self::ViewPrivateMail => "VIEW_PRIVATE_MAIL",
        }
    }

    const fn bit(self) -> i64 {
        1 << self as u8
    }
}

impl std::str::FromStr for Right {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|right| right.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| format!("there is no right {name}; the rights are {}", Self::ALL.map(Self::name).join(", ")))
    }
}

/// A set of rights, as stored: one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Rights(i64);

impl Rights {
    /// The stored bits.
    #[must_use]
    pub const fn bits(self) -> i64 {
        self.0
    }

    /// A set from its stored bits.
    #[must_use]
    pub const fn from_bits(bits: i64) -> Self {
        Self(bits)
    }

    /// Whether this right was given by name.
    #[must_use]
    pub const fn contains(self, right: Right) -> bool {
        self.0 & right.bit() != 0
    }

    /// Whether the holder may do this: given by name, or implied by ADMIN.
    #[must_use]
    pub fn allow(self, right: Right) -> bool {
        self.contains(right) || (right != Right::ViewPrivateMail && self.contains(Right::Admin))
    }

    /// The rights given by name, in the order of the API.
    pub fn iter(self) -> impl Iterator<Item = Right> {
        Right::ALL.into_iter().filter(move |right| self.contains(*right))
    }
}

impl FromIterator<Right> for Rights {
    fn from_iter<I: IntoIterator<Item = Right>>(rights: I) -> Self {
        Self(rights.into_iter().fold(0, |bits, right| bits | right.bit()))
    }
}
