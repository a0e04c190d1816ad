//! The material for a European Preservation Order: to a provider, about all its addresses on the paths.

use std::collections::BTreeSet;

use super::super::plan::ask::Form;
use super::super::plan::{Ground, Order, Plan};
use super::facts::{self, About};
use super::{Block, CONFIDENTIAL, Letter, boxes, frame, holders, keep, ledger, matter, part, title};

/// The draft.
pub(super) fn preservation(plan: &Plan, order: &Order) -> Letter {
    let form = Form::PreservationCertificate;
    let provider = match &order.as_name {
        Some(name) => format!("AS{} {name}", order.asn),
        None => format!("AS{}", order.asn),
    };
    let about =
        About { items: order.parts.iter().flat_map(|p| &p.items).map(|i| (i, Ground::Operator)).collect(), one_provider: true };
    let because: BTreeSet<&String> = order.because.iter().collect();
    let mut blocks = vec![Block::Title(title(form).into()), frame::draft_note(form), head(plan, order, &provider)];
    blocks.push(Block::Heading("1. What is asked".into()));
    blocks.extend(asked(plan, order, &provider));
    blocks.extend(matter());
    blocks.push(Block::Heading("3. What was seen".into()));
    blocks.extend(facts::all(plan, &about, None));
    blocks.push(Block::Heading("4. The data, and how they bear on the matter".into()));
    for p in &order.parts {
        blocks.extend(part(p.group, &p.ask_for, &p.items, p.only_if.as_deref()));
    }
    blocks.push(keep(plan, &about));
    blocks.push(Block::Heading("5. Who holds the data".into()));
    blocks.push(Block::Bullets(holders(order.parts.iter().flat_map(|p| &p.items))));
    blocks.push(Block::Heading("6. Why it is urgent".into()));
    blocks.push(Block::Para("How long the provider keeps these data is not known to us: they may be lost any day.".into()));
    blocks.push(Block::Heading("7. Where this comes from".into()));
    blocks.extend(frame::provenance(plan, because, &about));
    blocks.extend(frame::not_said(plan, "Locations are estimates; they say where tables and measurements place a machine."));
    let mut private = frame::of_law(plan);
    private.extend(frame::of_channel("To preserve", &order.preserve));
    private.extend(order.produce.iter().flat_map(|c| frame::of_channel("To have it handed over", c)));
    private.push(ledger(plan, "MEMBER-STATE-OF-THE-ADDRESSEE", "asked"));
    blocks.extend(frame::writer_only(private));
    Letter { name: order.letter.clone(), blocks }
}

fn head(plan: &Plan, order: &Order, provider: &str) -> Block {
    let mut rows = frame::rows(plan, order.addressee.into(), Some(&order.sent_by));
    let c = &order.preserve;
    rows.push(frame::row("Provider", format!("{provider} [[CHECK]]")));
    rows.push(frame::row("Urgency", "[[URGENT, AND WHY]] (see section 6)".into()));
    rows.push(frame::row("Channel", c.kind.to_string()));
    rows.push(frame::row("Legal basis", frame::basis(c, plan)));
    if !c.limit.is_empty() {
        rows.push(frame::row("Time limit", c.limit.to_string()));
    }
    rows.push(frame::row("Language", "[[LANGUAGE THAT THE ADDRESSEE ACCEPTS]] (art. 9(4))".into()));
    Block::Table { head: vec!["", "To fill or to check"], rows }
}

fn asked(plan: &Plan, order: &Order, provider: &str) -> Vec<Block> {
    let limit = |limit: &str| if limit.is_empty() { String::new() } else { format!("; {limit}") };
    let later = order.produce.as_ref().map_or_else(
        || "[[REQUEST FOR PRODUCTION]]".to_owned(),
        |c| format!("European Production Order ({}{})", frame::basis(c, plan), limit(&c.limit)),
    );
    vec![
        Block::Para(format!(
            "This is material for the certificate EPOC-PR. The order itself is issued, or validated, by a judge, a court, an investigating \
             judge or a prosecutor: [[ISSUING AUTHORITY]]. It goes to the provider, at its designated establishment or to its legal \
             representative, wherever its routers and servers are: {}.",
            order.addressee
        )),
        Block::Para(format!(
            "It can be issued {}: [[SERVICE THAT THE PROVIDER OFFERS IN THE UNION, AND HOW THAT IS KNOWN]].",
            order.only_if
        )),
        Block::Para(format!(
            "Measure: preservation of the data named in section 4{}. The request for production that follows: {later}, by [[DATE]]. \
             {CONFIDENTIAL}",
            limit(&order.preserve.limit)
        )),
        Block::Para("What article 6(4) of Regulation (EU) 2023/1543 asks for:".into()),
        boxes::article_6(order, provider),
    ]
}
