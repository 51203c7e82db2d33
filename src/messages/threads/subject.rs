//! Subjects, as far as they tell whether two mails belong together.

use crate::text;

/// What mail programs put before the subject of an answer or of what they forward, folded. A colon follows, maybe behind a count.
#[rustfmt::skip]
const PREFIXES: [&str; 53] = [
    // English, and what most others use.
    "re", "fw", "fwd",
    // Dutch, German.
    "antw", "doorst", "betr", "aw", "antwort", "wg",
    // Danish, Norwegian, Swedish, Finnish, Icelandic.
    "sv", "vs", "vb", "vl", "svar",
    // French, Italian, Spanish, Portuguese, Romanian.
    "ré", "réf", "tr", "r", "ref", "rif", "i", "rv", "res", "enc", "redirecționat",
    // Polish, Czech, Hungarian, Lithuanian, Latvian, Welsh.
    "odp", "pd", "vá", "továbbítás", "ats", "atb", "yml",
    // Turkish, Indonesian, Vietnamese.
    "ynt", "ilt", "bls", "trs", "trả lời",
    // Russian, Greek, Hebrew, Arabic.
    "отв", "ответ", "пересл", "απ", "πρθ", "השב", "הועבר", "رد", "إعادة توجيه",
    // Chinese, Japanese, Korean.
    "回复", "回覆", "答复", "转发", "轉寄", "返信", "회신",
];

/// The subject folded, without signs of answering and forwarding. Tags of mailing lists stay.
#[must_use]
pub(super) fn base(subject: &str) -> String {
    let folded = text::key(subject);
    let mut rest = folded.as_str();
    while let Some(before) = rest.strip_suffix("(fwd)") {
        rest = before.trim_end();
    }
    let mut tags: Vec<&str> = Vec::new();
    loop {
        if let Some(after) = without_prefix(rest) {
            rest = after;
        } else if let Some((tag, after)) = list_tag(rest) {
            // Some programs put the list's tag before the sign of an answer, some behind, some twice.
            if !tags.contains(&tag) {
                tags.push(tag);
            }
            rest = after;
        } else {
            break;
        }
    }
    if !rest.is_empty() {
        tags.push(rest);
    }
    tags.join(" ")
}

fn without_prefix(subject: &str) -> Option<&str> {
    PREFIXES.iter().find_map(|prefix| {
        let after = without_count(subject.strip_prefix(prefix)?.trim_start());
        Some(after.trim_start().strip_prefix(':')?.trim_start())
    })
}

/// `Re[2]:`, `Re(2):`, `Re^2:`, `Re*2:`, `Re2:`.
fn without_count(rest: &str) -> &str {
    let (open, close) = match rest.chars().next() {
        Some('[') => ("[", "]"),
        Some('(') => ("(", ")"),
        Some('^') => ("^", ""),
        Some('*') => ("*", ""),
        _ => ("", ""),
    };
    let inner = rest.strip_prefix(open).unwrap_or(rest);
    let after = inner.trim_start_matches(|c: char| c.is_ascii_digit());
    if after.len() == inner.len() { rest } else { after.strip_prefix(close).unwrap_or(rest) }
}

fn list_tag(subject: &str) -> Option<(&str, &str)> {
    let end = subject.starts_with('[').then(|| subject.find(']'))??.checked_add(1)?;
    Some((subject.get(..end)?, subject.get(end..)?.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_answers_go() {
        for subject in [
            "Offer 12",
            "Re: Offer 12",
            "RE: AW: offer  12",
            "Antw: Re: OFFER 12",
            "Re[2]: Offer 12",
            "Re (3): Offer 12",
            "re^2:offer 12",
            "Re*4: Offer 12",
            "RE2: Offer 12",
            "Fwd: Offer 12",
            "FW: SV: Offer 12",
            "WG: Offer 12",
            "回复：Offer 12",
            "回复: 转发：Offer 12",
            "Ответ: Offer 12",
            "VÁ: Offer 12",
            "Offer 12 (fwd)",
            "Re: Offer 12 (Fwd) (fwd)",
            "Trả lời: offer 12",
            " Re : Offer 12",
        ] {
            assert_eq!(base(subject), "offer 12", "{subject}");
        }
    }

    #[test]
    fn tags_of_lists_stay_wherever_the_answer_is_signed() {
        for subject in ["[list] Offer", "Re: [list] Offer", "[list] Re: Offer", "[List] Re: [list] Fwd: Offer"] {
            assert_eq!(base(subject), "[list] offer", "{subject}");
        }
        assert_eq!(base("[one] [two] x"), "[one] [two] x");
        assert_eq!(base("Re: [list]"), "[list]");
        assert_eq!(base("[open"), "[open");
    }

    #[test]
    fn words_that_only_begin_like_a_sign_stay() {
        for subject in ["reply: yes", "regarding x", "fwdx: y", "re", "12: x", "re[x]: y", "re(2: y"] {
            assert_eq!(base(subject), subject);
        }
    }

    #[test]
    fn nothing_may_be_left() {
        for subject in ["", " ", "Re:", "RE: Fwd: ", "Aw: (fwd)", "回复："] {
            assert_eq!(base(subject), "", "{subject:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_bare_stays_so(subject in "(re|Fwd|\\[a\\]|:|\\[2\\]| |x|\\PC){0,12}") {
            let bare = base(&subject);
            proptest::prop_assert_eq!(base(&format!("Re: {subject}")), bare.clone());
            proptest::prop_assert_eq!(base(&format!("FWD: Aw: {subject}")), bare);
        }
    }
}
