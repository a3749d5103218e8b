//! Seeding the demonstration marketplace.

use app::account::{DemoAccount, DemoAccounts};
use services::Services;

use super::{progress::Progress, with_services};
use crate::config::{Config, Demo};

/// What the two known accounts of the demonstration sign in with. They exist nowhere else.
pub(crate) const PASSWORD: &str = "eight degrees of fit";
const SEED: u64 = 8;

/// How large a marketplace, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) freelancers: usize,
    pub(crate) jobs: usize,
    pub(crate) seed: u64,
}

impl Demo {
    pub(crate) fn size(self) -> Option<Size> {
        let size = |freelancers, jobs| Some(Size { freelancers, jobs, seed: SEED });
        match self {
            Self::None => None,
            Self::Small => size(2_000, 400),
            Self::Large => size(20_000, 2_000),
        }
    }
}

/// Seeds it; does nothing where it is there already.
pub(crate) async fn seed(services: &Services, size: Size) -> Result<(), services::ServiceError> {
    let mut progress = Progress::new("Seeding the demo");
    let show = |done: usize, total: usize| progress.show(done as u64, total as u64);
    services::demo::seed(services, size.freelancers, size.jobs, size.seed, PASSWORD, show).await?;
    progress.finish();
    Ok(())
}

/// The command `eighth demo`.
pub(crate) async fn run(config: &Config, size: Size) -> anyhow::Result<()> {
    config.may_have_demo()?;
    with_services(config, async |services| {
        seed(services, size).await?;
        println!("The demo is in the database.\n{}", sign_ins());
        Ok(())
    })
    .await
}

/// The same two accounts, for the page on which one signs in.
pub(crate) fn accounts() -> DemoAccounts {
    let account = |role: &str, email: &str| DemoAccount {
        role: role.to_owned(),
        email: email.to_owned(),
        password: PASSWORD.to_owned(),
    };
    DemoAccounts(vec![
        account("a client", demo_data::CLIENT_EMAIL),
        account("a freelancer", demo_data::FREELANCER_EMAIL),
    ])
}

/// The two accounts one can sign in with, for the terminal.
pub(crate) fn sign_ins() -> String {
    format!(
        "  Sign in as a client      {}\n  Sign in as a freelancer  {}\n  Password of both         {PASSWORD}",
        demo_data::CLIENT_EMAIL,
        demo_data::FREELANCER_EMAIL
    )
}
