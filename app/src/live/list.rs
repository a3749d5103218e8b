//! A ranked list that changes by messages.

use domain::{
    JobId, UserId,
    feed::{CandidateCard, CandidatesChange, FeedEvent, MatchCard},
    receipt::Score,
};

/// What can stand in a ranked list.
pub(super) trait Ranked {
    type Id: Copy + Ord;

    fn id(&self) -> Self::Id;
    fn score(&self) -> Score;
}

impl Ranked for MatchCard {
    type Id = JobId;

    fn id(&self) -> JobId {
        self.job_id
    }

    fn score(&self) -> Score {
        self.score
    }
}

impl Ranked for CandidateCard {
    type Id = UserId;

    fn id(&self) -> UserId {
        self.freelancer_id
    }

    fn score(&self) -> Score {
        self.score
    }
}

/// A card in its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Item<C> {
    pub card: C,
    /// The message that brought this state of the card; 0 for what came with the page. Together
    /// with the id it tells whether the card on the screen is still this one.
    pub seq: i64,
    /// Whether it joined the list while the page was open.
    pub is_new: bool,
}

/// Cards in the order of the server: the best first, equal ones by their ids.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct List<C>(Vec<Item<C>>);

impl<C: Ranked + Clone> List<C> {
    /// The list as it came with the page, in its order.
    pub(super) fn new(cards: Vec<C>) -> Self {
        Self(cards.into_iter().map(|card| Item { card, seq: 0, is_new: false }).collect())
    }

    pub(super) fn items(&self) -> &[Item<C>] {
        &self.0
    }

    /// Puts a card into its rank, in the place of an earlier state of it. Gives whether it is new.
    fn put(&mut self, card: C, seq: i64, may_be_new: bool) -> bool {
        let before = self.take(card.id());
        let joined = before.is_none();
        let is_new = before.map_or(may_be_new, |item| item.is_new);
        let (score, id) = (card.score(), card.id());
        let place = self.0.partition_point(|item| {
            let other = item.card.score();
            other > score || (other == score && item.card.id() < id)
        });
        self.0.insert(place, Item { card, seq, is_new });
        joined
    }

    fn take(&mut self, id: C::Id) -> Option<Item<C>> {
        let place = self.0.iter().position(|item| item.card.id() == id)?;
        Some(self.0.remove(place))
    }
}

impl List<MatchCard> {
    /// Applies a message. Gives the match that is news, if there is one.
    pub(super) fn apply(&mut self, seq: i64, event: FeedEvent) -> Option<MatchCard> {
        match event {
            FeedEvent::MatchAdded(card) => self.put(card.clone(), seq, true).then_some(card),
            FeedEvent::MatchUpdated(card) => {
                self.put(card, seq, false);
                None
            }
            FeedEvent::MatchRemoved { job_id, .. } => {
                self.take(job_id);
                None
            }
            FeedEvent::CandidatesChanged(_) | FeedEvent::Reset {} => None,
        }
    }
}

impl List<CandidateCard> {
    /// Applies a change of the candidates. Gives those who joined.
    pub(super) fn apply(&mut self, seq: i64, change: CandidatesChange) -> Vec<CandidateCard> {
        for id in change.removed {
            self.take(id);
        }
        change.upserted.into_iter().filter(|card| self.put(card.clone(), seq, true)).collect()
    }
}

#[cfg(test)]
mod tests {
    use domain::feed::RemovalReason;
    use serde_json::json;

    use super::*;

    fn id(n: u8) -> JobId {
        JobId::from_uuid(format!("00000000-0000-7000-8000-0000000000{n:02x}").parse().expect("a UUID"))
    }

    fn card(n: u8, ppm: u32) -> MatchCard {
        let card = json!({
            "job_id": id(n), "title": format!("Job {n}"), "client_name": "C", "budget": "$1", "place": "Remote",
            "published_ms": 0, "score": ppm, "summary": "", "reasons": [],
        });
        serde_json::from_value(card).expect("a card")
    }

    fn candidate(n: u8, ppm: u32) -> CandidateCard {
        let card = json!({
            "freelancer_id": id(n), "name": "A", "title": "T", "rate": "$1", "place": "P", "score": ppm,
            "summary": "", "reasons": [],
        });
        serde_json::from_value(card).expect("a card")
    }

    fn order<C: Ranked + Clone>(list: &List<C>) -> Vec<C::Id> {
        list.items().iter().map(|item| item.card.id()).collect()
    }

    #[test]
    fn a_new_match_goes_to_its_rank_and_is_news() {
        let mut list = List::new(vec![card(1, 900_000), card(2, 700_000)]);
        let news = list.apply(5, FeedEvent::MatchAdded(card(3, 800_000)));
        assert_eq!(news, Some(card(3, 800_000)));
        assert_eq!(order(&list), [id(1), id(3), id(2)]);
        let states: Vec<_> = list.items().iter().map(|item| (item.seq, item.is_new)).collect();
        assert_eq!(states, [(0, false), (5, true), (0, false)]);
    }

    #[test]
    fn equal_scores_are_ordered_by_id() {
        let mut list = List::new(vec![card(2, 800_000), card(4, 800_000)]);
        for n in [5, 1, 3] {
            list.apply(n.into(), FeedEvent::MatchAdded(card(n, 800_000)));
        }
        assert_eq!(order(&list), [id(1), id(2), id(3), id(4), id(5)]);
    }

    #[test]
    fn a_match_that_came_with_the_page_already_is_taken_once_and_is_no_news() {
        let mut list = List::new(vec![card(1, 900_000)]);
        assert_eq!(list.apply(1, FeedEvent::MatchAdded(card(1, 900_000))), None);
        assert_eq!(order(&list), [id(1)]);
        assert!(!list.items()[0].is_new);
    }

    #[test]
    fn a_rescored_match_moves_and_stays_as_new_as_it_was() {
        let mut list = List::new(vec![card(1, 900_000), card(2, 700_000)]);
        assert_eq!(list.apply(1, FeedEvent::MatchUpdated(card(2, 950_000))), None);
        assert_eq!(order(&list), [id(2), id(1)]);
        list.apply(2, FeedEvent::MatchAdded(card(3, 800_000)));
        list.apply(3, FeedEvent::MatchUpdated(card(3, 990_000)));
        let first = &list.items()[0];
        assert_eq!((first.card.job_id, first.is_new, first.seq), (id(3), true, 3));
    }

    #[test]
    fn a_removed_match_is_gone_and_removing_it_again_changes_nothing() {
        let mut list = List::new(vec![card(1, 900_000), card(2, 700_000)]);
        let removed = FeedEvent::MatchRemoved { job_id: id(1), reason: RemovalReason::Closed };
        list.apply(1, removed.clone());
        list.apply(2, removed);
        assert_eq!(order(&list), [id(2)]);
    }

    #[test]
    fn candidates_leave_and_join_in_one_change() {
        let mut list = List::new(vec![candidate(1, 900_000), candidate(2, 800_000)]);
        let change = CandidatesChange {
            job_id: id(9),
            job_title: String::new(),
            upserted: vec![candidate(3, 850_000), candidate(2, 950_000)],
            removed: vec![id(1).uuid().into()],
        };
        let joined = list.apply(1, change);
        assert_eq!(joined, [candidate(3, 850_000)]);
        assert_eq!(order(&list), [id(2).uuid().into(), id(3).uuid().into()] as [UserId; 2]);
    }
}
