//! What the person at the screen is told: what comes next, in order.

/// For a mailbox with a password of its own.
pub(super) fn password() -> Vec<String> {
    vec!["Give the password of the mailbox; where the provider has passwords for apps, one of these.".to_owned()]
}

pub(super) const PASSWORD: &[&str] = &["Give the password that you read this mailbox with."];

pub(super) const GOOGLE: &[&str] = &[
    "Google asks for an App Password: sixteen letters that are made for Tagwire only. Your own password stays with you.",
    "Open your Google account at https://myaccount.google.com and choose Security.",
    "Turn on 2-Step Verification, if it is off: without it there are no App Passwords.",
    "Open https://myaccount.google.com/apppasswords.",
    "Give it the name Tagwire and choose Create.",
    "Copy the sixteen letters here as the password, with or without the spaces.",
];

pub(super) const MICROSOFT: &[&str] = &[
    "Microsoft asks you to sign in and consent in the browser. Tagwire never sees your password.",
    "Sign in there with exactly this address, and allow Tagwire to read your mail.",
    "If Microsoft says that an administrator must consent, ask the administrator of your organization.",
];

pub(super) const YAHOO: &[&str] = &[
    "Yahoo asks for an app password that is made for Tagwire only.",
    "Open https://login.yahoo.com/account/security and choose Generate app password.",
    "Give it the name Tagwire, and copy the password here.",
];

pub(super) const AOL: &[&str] = &[
    "AOL asks for an app password that is made for Tagwire only.",
    "Open https://login.aol.com/account/security and choose Generate app password.",
    "Give it the name Tagwire, and copy the password here.",
];

pub(super) const APPLE: &[&str] = &[
    "Apple asks for an app-specific password that is made for Tagwire only.",
    "Open https://account.apple.com, choose Sign-In and Security, then App-Specific Passwords.",
    "Give it the name Tagwire, and copy the password here.",
];

pub(super) const FASTMAIL: &[&str] = &[
    "Fastmail asks for an app password that is made for Tagwire only.",
    "In Fastmail open Settings, Privacy & Security, then Manage app passwords and access.",
    "Make one for Tagwire with access to IMAP, and copy it here.",
];

pub(super) const ZOHO: &[&str] = &[
    "In Zoho Mail open Settings, Mail Accounts, and turn on IMAP Access.",
    "Where you sign in with two factors, make an application-specific password at https://accounts.zoho.com and give that.",
];

pub(super) const PROTON: &[&str] = &[
    "Proton encrypts mail, so that its servers cannot be read by other programs: Proton Mail Bridge has to be between, which paid plans have.",
    "Run Proton Mail Bridge on a computer that the Tagwire server can reach.",
    "Ask the operator of Tagwire to allow that computer with its port (TAGWIRE_ALLOWED_PRIVATE_HOSTS), and to trust its certificate (TAGWIRE_CA_FILE).",
    "Give its name and port as the IMAP server, and the user name and password that Bridge shows.",
];

pub(super) const UNITED_INTERNET: &[&str] = &[
    "Allow access by other programs first: in the web mail open Settings, POP3/IMAP, and turn it on.",
    "Give the password of the mailbox; where you sign in with two factors, an application-specific one.",
];

pub(super) const T_ONLINE: &[&str] = &[
    "Telekom asks for the password for e-mail programs, which is another than that of your login.",
    "Make it in the e-mail center under Settings, Passwords, and give it here.",
];

pub(super) const APP_PASSWORD: &[&str] = &[
    "This provider asks for an app password that is made for Tagwire only.",
    "Make one in the security settings of your mail account, with access to IMAP, and copy it here.",
];
