//! The providers that are built in, as they describe themselves to their customers.

use super::instructions::{
    AOL, APP_PASSWORD, APPLE, FASTMAIL, GOOGLE, MICROSOFT, PASSWORD, PROTON, T_ONLINE, UNITED_INTERNET, YAHOO, ZOHO,
};
use super::table::{Host, Known, Username};
use crate::mail_accounts::{Authentication, Provider, Security};

const fn tls(name: &'static str, port: u16) -> Host {
    Host(name, port, Security::Tls)
}

const fn starttls(name: &'static str, port: u16) -> Host {
    Host(name, port, Security::StartTls)
}

const fn at(name: &'static str, domains: &'static [&'static str], imap: Host, smtp: Host) -> Known {
    Known {
        name,
        domains,
        exchangers: &[],
        provider: Provider::Imap,
        authentication: Authentication::Password,
        imap,
        smtp: Some(smtp),
        username: Username::Address,
        instructions: PASSWORD,
    }
}

const fn app_password(instructions: &'static [&'static str], known: Known) -> Known {
    Known { authentication: Authentication::AppPassword, instructions, ..known }
}

const fn hosting(exchangers: &'static [&'static str], known: Known) -> Known {
    Known { exchangers, ..known }
}

const fn told(instructions: &'static [&'static str], known: Known) -> Known {
    Known { instructions, ..known }
}

const fn google(known: Known) -> Known {
    Known { provider: Provider::Gmail, ..app_password(GOOGLE, known) }
}

const fn microsoft(known: Known) -> Known {
    Known { provider: Provider::Office365, authentication: Authentication::OAuth2, instructions: MICROSOFT, ..known }
}

