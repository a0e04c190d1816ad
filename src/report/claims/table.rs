//! Tables of a terminal and Markdown, brought into the form that the linter reads: a row is a paragraph, a cell ends a sentence.

/// Columns of a table begin here; prose of the reports is indented by 0, 2, 4 or 8.
const INDENT: usize = 3;
/// A line of a column that is narrower than this is never the rest of the line above.
const NARROW: usize = 6;

/// A text for a terminal in which each row of a table is a paragraph of its cells, parted by tabs. Columns are parted by at
/// least two blanks in every line of the table, rows by a blank line where cells go over several lines. Without blank lines a line
/// belongs to the row above if in none of its cells the first word had room there.
#[must_use]
pub fn of_tables(text: &str) -> String {
    let lines: Vec<Vec<char>> = text.lines().map(|l| l.trim_end().chars().collect()).collect();
    let indent = |line: &[char]| line.iter().position(|c| *c != ' ');
    let mut out = String::with_capacity(text.len());
    let mut i = 0;
    while let Some(line) = lines.get(i) {
        let more = |l: &&Vec<char>| indent(l).is_some_and(|n| n == INDENT || n > INDENT + 1);
        let parted = parted(&lines, i, &more);
        if parted.len() > 1 {
            let starts = columns(&parted.concat());
            parted.iter().for_each(|row| write(&mut one_row(row, &starts), &mut out));
            out.push('\n');
            i += parted.iter().map(|row| row.len() + 1).sum::<usize>() - 1;
            continue;
        }
        let block: Vec<&[char]> = lines.iter().skip(i).take_while(more).map(Vec::as_slice).collect();
        let starts = if indent(line) == Some(INDENT) { columns(&block) } else { Vec::new() };
        if starts.len() < 2 {
            out.extend(line);
            out.push('\n');
            i += 1;
            continue;
        }
        i += block.len();
        rows(&block, &starts, &mut out);
    }
    out
}

/// The rows from line `i` on that are parted by single blank lines, if a table begins there.
fn parted<'a>(lines: &'a [Vec<char>], i: usize, more: &impl Fn(&&Vec<char>) -> bool) -> Vec<Vec<&'a [char]>> {
    let mut rows = Vec::new();
    let mut at = i;
    loop {
        let row: Vec<&[char]> = lines.iter().skip(at).take_while(more).map(Vec::as_slice).collect();
        // The first cell of a later row may be blank.
        let begins = row.first().is_some_and(|line| line.iter().position(|c| *c != ' ') == Some(INDENT));
        if row.is_empty() || (rows.is_empty() && !begins) {
            return rows;
        }
        at += row.len() + 1;
        rows.push(row);
        if lines.get(at - 1).is_none_or(|line| !line.is_empty()) {
            return rows;
        }
    }
}

fn cell(line: &[char], starts: &[usize], n: usize) -> String {
    let from = starts.get(n).copied().unwrap_or(0).min(line.len());
    let to = starts.get(n + 1).copied().unwrap_or(line.len()).clamp(from, line.len().max(from));
    line.get(from..to).unwrap_or_default().iter().collect::<String>().trim().to_owned()
}

/// Each cell is the lines of its column.
fn one_row(lines: &[&[char]], starts: &[usize]) -> Vec<String> {
    let parts = |n| lines.iter().map(move |line| cell(line, starts, n)).filter(|part| !part.is_empty());
    (0..starts.len()).map(|n| parts(n).collect::<Vec<_>>().join(" ")).collect()
}

/// Where columns begin: behind two places that are blank in all lines.
fn columns(block: &[&[char]]) -> Vec<usize> {
    let width = block.iter().map(|l| l.len()).max().unwrap_or(0);
    let blank = |at: usize| block.iter().all(|l| l.get(at).is_none_or(|c| *c == ' '));
    (INDENT..width).filter(|&at| !blank(at) && blank(at - 1) && blank(at - 2)).collect()
}

fn rows(block: &[&[char]], starts: &[usize], out: &mut String) {
    let lines: Vec<Vec<String>> = block.iter().map(|l| (0..starts.len()).map(|n| cell(l, starts, n)).collect()).collect();
    let length = |text: &str| text.chars().count();
    let widths: Vec<usize> =
        (0..starts.len()).map(|n| lines.iter().filter_map(|l| l.get(n)).map(|c| length(c)).max().unwrap_or(0)).collect();
    let goes_on = |above: &str, here: &str, n: usize| {
        let width = widths.get(n).copied().unwrap_or(0);
        let word = here.split(' ').next().unwrap_or_default();
        width >= NARROW && !above.is_empty() && length(above) + 1 + length(word) > width
    };
    // Where something was wrapped, a row has cells of different heights.
    let wrapped = lines.iter().any(|l| {
        let (first, rest) = l.split_first().map_or((true, true), |(f, rest)| (f.is_empty(), rest.iter().all(String::is_empty)));
        first || rest
    });
    let of_hops = lines.first().and_then(|l| l.first()).is_some_and(|head| head == "#");
    let mut row: Vec<String> = Vec::new();
    let mut above: Option<&Vec<String>> = None;
    for line in &lines {
        let new = above.is_none_or(|above| {
            // A table of hops has a number in front, and lines of its own in its cells.
            if of_hops {
                return line.first().is_some_and(|first| !first.is_empty());
            }
            // The rest of a row is the rest of all its cells: one that begins anew, or had room above, begins a row.
            if !wrapped {
                return true;
            }
            let begins = |(n, (a, here)): (usize, (&String, &String))| !here.is_empty() && !goes_on(a, here, n);
            above.iter().zip(line).enumerate().any(begins)
        });
        if new {
            write(&mut row, out);
            row = line.clone();
        } else {
            for (n, here) in line.iter().enumerate().filter(|(_, here)| !here.is_empty()) {
                let over = above.and_then(|a| a.get(n)).map_or("", String::as_str);
                if let Some(cell) = row.get_mut(n) {
                    cell.push(if goes_on(over, here, n) { ' ' } else { '\t' });
                    cell.push_str(here);
                }
            }
        }
        above = Some(line);
    }
    write(&mut row, out);
    out.push('\n');
}

fn write(row: &mut Vec<String>, out: &mut String) {
    if !row.is_empty() {
        out.push('\n');
        out.push_str(&row.join("\t"));
        out.push_str("\n\n");
        row.clear();
    }
}

/// Markdown as text: escapes undone, emphasis and rules of tables taken away. The program breaks no lines in it, so each is a
/// paragraph.
#[must_use]
pub fn of_markdown(markdown: &str) -> String {
    let mut out = String::with_capacity(markdown.len());
    for line in markdown.lines().filter(|l| !l.starts_with("|--")) {
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\\' if chars.peek().is_some_and(char::is_ascii_punctuation) => out.extend(chars.next()),
                '|' => out.push('\t'),
                '*' if chars.peek() == Some(&'*') => drop(chars.next()),
                c => out.push(c),
            }
        }
        out.push_str("\n\n");
    }
    out
}
