//! What the forms and article 29(2) of the Budapest Convention ask for, in their order and with their letters: each is
//! answered by a section of the text, or by a blank that only a person can fill.

use super::super::plan::{Named, Order};
use super::Block;

/// Article 29(2)(a) to (f). `later` is the mutual assistance that is announced.
pub(super) fn article_29(later: &str) -> Vec<String> {
    vec![
        "(a) the authority that seeks the preservation: [[AUTHORITY]], section 2;".into(),
        "(b) the offence, and a brief summary of the facts: sections 2 and 3;".into(),
        "(c) the stored computer data to be preserved, and how they bear on the offence: section 4;".into(),
        "(d) what is known of the custodian of the data, and of where the computer system is: sections 5 and 3;".into(),
        "(e) why the preservation is necessary: [[WHY IT IS NECESSARY]], section 6;".into(),
        format!(
            "(f) that a request for mutual assistance follows: we intend to submit one for the search or similar access, the seizure or \
             similar securing, or the disclosure of the data, by {later}, by [[DATE]]."
        ),
    ]
}

fn row(letter: &str, content: &str, here: &str) -> Vec<String> {
    [letter, content, here].map(str::to_owned).to_vec()
}

/// The sections of Annex A of Directive 2014/41/EU.
pub(super) fn annex_a(from: &Named, to: &Named) -> Block {
    let states = format!("{}; {}", from.words(), to.words());
    Block::Table {
        head: vec!["Section of Annex A", "What it asks for", "Here, or to fill"],
        rows: vec![
            row("A", "issuing State, executing State", &states),
            row("B", "urgency, and a date before which it is to be done", "section 6; [[URGENCY, REASON AND DATE]]"),
            row("C", "the investigative measure", "a provisional measure (art. 32): sections 1 and 4"),
            row("D", "relation to an earlier EIO", "[[NONE, OR ITS REFERENCE, DATE AND ADDRESSEE]]"),
            row("E", "identity of the persons concerned", "no record names one: [[PERSONS CONCERNED, AS FAR AS KNOWN]]"),
            row("F", "type of proceedings", "[[TYPE OF PROCEEDINGS]]"),
            row("G", "summary of the facts", "sections 2 and 3; [[STAGE OF THE INVESTIGATION, AND WHY THE MEASURE IS NEEDED]]"),
            row(
                "G",
                "nature and legal classification of the offence, and the provision",
                "[[OFFENCE, CLASSIFICATION AND PROVISION]]",
            ),
            row(
                "G",
                "one of the 32 categories of Annex D, if the maximum penalty is three years or more",
                "[[CATEGORY, IF ANY]]; [[MAXIMUM PENALTY]]",
            ),
            row(
                "G, art. 6(1)",
                "necessary and proportionate, and open in a similar domestic case",
                "[[GROUNDS OF NECESSITY AND PROPORTIONALITY]]; [[DOMESTIC PROVISION FOR THE MEASURE]]",
            ),
            row(
                "H, provisional measures",
                "are the data handed over or do they stay, and until when",
                "[[HANDED OVER OR TO STAY, AND UNTIL WHEN]], section 1",
            ),
            row("I", "formalities and procedures to keep to", "[[FORMALITIES, AND WHY]]; [[MAY AN OFFICIAL OF YOURS ASSIST]]"),
            row("J", "legal remedies", "[[HAS A REMEDY BEEN SOUGHT]]; [[WHERE ONE CAN BE SOUGHT]]"),
            row("K", "the authority that issued it", "[[ISSUING AUTHORITY, CONTACT AND SIGNATURE]]"),
            row("L", "the judicial authority that validated it", "[[VALIDATING AUTHORITY, IF ANY]]"),
        ],
    }
}

/// Article 6(4)(a) to (g) of Regulation (EU) 2023/1543, with the sections of the certificate (Annex II).
pub(super) fn article_6(order: &Order, provider: &str) -> Block {
    Block::Table {
        head: vec!["Art. 6(4)", "Section of the EPOC-PR", "What it asks for", "Here, or to fill"],
        rows: [
            ("(a)", "A, F, G", "issuing authority, and validating authority", "[[ISSUING AUTHORITY]]; [[VALIDATING AUTHORITY, IF ANY]]"),
            ("(b)", "B", "addressee", &*format!("{}; service provider concerned: {provider} [[CHECK]]", order.addressee)),
            (
                "(c)",
                "C",
                "the user, except where the order is only to identify the user, or another unique identifier",
                "addresses, ports and times: section 3; [[USER OR OTHER UNIQUE IDENTIFIER, IF KNOWN]]",
            ),
            (
                "(d)",
                "D",
                "data category: subscriber data (art. 3(9)), data only to identify the user (art. 3(10)), traffic data (art. 3(11)), \
                 content data (art. 3(12))",
                "[[DATA CATEGORY OF EACH LINE OF SECTION FOUR]]",
            ),
            ("(e)", "C", "time range of the data", "the times of section 3; [[TIME RANGE, WITH TIME ZONE]]"),
            ("(f)", "E", "applicable provisions of the criminal law of the issuing State", "[[OFFENCE AND PROVISION]]"),
            (
                "(g)",
                "in the order, not in the certificate (art. 9(3))",
                "grounds of necessity and proportionality (art. 6(2))",
                "[[GROUNDS OF NECESSITY AND PROPORTIONALITY]]",
            ),
        ]
        .into_iter()
        .map(|(letter, section, content, here)| [letter, section, content, here].map(str::to_owned).to_vec())
        .collect(),
    }
}
