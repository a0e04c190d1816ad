//! OPEN (RFC 4271 4.2): the AS of the speaker and the capabilities that change how later messages are written.

use super::super::record::Reject;
use super::bytes::Bytes;
use super::prefix::Family;
use crate::model::net::Asn;

/// Type of an OPEN.
pub(super) const OPEN: u8 = 1;

/// Path identifiers are understood (RFC 7911 4).
pub(super) const RECEIVES: u8 = 1;
/// Path identifiers will be sent if the other side understands them.
pub(super) const SENDS: u8 = 2;

/// What a speaker said of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Open {
    /// Its AS, the four-byte one if it gave one.
    pub(super) asn: Asn,
    /// It knows four-byte AS numbers (RFC 6793).
    pub(super) four_byte_as: bool,
    /// [`RECEIVES`], [`SENDS`], both or none, by [`Family::index`].
    pub(super) add_path: [u8; 4],
}

impl Open {
    /// Reads the body of an OPEN.
    pub(super) fn read(body: &[u8]) -> Result<Self, Reject> {
        let mut bytes = Bytes(body);
        if bytes.u8()? != 4 {
            return Err(Reject("an OPEN of a BGP version that is not 4"));
        }
        let asn = Asn(u32::from(bytes.u16()?));
        bytes.take(6)?;
        let length = usize::from(bytes.u8()?);
        let mut open = Self { asn, four_byte_as: false, add_path: [0; 4] };
        // Long lists of parameters have a two-byte length, and so has each (RFC 9072).
        let extended = length == 255 && bytes.0.first() == Some(&255);
        let mut parameters = if extended {
            bytes.u8()?;
            let length = bytes.u16()?;
            Bytes(bytes.take(usize::from(length))?)
        } else {
            Bytes(bytes.take(length)?)
        };
        while !parameters.0.is_empty() {
            let kind = parameters.u8()?;
            let length = if extended { usize::from(parameters.u16()?) } else { usize::from(parameters.u8()?) };
            let value = parameters.take(length)?;
            if kind == 2 {
                open.capabilities(value)?;
            }
        }
        Ok(open)
    }

    /// Capabilities (RFC 5492).
    fn capabilities(&mut self, list: &[u8]) -> Result<(), Reject> {
        let mut bytes = Bytes(list);
        while !bytes.0.is_empty() {
            let [code, length] = bytes.array()?;
            let mut value = Bytes(bytes.take(usize::from(length))?);
            match code {
                65 => {
                    self.asn = Asn(value.u32()?);
                    self.four_byte_as = true;
                }
                69 => {
                    while !value.0.is_empty() {
                        let (afi, safi, how) = (value.u16()?, value.u8()?, value.u8()?);
                        if let Some(place) = Family::of(afi, safi).and_then(|f| self.add_path.get_mut(f.index())) {
                            *place = how & (RECEIVES | SENDS);
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}
