//! Where people are, and when they are awake.

use serde::{Deserialize, Serialize};

use crate::validate::UnknownValue;

text_enum! {
    /// The region in which a person is at home and in which their rows are kept.
    pub enum Region {
        Na = "NA", "North America";
        Eu = "EU", "Europe & Africa";
        Asia = "ASIA", "Asia & Pacific";
        Sa = "SA", "South America";
    }
}

text_enum! {
    /// Whether the work can be done from anywhere.
    pub enum WorkPlace {
        Remote = "remote", "Remote";
        OnSite = "on_site", "On site";
    }
}

/// Minutes east of UTC: −720 to 840, in quarters of an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i16", into = "i16")]
pub struct UtcOffset(i16);

impl UtcOffset {
    pub const UTC: Self = Self(0);

    pub const fn new(minutes: i16) -> Option<Self> {
        if minutes >= -720 && minutes <= 840 && minutes % 15 == 0 { Some(Self(minutes)) } else { None }
    }

    pub const fn minutes(self) -> i16 {
        self.0
    }

    /// Hours a day in which two people are both at work, were each to work nine to five local
    /// time, in minutes: 480 in the same zone, 0 from eight hours apart.
    pub fn shared_minutes(self, other: Self) -> u16 {
        let apart = i32::from(self.0).abs_diff(i32::from(other.0));
        // Twenty-three hours apart is one hour apart, the other way round.
        let apart = apart.min(1440 - apart.min(1440));
        u16::try_from(480_u32.saturating_sub(apart)).unwrap_or(0)
    }

    /// "UTC+05:30".
    pub fn label(self) -> String {
        let sign = if self.0 < 0 { '−' } else { '+' };
        let minutes = self.0.unsigned_abs();
        format!("UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }

    /// The offsets in use, with places people know.
    pub const CHOICES: &'static [(i16, &'static str)] = &[
        (-600, "Honolulu"),
        (-540, "Anchorage"),
        (-480, "Los Angeles, Vancouver"),
        (-420, "Denver, Phoenix"),
        (-360, "Chicago, Mexico City"),
        (-300, "New York, Toronto, Bogotá, Lima"),
        (-240, "Santiago, Caracas, Halifax"),
        (-180, "São Paulo, Buenos Aires, Montevideo"),
        (-120, "South Georgia"),
        (-60, "Azores, Cabo Verde"),
        (0, "London, Lisbon, Accra"),
        (60, "Berlin, Paris, Madrid, Lagos"),
        (120, "Athens, Kyiv, Cairo, Johannesburg"),
        (180, "Istanbul, Nairobi, Riyadh"),
        (210, "Tehran"),
        (240, "Dubai, Tbilisi"),
        (270, "Kabul"),
        (300, "Karachi, Tashkent"),
        (330, "Mumbai, Delhi, Colombo"),
        (345, "Kathmandu"),
        (360, "Dhaka, Almaty"),
        (390, "Yangon"),
        (420, "Bangkok, Hanoi, Jakarta"),
        (480, "Singapore, Manila, Beijing, Perth"),
        (540, "Tokyo, Seoul"),
        (570, "Adelaide"),
        (600, "Sydney, Brisbane"),
        (660, "Nouméa"),
        (720, "Auckland"),
        (780, "Apia"),
    ];
}

impl TryFrom<i16> for UtcOffset {
    type Error = UnknownValue;

    fn try_from(minutes: i16) -> Result<Self, Self::Error> {
        Self::new(minutes).ok_or(UnknownValue { kind: "UtcOffset" })
    }
}

impl From<UtcOffset> for i16 {
    fn from(offset: UtcOffset) -> Self {
        offset.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(h: i16) -> UtcOffset {
        UtcOffset::new(h * 60).unwrap()
    }

    #[test]
    fn shared_hours_shrink_with_distance_and_wrap_round_the_globe() {
        assert_eq!(hours(1).shared_minutes(hours(1)), 480);
        assert_eq!(hours(-5).shared_minutes(hours(1)), 120);
        assert_eq!(hours(-8).shared_minutes(hours(1)), 0);
        assert_eq!(hours(12).shared_minutes(hours(-10)), 360);
    }

    #[test]
    fn an_offset_is_a_quarter_of_an_hour_within_the_world() {
        assert!(UtcOffset::new(330).is_some());
        assert!(UtcOffset::new(331).is_none());
        assert!(UtcOffset::new(855).is_none());
        assert_eq!(UtcOffset::new(-210).unwrap().label(), "UTC−03:30");
    }
}
