//! What the two indexes have in common: rows side by side, and the search over them.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    hash::Hash,
};

use domain::receipt::ONE_PPM;

use super::quantised::{Quantised, Rows};
use crate::{fit, vector::Vector};

/// The entries of one skill: who has it, in no order.
type Posting<P> = Vec<Entry<P>>;

#[derive(Clone, Copy, Debug)]
struct Entry<P> {
    row: u32,
    practice: P,
}

/// Where a row's skill stands: the skill, and the place of its entry there.
#[derive(Clone, Copy, Debug)]
struct Place {
    skill: u32,
    at: u32,
}

#[derive(Debug)]
struct Item<K> {
    key: K,
    vector: Option<Vector>,
    places: Vec<Place>,
}

/// Rows under keys `K`, with facts `F` each and with `P` beside each of their skills.
///
/// Insertion and removal take time in proportion to the row's own skills and vector.
#[derive(Debug)]
pub(crate) struct Shelf<K, F, P> {
    dimension: usize,
    rows: HashMap<K, u32>,
    items: Vec<Item<K>>,
    facts: Vec<F>,
    vectors: Rows,
    skill_ids: HashMap<String, u32>,
    postings: Vec<Posting<P>>,
}

/// What is sought.
pub(crate) struct Search<'a> {
    pub(crate) vector: &'a Vector,
    pub(crate) meaning_weight: u32,
    pub(crate) range: (f32, f32),
    /// Skills that add to a row's sum.
    pub(crate) skills: &'a [&'a str],
    /// Rows with a smaller sum of shares × worth cannot reach the threshold.
    pub(crate) least_skill_sum: u32,
    pub(crate) threshold: u32,
    pub(crate) n: usize,
}

/// How many rows are looked at first, for each of the places to be filled.
const LEADERS_PER_PLACE: usize = 8;

/// A row that may be among the best, with its score bounded from both sides.
struct Contender {
    row: u32,
    /// The score without the contribution of the meaning.
    base: u32,
    least: u32,
    most: u32,
}

