//! What stands in the cells of a CSV file: formulas defused, lists of names, lists of lines.

/// What makes a spreadsheet take a cell for a formula when it comes first.
const DANGEROUS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

fn is_dangerous(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(DANGEROUS)
}

/// A cell that no spreadsheet runs. `bare` takes it back, exactly.
pub(super) fn defused(cell: String) -> String {
    if is_dangerous(&cell) { format!("'{cell}") } else { cell }
}

/// A cell without the apostrophe that defused it.
pub(super) fn bare(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_dangerous(rest) => rest,
        _ => cell,
    }
}

/// Names of tags in one cell, separated by commas, semicolons or line ends; one with such a character in it is in quotes.
pub(super) fn names(cell: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = cell.trim_start();
    while !rest.is_empty() {
        let quoted = rest.strip_prefix('"').and_then(quoted);
        let (name, behind) = match quoted {
            Some((name, behind)) if behind.is_empty() || behind.trim_start_matches(' ').starts_with(SEPARATORS) => {
                (name, behind.trim_start_matches(' '))
            }
            _ => {
                let end = rest.find(SEPARATORS).unwrap_or(rest.len());
                let (name, behind) = rest.split_at(end);
                (name.trim().to_owned(), behind)
            }
        };
        names.extend(Some(name).filter(|name| !name.trim().is_empty()));
        rest = behind.strip_prefix(SEPARATORS).unwrap_or(behind).trim_start();
    }
    names
}

const SEPARATORS: [char; 4] = [',', ';', '\n', '\r'];

/// What is up to the closing quote, and what is behind it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut rest = text;
    loop {
        let (part, behind) = rest.split_once('"')?;
        name.push_str(part);
        match behind.strip_prefix('"') {
            Some(further) => {
                name.push('"');
                rest = further;
            }
            None => return Some((name, behind)),
        }
    }
}

/// A tag's name as it is typed: one that begins with `#` needs a second, since the first is not part of a name.
pub(super) fn typed(name: &str) -> String {
    if name.starts_with('#') { format!("#{name}") } else { name.to_owned() }
}

/// The cell of names from which `names` reads the same.
pub(super) fn of_names(names: &[String]) -> String {
    let quoted = names.iter().map(|name| {
        let name = typed(name);
        if name.contains(SEPARATORS) || name.starts_with('"') {
            format!("\"{}\"", name.replace('"', "\"\""))
        } else {
            name
        }
    });
    quoted.collect::<Vec<_>>().join("; ")
}

/// Several values of one cell: lines of it, where it has any; else separated by `separators`.
pub(super) fn values(cell: &str, separators: &[char]) -> Vec<String> {
    let all = |parts: &mut dyn Iterator<Item = &str>| {
        parts.map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned).collect()
    };
    if cell.contains('\n') { all(&mut cell.lines()) } else { all(&mut cell.split(separators)) }
}

/// The cell of values from which `values` reads the same. No value has a line end.
pub(super) fn of_values<'a>(values: impl Iterator<Item = &'a str>, separators: &[char]) -> String {
    let mut cell = values.collect::<Vec<_>>().join("\n");
    if cell.contains(separators) && !cell.contains('\n') {
        cell.push('\n');
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_separated_as_people_do() {
        assert_eq!(names("hot, nl;  be ;;\ncold"), ["hot", "nl", "be", "cold"]);
        assert_eq!(names("\"a, b\"; \"say \"\"hi\"\"\" ,c"), ["a, b", "say \"hi\"", "c"]);
        assert_eq!(names("\"open, x"), ["\"open", "x"]);
        assert_eq!(names("12\" pipe"), ["12\" pipe"]);
        assert_eq!(names(" ; "), [""; 0]);
    }

    #[test]
    fn a_cell_that_looks_like_a_formula_is_text() {
        assert_eq!(defused("=1+1".to_owned()), "'=1+1");
        assert_eq!(defused("'=1+1".to_owned()), "''=1+1");
        assert_eq!(defused("'s-Gravenhage".to_owned()), "'s-Gravenhage");
        assert_eq!(bare("'+31 20"), "+31 20");
        assert_eq!(bare("'s-Gravenhage"), "'s-Gravenhage");
    }

    proptest::proptest! {
        #[test]
        fn every_cell_comes_back(cell in "['=+@\t\ra-]{0,6}") {
            let defused = defused(cell.clone());
            proptest::prop_assert_eq!(bare(&defused), cell);
        }

        #[test]
        fn every_list_of_names_comes_back(names_given in proptest::collection::vec("[a\"#,; ]{0,4}[b\"]", 0..4)) {
            let trimmed: Vec<String> = names_given.iter().map(|name| name.trim().to_owned()).collect();
            let typed: Vec<String> = trimmed.iter().map(|name| typed(name)).collect();
            proptest::prop_assert_eq!(names(&of_names(&trimmed)), typed);
        }
    }
}
