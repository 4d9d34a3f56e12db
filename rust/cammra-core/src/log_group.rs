//! Frames that are written together.

#[cfg(test)]
mod tests;

use crate::error::LogError;
use crate::log_digest::{Digest, Place, put_event, put_image, put_payload};
use crate::log_frame::{FRAME_HEADER, Header, Home, frame_length, kind, to_block};
use crate::log_record::{
    EventFrame, EventId, Head, ImageFrame, KnownId, Summary, put_deliveries, put_images,
};

/// Groups from this length on are filled up: the block saved is more than what is filled.
const FILLED_FROM: u64 = 16 << 10;

/// Frames one after the other from one place of a segment on. A picture `B` is kept as it was given.
#[derive(Debug)]
pub struct Group<B> {
    home: Home,
    begin: u64,
    length: u64,
    /// Everything but pictures.
    own: Vec<u8>,
    /// Each picture, and how much of `own` stands before it.
    pictures: Vec<(usize, B)>,
    digests: Vec<u8>,
    events: usize,
}

/// A piece of what is to be written.
#[derive(Clone, Copy, Debug)]
pub enum Piece<'a, B> {
    /// The group's own bytes.
    Own(&'a [u8]),
    /// A picture as it was given.
    Picture(&'a B),
}

impl<B: AsRef<[u8]>> Group<B> {
    /// One without frames, which is to lie there.
    #[must_use]
    pub const fn new(home: Home, begin: u64) -> Self {
        Self {
            home,
            begin,
            length: 0,
            own: Vec::new(),
            pictures: Vec::new(),
            digests: Vec::new(),
            events: 0,
        }
    }

    /// Where it is to lie.
    #[must_use]
    pub const fn home(&self) -> &Home {
        &self.home
    }

    /// Where its first frame begins.
    #[must_use]
    pub const fn begin(&self) -> u64 {
        self.begin
    }

    /// Bytes so far.
    #[must_use]
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// EVENT frames so far.
    #[must_use]
    pub const fn events(&self) -> usize {
        self.events
    }

    /// The digests of its frames.
    #[must_use]
    pub fn digests(&self) -> &[u8] {
        &self.digests
    }

    /// What is to be written, in order.
    pub fn pieces(&self) -> impl Iterator<Item = Piece<'_, B>> {
        let ends = self.pictures.iter().map(|(end, _)| *end);
        let begins = std::iter::once(0).chain(ends.clone());
        let pictures = self.pictures.iter().map(|(_, picture)| Some(picture));
        begins
            .zip(ends.chain([self.own.len()]))
            .zip(pictures.chain([None]))
            .flat_map(|((begin, end), picture)| {
                let own = self.own.get(begin..end).unwrap_or_default();
                let own = (!own.is_empty()).then_some(Piece::Own(own));
                own.into_iter().chain(picture.map(Piece::Picture))
            })
    }

    /// Begins a segment; must come first, at offset 0.
    ///
    /// # Errors
    /// It is not the first.
    pub fn header(&mut self, version: u16, purpose: u8, size: u64) -> Result<(), LogError> {
        if self.begin != 0 || self.length != 0 {
            return Err(LogError::NotFirst);
        }
        let header = Header {
            version,
            purpose,
            home: self.home,
            size,
        };
        let home = std::mem::take(&mut self.home);
        let put = self.put(kind::HEADER, &header.payload());
        self.home = home;
        put.map(drop)
    }

    /// A JPEG.
    ///
    /// # Errors
    /// It is too long for a frame.
    pub fn image(&mut self, no: u64, key: &[u8], jpeg: B) -> Result<(), LogError> {
        let mut front = Vec::with_capacity(16 + key.len());
        let frame = ImageFrame {
            no,
            key,
            jpeg: jpeg.as_ref(),
        };
        frame.put_front(&mut front);
        let begin = self.offset();
        let payload = [&front[..], frame.jpeg];
        self.home
            .put_header(&mut self.own, begin, kind::IMAGE, &payload)?;
        self.own.extend_from_slice(&front);
        let jpeg_length = frame.jpeg.len();
        let place = self.placed(begin, front.len() + jpeg_length);
        put_image(
            &mut self.digests,
            place,
            no,
            u32::try_from(jpeg_length).unwrap_or(u32::MAX),
            key,
        );
        self.pictures.push((self.own.len(), jpeg));
        let unpadded = FRAME_HEADER + front.len() + jpeg_length;
        let padding = frame_length(front.len() + jpeg_length) - unpadded;
        self.own.resize(self.own.len() + padding, 0);
        Ok(())
    }

    /// An EVENT or TEXT, whose payload begins with a summary of that length.
    ///
    /// # Errors
    /// It is too long for a frame.
    pub fn event(&mut self, kind_byte: u8, payload: &[u8], summary: usize) -> Result<(), LogError> {
        let place = self.put(kind_byte, payload)?;
        let summary = payload.get(..summary).unwrap_or_default();
        put_event(&mut self.digests, kind_byte, place, summary);
        self.events += usize::from(kind_byte == kind::EVENT);
        Ok(())
    }

    /// The event of an EVENT payload once more, as its deliveries stand now; `states` of one that has none left.
    ///
    /// # Errors
    /// That is no such payload.
    pub fn again(
        &mut self,
        payload: &[u8],
        deliveries: &[u8],
        flags: u8,
        states: u8,
    ) -> Result<(), LogError> {
        let event = EventFrame::parse(payload)?;
        let Summary { images, brief, .. } = event.summary;
        let head = Head {
            flags: event.summary.head.flags | flags,
            states,
            ..event.summary.head
        };
        let numbers: Vec<u64> = images.iter().collect();
        let mut out = Vec::with_capacity(payload.len() + deliveries.len());
        head.put(&mut out);
        put_images(&mut out, numbers.into_iter());
        out.extend_from_slice(deliveries);
        brief.put(&mut out);
        let summary = out.len();
        out.extend_from_slice(payload.get(event.summary_bytes.len()..).unwrap_or_default());
        self.event(kind::EVENT, &out, summary)
    }

    /// The event of an EVENT payload without images and deliveries, which ended in these states; `text` is the event.
    ///
    /// # Errors
    /// That is no such payload.
    pub fn text(&mut self, payload: &[u8], states: u8, text: &[u8]) -> Result<(), LogError> {
        let event = EventFrame::parse(payload)?;
        let head = Head {
            states,
            ..event.summary.head
        };
        let mut out = Vec::with_capacity(payload.len());
        head.put(&mut out);
        put_images(&mut out, std::iter::empty());
        put_deliveries(&mut out, std::iter::empty());
        event.summary.brief.put(&mut out);
        let summary = out.len();
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        out.extend(length.to_le_bytes());
        out.extend_from_slice(text);
        self.event(kind::TEXT, &out, summary)
    }

    /// The ids of the events in these digests that are still to be known when the events are gone.
    ///
    /// # Errors
    /// They are too many for a frame.
    pub fn ids(
        &mut self,
        digests: &[u8],
        is_known: impl Fn(&EventId) -> bool,
    ) -> Result<(), LogError> {
        let mut out = Vec::new();
        for digest in Digest::each(digests).flatten() {
            match digest {
                Digest::Event(_, event) | Digest::Text(_, event) if is_known(&event.head.id) => {
                    KnownId::of(&event.head).put(&mut out);
                }
                Digest::Ids(payload) => KnownId::each(payload)
                    .filter(|known| is_known(&known.id))
                    .for_each(|known| known.put(&mut out)),
                _ => {}
            }
        }
        if out.is_empty() {
            return Ok(());
        }
        self.payload(kind::IDS, &out)
    }

    /// A frame whose digest is its payload.
    ///
    /// # Errors
    /// It is too long for a frame.
    pub fn payload(&mut self, kind_byte: u8, payload: &[u8]) -> Result<(), LogError> {
        self.put(kind_byte, payload)?;
        put_payload(&mut self.digests, kind_byte, payload);
        Ok(())
    }

    /// Ends a long group with zeros up to the next block, so that no block is written a second time with the next group.
    pub fn fill_block(&mut self) {
        if self.length >= FILLED_FROM {
            let zeros = to_block(self.offset());
            self.own.resize(self.own.len() + zeros, 0);
            self.length += zeros as u64;
        }
    }

    fn put(&mut self, kind_byte: u8, payload: &[u8]) -> Result<Place, LogError> {
        let begin = self.offset();
        self.home
            .put_header(&mut self.own, begin, kind_byte, &[payload])?;
        self.own.extend_from_slice(payload);
        let padding = frame_length(payload.len()) - FRAME_HEADER - payload.len();
        self.own.resize(self.own.len() + padding, 0);
        Ok(self.placed(begin, payload.len()))
    }

    const fn offset(&self) -> u64 {
        self.begin.saturating_add(self.length)
    }

    fn placed(&mut self, offset: u64, payload: usize) -> Place {
        let length = frame_length(payload);
        self.length += length as u64;
        Place {
            offset,
            length: u32::try_from(length).unwrap_or(u32::MAX),
        }
    }
}
