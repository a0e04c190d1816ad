//! Whom to write to in the state that is asked: the table of national law names central authorities, bodies on call and
//! CERTs; where it does not, the kind of body stands.

use super::super::tables::Domestic;
use super::pair::{Pair, read_source};

/// Who receives a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Addressee {
    /// The provider's place of business or representative in the Union.
    Provider,
    /// The provider itself, by way of the asker's own designated authority.
    ProviderByDesignated,
    /// A judicial authority.
    Judicial,
    /// The body on call day and night.
    OnCall,
    /// The central authority for mutual legal assistance.
    Central,
}

/// A body, and what is to be known of where its name comes from.
pub(super) struct Body {
    pub(super) name: String,
    pub(super) caveat: Option<String>,
}

impl Pair<'_> {
    pub(super) fn body(&self, who: Addressee) -> Body {
        let (from, to) = (self.from, self.to);
        let kind = |name: String| Body { name, caveat: None };
        match who {
            Addressee::Provider => kind(format!("designated establishment or legal representative of the provider in {to}")),
            Addressee::ProviderByDesignated => kind(format!("provider in {to}, by way of the designated authority of {from}")),
            Addressee::Judicial => kind(format!("executing judicial authority of {to}")),
            Addressee::OnCall => {
                self.named(|d| &d.contact_24_7).unwrap_or_else(|| kind(format!("contact point of {to} on call day and night")))
            }
            Addressee::Central => self
                .named(|d| &d.mla_authority)
                .unwrap_or_else(|| kind(format!("central authority of {to} for mutual legal assistance"))),
        }
    }

    /// A body that the table of national law names.
    pub(super) fn named(&self, column: impl Fn(&Domestic) -> &str) -> Option<Body> {
        let (row, of) = self.domestic()?;
        let name = known(column(row))?;
        let name = match of {
            Some(state) => format!("{name} (of {state}, which answers for {})", self.to),
            None => name.to_owned(),
        };
        let caveat = format!(
            "body named by the table of national law, which has no as-of date ({}; {}): check it before writing",
            row.cited.grade,
            read_source(&row.cited.source)
        );
        Some(Body { name, caveat: Some(caveat) })
    }
}

/// A cell that names somebody.
fn known(cell: &str) -> Option<&str> {
    let nobody = ["", "none", "none known", "none confirmed", "unknown"];
    (!nobody.contains(&cell.trim())).then(|| cell.trim())
}
