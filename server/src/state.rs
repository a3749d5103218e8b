//! What every handler may use.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use leptos::config::LeptosOptions;
use services::Services;

use crate::{config::Config, http::limits::Limits, live::Sockets};

/// Whether the server can do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    Yes,
    Migrating,
    Loading,
    Stopping,
}

/// Shared by all requests; clones are cheap.
#[derive(Clone)]
pub struct State(Arc<Inner>);

struct Inner {
    config: Config,
    services: Services,
    leptos: LeptosOptions,
    stylesheet: String,
    sockets: Sockets,
    limits: Limits,
    migrated: AtomicBool,
    stopping: AtomicBool,
}

impl State {
    pub fn new(config: Config, services: Services) -> Self {
        let hash_file = std::path::absolute(config.server.site.join("hash.txt"))
            .unwrap_or_else(|_| config.server.site.join("hash.txt"));
        let hashes = std::fs::read_to_string(&hash_file).ok();
        if hashes.is_none() {
            tracing::warn!(site = %config.server.site.display(), "the site is not built: pages come without style");
        }
        let stylesheet = hashes.as_deref().and_then(|hashes| hash_of("css", hashes));
        // The absolute path replaces the folder of the binary, where Leptos would look.
        let leptos = LeptosOptions::builder()
            .output_name("eighth")
            .site_root(config.server.site.to_string_lossy().into_owned())
            .site_pkg_dir("pkg")
            .hash_files(hashes.is_some())
            .hash_file(std::sync::Arc::<str>::from(hash_file.to_string_lossy()))
            .build();
        Self(Arc::new(Inner {
            stylesheet: stylesheet.map(|hash| format!("/pkg/eighth.{hash}.css")).unwrap_or_default(),
            sockets: Sockets::new(&config.live),
            limits: Limits::new(&config.limits),
            migrated: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            config,
            services,
            leptos,
        }))
    }

    pub fn config(&self) -> &Config {
        &self.0.config
    }

    pub fn services(&self) -> &Services {
        &self.0.services
    }

    pub fn leptos(&self) -> &LeptosOptions {
        &self.0.leptos
    }

    /// The address of the style sheet; empty where the site is not built.
    pub fn stylesheet(&self) -> &str {
        &self.0.stylesheet
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub(crate) fn sockets(&self) -> &Sockets {
        &self.0.sockets
    }

    pub fn readiness(&self) -> Ready {
        if self.0.stopping.load(Ordering::Acquire) {
            Ready::Stopping
        } else if !self.0.migrated.load(Ordering::Acquire) {
            Ready::Migrating
        } else if !self.0.services.engine().is_ready() {
            Ready::Loading
        } else {
            Ready::Yes
        }
    }

    pub(crate) fn is_migrated(&self) {
        self.0.migrated.store(true, Ordering::Release);
    }

    pub(crate) fn is_stopping(&self) {
        self.0.stopping.store(true, Ordering::Release);
    }
}

/// The hash of one kind of file in `hash.txt`: lines such as `css: 0123abcd`.
fn hash_of<'a>(kind: &str, hashes: &'a str) -> Option<&'a str> {
    hashes
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.trim() == kind)
        .map(|(_, hash)| hash.trim())
}
