//! What exporters say of their sampling: in options, per domain, per sampler or per interface, or in the record itself.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::fields::Field;
use super::values::Values;

/// Exporter, version, observation domain.
pub(super) type Key = (IpAddr, u16, u32);

/// Samplers and interfaces kept per domain.
const MAX_RATES: usize = 256;

/// Fields that tell a rate.
const RATE: u64 = Field::SamplingInterval.bit()
    | Field::RandomInterval.bit()
    | Field::PacketInterval.bit()
    | Field::PacketSpace.bit()
    | Field::SamplingSize.bit()
    | Field::SamplingPopulation.bit();

/// What a rate holds for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Scope {
    All,
    Sampler(u64),
    Interface(u64),
}

/// What the options of a domain said.
#[derive(Debug, Default)]
pub(super) struct Domain {
    rates: BTreeMap<Scope, u32>,
    /// When the exporter started, in milliseconds since 1970.
    pub(super) started_ms: Option<u64>,
}

/// One packet in how many: the interval (34, 50), or packets taken and left out in turn (305, 306; RFC 5477 8.2.2), or so
/// many out of so many (309, 310). `None` if the record does not say.
fn rate(values: &Values) -> Option<u32> {
    if !values.any(RATE) {
        return None;
    }
    let quotient = |all: u64, taken: u64| (all.saturating_add(taken / 2)).checked_div(taken);
    let rate = values
        .some(Field::SamplingInterval)
        .or_else(|| values.some(Field::RandomInterval))
        .or_else(|| {
            let (taken, left) = (values.some(Field::PacketInterval)?, values.get(Field::PacketSpace)?);
            quotient(taken.saturating_add(left), taken)
        })
        .or_else(|| quotient(values.some(Field::SamplingPopulation)?, values.some(Field::SamplingSize)?))?;
    u32::try_from(rate.max(1)).ok()
}

impl Domain {
    /// Does an options record say something that is kept?
    pub(super) fn worth_keeping(values: &Values) -> bool {
        values.any(Field::InitMillis.bit()) || rate(values).is_some()
    }

    /// Keeps what an options record says.
    pub(super) fn learn(&mut self, values: &Values) {
        self.started_ms = values.some(Field::InitMillis).or(self.started_ms);
        let Some(rate) = rate(values) else { return };
        let scope = match (values.get(Field::Sampler), values.get(Field::Interface)) {
            (Some(sampler), _) => Scope::Sampler(sampler),
            (None, Some(interface)) => Scope::Interface(interface),
            (None, None) => Scope::All,
        };
        if self.rates.len() < MAX_RATES || self.rates.contains_key(&scope) {
            self.rates.insert(scope, rate);
        }
    }

    /// The rate for a flow record: of the sampler that it names, of the interface, of all. A record that names no sampler
    /// was taken by the only one, if there is only one.
    fn rate_of(&self, values: &Values) -> Option<u32> {
        let of = |scope| self.rates.get(&scope).copied();
        let of_sampler = values.get(Field::Sampler).map(Scope::Sampler);
        let of_interface = values.get(Field::Interface).map(Scope::Interface);
        of_sampler.and_then(of).or_else(|| of_interface.and_then(of)).or_else(|| of(Scope::All)).or_else(|| {
            match self.rates.iter().next() {
                Some((Scope::Sampler(_), rate)) if self.rates.len() == 1 && of_sampler.is_none() => Some(*rate),
                _ => None,
            }
        })
    }
}

/// One packet in how many was looked at for this record; 1 if nobody says otherwise.
#[inline]
pub(super) fn of_record(values: &Values, domain: Option<&Domain>) -> u32 {
    rate(values).or_else(|| domain?.rate_of(values)).unwrap_or(1)
}
