//! Whom to write to in the state that is asked: the table of national law names central authorities, bodies on call and
//! CERTs; where it does not, the kind of body stands. The bodies of a state are not taken for those of a territory with
//! law of its own.

use super::super::tables::{Domestic, named_body};
use super::pair::{Pair, Standing, read_source};

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
                self.named(|d| &d.contact_24_7).unwrap_or_else(|| self.kind("contact point", "on call day and night"))
            }
            Addressee::Central => {
                self.named(|d| &d.mla_authority).unwrap_or_else(|| self.kind("central authority", "for mutual legal assistance"))
            }
        }
    }

    /// A kind of body; of a territory with law of its own it is not known by whose hands a request goes.
    fn kind(&self, what: &str, of_what: &str) -> Body {
        let (book, to) = (&self.law.book, self.to);
        let parent = to.territory(book).and_then(|t| t.parent).filter(|_| to.under_the_law_of(book).is_none());
        match parent {
            Some(parent) => Body {
                name: format!("{what} of {to} {of_what} (whether by way of {parent} is not in the tables)"),
                caveat: Some(format!(
                    "{to} may have law and authorities of its own: those of {parent}, which answers for it, are not taken for them"
                )),
            },
            None => Body { name: format!("{what} of {to} {of_what}"), caveat: None },
        }
    }

    /// The body that a territory's own row under an instrument names, in the words of its declaration.
    pub(super) fn named_in_the_row(&self, statuses: &[Standing<'_>]) -> Option<Body> {
        let row = statuses.iter().find(|s| s.side.as_str() == self.to.as_str())?;
        let body = row.note.split(';').find_map(|part| part.trim().strip_prefix("central authority and 24/7: "))?;
        Some(Body {
            name: body.to_owned(),
            caveat: Some(format!(
                "body named in the row of {} ({}; as of {}): check it before writing",
                self.to, row.grade, row.as_of
            )),
        })
    }

    /// A body that the table of national law names.
    pub(super) fn named(&self, column: impl Fn(&Domestic) -> &str) -> Option<Body> {
        let (row, of) = self.domestic()?;
        let name = named_body(column(row))?;
        let in_law = self.to.in_law_only(&self.law.book);
        let name = match of {
            Some(state) if in_law.is_some() => format!("{name} (of {state}, which answers for {} in law)", self.to),
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
