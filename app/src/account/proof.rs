use leptos::{nonce::use_nonce, prelude::*};
use services::accounts::Challenge;

use crate::ui::*;

/// It is part of the page, so that it never differs from what the page expects of it.
const SCRIPT: &str = include_str!("proof.js");

/// What the form of the sign-up asks for where many accounts were made from one network: the browser
/// works it out by itself. Without JavaScript, one waits for a minute.
#[component]
pub fn Proof(challenge: Challenge) -> impl IntoView {
    let Challenge { id, difficulty, wait_seconds } = challenge;
    let id = id.to_string();
    let what_to_do = match wait_seconds {
        0 => "You can send this form now.".to_owned(),
        1 => "Please wait for a second before you send this form.".to_owned(),
        seconds => format!("Please wait for {seconds} seconds before you send this form."),
    };
    view! {
        <input type="hidden" name="form[challenge]" value=id.clone() />
        <input
            type="hidden"
            name="form[answer]"
            data-challenge=id
            data-difficulty=difficulty.to_string()
            data-wait=wait_seconds.to_string()
        />
        <div id="f-challenge" tabindex="-1">
            <Notice>
                <p data-proof="">"Many accounts were made from your network today. " {what_to_do}</p>
            </Notice>
        </div>
        <script nonce=use_nonce() inner_html=SCRIPT></script>
    }
    .into_any()
}