impl<K: Copy + Ord + Hash, F, P: Copy> Shelf<K, F, P> {
    pub(crate) fn new(dimension: usize) -> Self {
        Self {
            dimension,
            rows: HashMap::new(),
            items: Vec::new(),
            facts: Vec::new(),
            vectors: Rows::new(dimension),
            skill_ids: HashMap::new(),
            postings: Vec::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn row(&self, key: K) -> Option<usize> {
        self.rows.get(&key).map(|&row| row as usize)
    }

    /// Puts a row at the end; `key` must not be there yet. A vector of another dimension is left
    /// out.
    pub(crate) fn push<'a>(
        &mut self,
        key: K,
        facts: F,
        vector: Option<Vector>,
        skills: impl Iterator<Item = (&'a str, P)>,
    ) {
        let row = u32::try_from(self.items.len()).expect("four thousand million rows exceed any memory");
        let vector = vector.filter(|vector| vector.as_slice().len() == self.dimension);
        let mut places = Vec::new();
        for (skill, practice) in skills {
            let id = self.skill_id(skill);
            let posting = &mut self.postings[id as usize];
            places.push(Place { skill: id, at: posting.len() as u32 });
            posting.push(Entry { row, practice });
        }
        self.vectors.push(vector.as_ref().map(Vector::as_slice));
        self.items.push(Item { key, vector, places });
        self.facts.push(facts);
        self.rows.insert(key, row);
    }

    fn skill_id(&mut self, skill: &str) -> u32 {
        if let Some(&id) = self.skill_ids.get(skill) {
            return id;
        }
        let id = self.postings.len() as u32;
        self.postings.push(Vec::new());
        self.skill_ids.insert(skill.to_owned(), id);
        id
    }

    /// Takes a row out; the last one takes its place. Gives the row's former place.
    pub(crate) fn remove(&mut self, key: K) -> Option<usize> {
        let row = self.rows.remove(&key)? as usize;
        for at in 0..self.items[row].places.len() {
            let Place { skill, at } = self.items[row].places[at];
            self.remove_entry(skill, at);
        }
        self.items.swap_remove(row);
        self.facts.swap_remove(row);
        self.vectors.swap_remove(row);
        if let Some(moved) = self.items.get(row) {
            self.rows.insert(moved.key, row as u32);
            for place in &moved.places {
                self.postings[place.skill as usize][place.at as usize].row = row as u32;
            }
        }
        Some(row)
    }

    /// Takes an entry out of a skill's posting and tells the owner of the entry that fills the gap.
    fn remove_entry(&mut self, skill: u32, at: u32) {
        let posting = &mut self.postings[skill as usize];
        posting.swap_remove(at as usize);
        let end = posting.len() as u32;
        if let Some(moved) = posting.get(at as usize) {
            let places = &mut self.items[moved.row as usize].places;
            if let Some(place) = places.iter_mut().find(|place| place.skill == skill && place.at == end) {
                place.at = at;
            }
        }
    }

    /// The best rows whose score reaches the threshold, the best first and the smaller key before
    /// the greater where scores are equal.
    ///
    /// `gain` gives what a skill (by its place in `search.skills`) adds to a row's sum; `base`
    /// gives the score of a row without its meaning, from its facts and that sum, or none if it is
    /// excluded.
    pub(crate) fn search(
        &self,
        search: &Search<'_>,
        gain: impl FnMut(usize, P) -> u32,
        base: impl Fn(&F, u32) -> Option<u32>,
    ) -> Vec<(usize, u32)> {
        if search.vector.as_slice().len() != self.dimension || search.n == 0 {
            return Vec::new();
        }
        let sums = self.skill_sums(search.skills, gain);
        let mut contenders = self.contenders(search, &sums, base);
        // Those whose bound is highest come first, so that the rest can be left out soonest.
        contenders.sort_unstable_by_key(|contender| Reverse(contender.most));
        let mut best: BinaryHeap<Reverse<(u32, Reverse<K>, usize)>> = BinaryHeap::with_capacity(search.n + 1);
        for contender in contenders {
            if best.len() == search.n
                && best.peek().is_some_and(|Reverse((worst, ..))| contender.most < *worst)
            {
                break;
            }
            let item = &self.items[contender.row as usize];
            let Some(vector) = &item.vector else { continue };
            let meaning = fit::meaning(search.vector.cosine(vector), search.range);
            let score = contender.base + fit::contribution(search.meaning_weight, meaning);
            if score >= search.threshold {
                best.push(Reverse((score, Reverse(item.key), contender.row as usize)));
                if best.len() > search.n {
                    best.pop();
                }
            }
        }
        best.into_sorted_vec().into_iter().map(|Reverse((score, _, row))| (row, score)).collect()
    }

    fn skill_sums(&self, skills: &[&str], mut gain: impl FnMut(usize, P) -> u32) -> Vec<u32> {
        let mut sums = vec![0_u32; self.len()];
        for (i, skill) in skills.iter().enumerate() {
            let Some(&id) = self.skill_ids.get(*skill) else { continue };
            for entry in &self.postings[id as usize] {
                sums[entry.row as usize] += gain(i, entry.practice);
            }
        }
        sums
    }

    /// All rows that are not excluded and may reach the threshold and the best `n`.
    fn contenders(
        &self,
        search: &Search<'_>,
        sums: &[u32],
        base: impl Fn(&F, u32) -> Option<u32>,
    ) -> Vec<Contender> {
        let most_meaning = fit::contribution(search.meaning_weight, ONE_PPM);
        let mut admitted = Vec::new();
        for (row, (&sum, facts)) in sums.iter().zip(&self.facts).enumerate() {
            if sum < search.least_skill_sum {
                continue;
            }
            let Some(base) = base(facts, sum) else { continue };
            if base + most_meaning >= search.threshold {
                admitted.push((row as u32, base));
            }
        }
        // Those that lead without their meaning show how much the best will reach at least, and so
        // spare most others the look at their vectors.
        let leaders = search.n.saturating_mul(LEADERS_PER_PLACE);
        if admitted.len() > leaders {
            admitted.select_nth_unstable_by_key(leaders, |&(_, base)| Reverse(base));
        }
        let (leaders, others) = admitted.split_at(leaders.min(admitted.len()));
        let sought = Quantised::new(search.vector.as_slice());
        let mut found = Bounded::new(search.threshold);
        for &(row, base) in leaders {
            found.extend(self.bounds(search, &sought, row, base));
        }
        found.raise_floor(search.n);
        for &(row, base) in others {
            if base + most_meaning >= found.floor {
                found.extend(self.bounds(search, &sought, row, base));
            }
        }
        found.raise_floor(search.n);
        found.contenders.retain(|contender| contender.most >= found.floor);
        found.contenders
    }

    /// A row's score bounded from both sides; none without a vector.
    fn bounds(&self, search: &Search<'_>, sought: &Quantised, row: u32, base: u32) -> Option<Contender> {
        let (low, high) = self.vectors.cosine_bounds(row as usize, sought)?;
        let meaning = |cosine| fit::contribution(search.meaning_weight, fit::meaning(cosine, search.range));
        Some(Contender { row, base, least: base + meaning(low), most: base + meaning(high) })
    }
}

/// Contenders, and the score that one must be able to reach to be of use.
struct Bounded {
    floor: u32,
    contenders: Vec<Contender>,
}

impl Bounded {
    fn new(floor: u32) -> Self {
        Self { floor, contenders: Vec::new() }
    }

    fn extend(&mut self, contender: Option<Contender>) {
        self.contenders.extend(contender.filter(|contender| contender.most >= self.floor));
    }

    /// `n` rows reach the n-th greatest of the lower bounds, so that whoever cannot is out.
    fn raise_floor(&mut self, n: usize) {
        if self.contenders.len() >= n {
            let mut least: Vec<_> = self.contenders.iter().map(|contender| contender.least).collect();
            let (_, nth, _) = least.select_nth_unstable_by_key(n - 1, |&least| Reverse(least));
            self.floor = self.floor.max(*nth);
        }
    }
}