/// Domains stand once; what takes the mail of customers' own domains, too.
pub(super) static PROVIDERS: &[Known] = &[
    google(hosting(
        &["google.com", "googlemail.com"],
        at("Gmail", &["gmail.com", "googlemail.com"], tls("imap.gmail.com", 993), tls("smtp.gmail.com", 465)),
    )),
    microsoft(hosting(
        &["olc.protection.outlook.com"],
        at(
            "Outlook.com",
            &[
                "outlook.com",
                "outlook.nl",
                "outlook.be",
                "outlook.de",
                "outlook.fr",
                "hotmail.com",
                "hotmail.nl",
                "hotmail.be",
                "hotmail.de",
                "hotmail.fr",
                "hotmail.co.uk",
                "live.com",
                "live.nl",
                "live.be",
                "live.de",
                "live.fr",
                "live.co.uk",
                "msn.com",
            ],
            tls("outlook.office365.com", 993),
            starttls("smtp-mail.outlook.com", 587),
        ),
    )),
    microsoft(hosting(
        &["mail.protection.outlook.com", "mx.microsoft"],
        at("Office 365", &["onmicrosoft.com"], tls("outlook.office365.com", 993), starttls("smtp.office365.com", 587)),
    )),
    hosting(
        &["kpnmail.nl"],
        at(
            "KPN",
            &["kpnmail.nl", "kpnplanet.nl", "kpn.nl"],
            tls("imap.kpnmail.nl", 993),
            starttls("smtp.kpnmail.nl", 587),
        ),
    ),
    at("Hetnet (KPN)", &["hetnet.nl"], tls("imap.kpnmail.nl", 993), starttls("smtp.kpnmail.nl", 587)),
    at("Planet (KPN)", &["planet.nl"], tls("imap.kpnmail.nl", 993), starttls("smtp.kpnmail.nl", 587)),
    at("Telfort", &["telfort.nl"], tls("imap.telfort.nl", 993), starttls("smtp.telfort.nl", 587)),
    hosting(&["xs4all.nl"], at("XS4ALL", &["xs4all.nl"], tls("imap.xs4all.nl", 993), tls("smtp.xs4all.nl", 465))),
    hosting(
        &["ziggo.nl"],
        at(
            "Ziggo",
            &[
                "ziggo.nl",
                "home.nl",
                "casema.nl",
                "quicknet.nl",
                "upcmail.nl",
                "chello.nl",
                "multiweb.nl",
                "zinders.nl",
            ],
            tls("imap.ziggo.nl", 993),
            starttls("smtp.ziggo.nl", 587),
        ),
    ),
    at("Online.nl", &["online.nl"], tls("imap.online.nl", 993), starttls("smtp.online.nl", 587)),
    at("Freedom Internet", &["freedom.nl"], tls("imap.freedom.nl", 993), tls("smtp.freedom.nl", 465)),
    hosting(&["transip.email"], at("TransIP", &[], tls("imap.transip.email", 993), tls("smtp.transip.email", 465))),
    hosting(&["hostnet.nl"], at("Hostnet", &[], tls("imap.hostnet.nl", 993), starttls("smtp.hostnet.nl", 587))),
    app_password(
        YAHOO,
        hosting(
            &["yahoodns.net"],
            at(
                "Yahoo",
                &[
                    "yahoo.com",
                    "yahoo.co.uk",
                    "yahoo.de",
                    "yahoo.fr",
                    "yahoo.it",
                    "yahoo.es",
                    "ymail.com",
                    "rocketmail.com",
                ],
                tls("imap.mail.yahoo.com", 993),
                tls("smtp.mail.yahoo.com", 465),
            ),
        ),
    ),
    app_password(
        AOL,
        at(
            "AOL",
            &["aol.com", "aim.com", "aol.de", "aol.co.uk", "aol.fr"],
            tls("imap.aol.com", 993),
            tls("smtp.aol.com", 465),
        ),
    ),
    Known {
        username: Username::LocalPart,
        ..app_password(
            APPLE,
            at(
                "iCloud",
                &["icloud.com", "me.com", "mac.com"],
                tls("imap.mail.me.com", 993),
                starttls("smtp.mail.me.com", 587),
            ),
        )
    },
    told(
        UNITED_INTERNET,
        hosting(
            &["gmx.net"],
            at("GMX", &["gmx.net", "gmx.de", "gmx.at", "gmx.ch"], tls("imap.gmx.net", 993), tls("mail.gmx.net", 465)),
        ),
    ),
    told(
        UNITED_INTERNET,
        at(
            "GMX (international)",
            &["gmx.com", "gmx.us", "gmx.co.uk", "gmx.fr", "gmx.es"],
            tls("imap.gmx.com", 993),
            starttls("mail.gmx.com", 587),
        ),
    ),
    told(
        UNITED_INTERNET,
        hosting(&["web.de"], at("WEB.DE", &["web.de"], tls("imap.web.de", 993), starttls("smtp.web.de", 587))),
    ),
    told(
        UNITED_INTERNET,
        hosting(
            &["mail.com"],
            at(
                "mail.com",
                &["mail.com", "email.com", "usa.com", "post.com", "europe.com", "consultant.com"],
                tls("imap.mail.com", 993),
                starttls("smtp.mail.com", 587),
            ),
        ),
    ),
    app_password(
        FASTMAIL,
        hosting(
            &["messagingengine.com"],
            at(
                "Fastmail",
                &["fastmail.com", "fastmail.fm"],
                tls("imap.fastmail.com", 993),
                tls("smtp.fastmail.com", 465),
            ),
        ),
    ),
    told(ZOHO, at("Zoho", &["zoho.com", "zohomail.com"], tls("imap.zoho.com", 993), tls("smtp.zoho.com", 465))),
    told(ZOHO, at("Zoho (Europe)", &["zoho.eu", "zohomail.eu"], tls("imap.zoho.eu", 993), tls("smtp.zoho.eu", 465))),
    told(
        ZOHO,
        hosting(
            &["zoho.com"],
            at("Zoho for organizations", &[], tls("imappro.zoho.com", 993), tls("smtppro.zoho.com", 465)),
        ),
    ),
    told(
        ZOHO,
        hosting(
            &["zoho.eu"],
            at("Zoho for organizations (Europe)", &[], tls("imappro.zoho.eu", 993), tls("smtppro.zoho.eu", 465)),
        ),
    ),
    app_password(
        PROTON,
        hosting(
            &["protonmail.ch"],
            at(
                "Proton, by Proton Mail Bridge",
                &["proton.me", "protonmail.com", "protonmail.ch", "pm.me"],
                starttls("127.0.0.1", 1143),
                starttls("127.0.0.1", 1025),
            ),
        ),
    ),
    app_password(
        T_ONLINE,
        at(
            "T-Online",
            &["t-online.de", "magenta.de"],
            tls("secureimap.t-online.de", 993),
            tls("securesmtp.t-online.de", 465),
        ),
    ),
    hosting(&["freenet.de"], at("freenet", &["freenet.de"], tls("mx.freenet.de", 993), tls("mx.freenet.de", 465))),
    at("Posteo", &["posteo.de", "posteo.net"], tls("posteo.de", 993), tls("posteo.de", 465)),
    hosting(
        &["mailbox.org"],
        at("mailbox.org", &["mailbox.org"], tls("imap.mailbox.org", 993), tls("smtp.mailbox.org", 465)),
    ),
    hosting(&["ionos.de", "kundenserver.de"], at("IONOS", &[], tls("imap.ionos.de", 993), tls("smtp.ionos.de", 465))),
    hosting(&["rzone.de"], at("STRATO", &[], tls("imap.strato.de", 993), tls("smtp.strato.de", 465))),
    at("Orange", &["orange.fr", "wanadoo.fr"], tls("imap.orange.fr", 993), tls("smtp.orange.fr", 465)),
    at("Free", &["free.fr"], tls("imap.free.fr", 993), tls("smtp.free.fr", 465)),
    at("SFR", &["sfr.fr", "neuf.fr"], tls("imap.sfr.fr", 993), tls("smtp.sfr.fr", 465)),
    at("La Poste", &["laposte.net"], tls("imap.laposte.net", 993), tls("smtp.laposte.net", 465)),
    hosting(&["mail.ovh.net"], at("OVHcloud", &[], tls("ssl0.ovh.net", 993), tls("ssl0.ovh.net", 465))),
    hosting(&["mail.gandi.net"], at("Gandi", &[], tls("mail.gandi.net", 993), tls("mail.gandi.net", 465))),
    at(
        "Libero",
        &["libero.it", "inwind.it", "iol.it", "blu.it", "giallo.it"],
        tls("imapmail.libero.it", 993),
        tls("smtp.libero.it", 465),
    ),
    hosting(
        &["telenet-ops.be"],
        at("Telenet", &["telenet.be"], tls("imap.telenet.be", 993), starttls("smtp.telenet.be", 587)),
    ),
    at(
        "Proximus",
        &["proximus.be", "skynet.be", "belgacom.net"],
        tls("imap.proximus.be", 993),
        starttls("relay.proximus.be", 587),
    ),
    at("Bluewin", &["bluewin.ch"], tls("imaps.bluewin.ch", 993), tls("smtpauths.bluewin.ch", 465)),
    hosting(
        &["seznam.cz"],
        at("Seznam", &["seznam.cz", "email.cz", "post.cz"], tls("imap.seznam.cz", 993), tls("smtp.seznam.cz", 465)),
    ),
    at("Comcast", &["comcast.net"], tls("imap.comcast.net", 993), starttls("smtp.comcast.net", 587)),
    app_password(
        APP_PASSWORD,
        hosting(
            &["mx.yandex.net"],
            at("Yandex", &["yandex.com", "yandex.ru"], tls("imap.yandex.com", 993), tls("smtp.yandex.com", 465)),
        ),
    ),
];
