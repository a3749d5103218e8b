//! How many tests passed and failed, read from the words of the programs that ran them.

use std::ops::AddAssign;

use serde_json::Value;

/// Counts of tests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Counts {
    pub(crate) fn all_passed(&self) -> bool {
        self.failed == 0
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// Sums the lines `test result: …` of `cargo test`; `None` if there is none.
pub(crate) fn of_cargo_test(output: &str) -> Option<Counts> {
    let mut sum = None;
    for line in output.lines() {
        let line = without_escapes(line);
        let Some((_, words)) = line.split_once("test result: ") else {
            continue;
        };
        let mut counts = Counts::default();
        for part in words.split([';', '.']) {
            match number_and_word(part) {
                Some((number, "passed")) => counts.passed += number,
                Some((number, "failed")) => counts.failed += number,
                _ => {}
            }
        }
        *sum.get_or_insert_with(Counts::default) += counts;
    }
    sum
}

/// Reads the last line `Summary […] N tests run: …` of nextest; `None` if there is none.
pub(crate) fn of_nextest(output: &str) -> Option<Counts> {
    let lines: Vec<String> = output.lines().map(without_escapes).collect();
    let line = lines.iter().rev().find(|line| line.trim_start().starts_with("Summary ["))?;
    let (_, words) = line.split_once(" run: ")?;
    let mut counts = Counts::default();
    for part in without_parentheses(words).split(',') {
        match number_and_word(part) {
            Some((number, "passed")) => counts.passed += number,
            // "1 failed", "2 timed out", "1 exec failed".
            Some((number, "failed" | "timed" | "exec")) => counts.failed += number,
            _ => {}
        }
    }
    Some(counts)
}

/// Reads the statistics of Playwright's JSON report. A test that passed only when repeated
/// counts as passed; Playwright lists it as flaky.
pub(crate) fn of_playwright(report: &str) -> Option<Counts> {
    let report: Value = serde_json::from_str(report).ok()?;
    let count = |key: &str| report["stats"][key].as_u64();
    // Errors outside any test, such as a server that did not start.
    let errors = report["errors"].as_array().map_or(0, Vec::len) as u64;
    Some(Counts {
        passed: count("expected")? + count("flaky").unwrap_or(0),
        failed: count("unexpected")? + errors,
    })
}

fn number_and_word(part: &str) -> Option<(u64, &str)> {
    let mut words = part.split_whitespace();
    Some((words.next()?.parse().ok()?, words.next()?))
}

/// Removes colours: `ESC [ … letter`.
fn without_escapes(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        if c == '\u{1b}' {
            rest.find(char::is_ascii_alphabetic);
        } else {
            text.push(c);
        }
    }
    text
}

/// Removes remarks such as `(1 slow, 2 flaky)`, whose commas would mislead.
fn without_parentheses(text: &str) -> String {
    let mut depth = 0_u32;
    text.chars()
        .filter(|c| {
            match c {
                '(' => depth += 1,
                ')' => {
                    depth = depth.saturating_sub(1);
                    return false;
                }
                _ => {}
            }
            depth == 0
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_tests_results_are_added_up() {
        let output = "\
running 2 tests
test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s
test result: \u{1b}[31mFAILED\u{1b}[0m. 5 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out
";
        assert_eq!(of_cargo_test(output), Some(Counts { passed: 7, failed: 3 }));
        assert_eq!(of_cargo_test("error: could not compile"), None);
    }

    #[test]
    fn nextests_summary_is_read_in_all_its_forms() {
        let read = |line: &str| of_nextest(&format!("PASS x\n{line}\nerror: test run failed\n"));
        assert_eq!(
            read("     Summary [  20.934s] 19 tests run: 18 passed, 1 failed, 1 skipped"),
            Some(Counts { passed: 18, failed: 1 })
        );
        assert_eq!(
            read("     Summary [   5.2s] 1 test run: 1 passed, 0 skipped"),
            Some(Counts { passed: 1, failed: 0 })
        );
        assert_eq!(
            read(
                "     Summary [ 9.1s] 7/10 tests run: 4 passed (1 slow, 1 flaky), 1 failed, 1 timed out, 1 exec failed, 0 skipped"
            ),
            Some(Counts { passed: 4, failed: 3 })
        );
        assert_eq!(
            read(
                "\u{1b}[31;1m     Summary\u{1b}[0m [   0.1s] \u{1b}[1m2\u{1b}[0m tests run: \u{1b}[1m1\u{1b}[0m \u{1b}[32;1mpassed\u{1b}[0m, \u{1b}[1m1\u{1b}[0m \u{1b}[31;1mfailed\u{1b}[0m, 0 skipped"
            ),
            Some(Counts { passed: 1, failed: 1 })
        );
        assert_eq!(of_nextest("error: could not compile"), None);
    }

    #[test]
    fn playwrights_report_counts_errors_outside_tests() {
        let report = r#"{"errors":[{"message":"no server"}],
            "stats":{"expected":4,"unexpected":1,"flaky":1,"skipped":2}}"#;
        assert_eq!(of_playwright(report), Some(Counts { passed: 5, failed: 2 }));
        assert_eq!(of_playwright("{}"), None);
        assert_eq!(of_playwright(""), None);
    }
}
