//! A server that runs: how it starts, and in which order it stops.

use std::{io, net::SocketAddr, time::Duration};

use services::Services;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    State,
    config::Config,
    http::{self, doors::Address},
    listen::{self, Bounds},
    metrics,
};

/// How long sockets may take to say goodbye.
const SOCKETS_WITHIN: Duration = Duration::from_secs(5);
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// A server that answers. It stops when [`stop`](Self::stop) is called.
pub struct Running {
    address: SocketAddr,
    state: State,
    doors: Vec<Address>,
    accepting: CancellationToken,
    background: CancellationToken,
    work: TaskTracker,
    serving: JoinHandle<()>,
}

impl Running {
    /// Starts to answer on the listener. Until [`begin_work`](Self::begin_work) the server says
    /// that it is not ready.
    ///
    /// # Errors
    /// Where the listener does not know its own address.
    pub fn start(config: Config, services: Services, listener: TcpListener) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let state = State::new(config, services);
        let (accepting, background) = (CancellationToken::new(), CancellationToken::new());
        let bounds = bounds(state.config());
        let site = http::doors(state.clone());
        let doors = site.list().to_vec();
        let serving = listen::serve(listener, site.close(), bounds, accepting.clone());
        let serving = tokio::spawn(serving);
        let work = TaskTracker::new();
        let (until, counting) = (background.clone(), state.clone());
        work.spawn(async move {
            let mut tick = tokio::time::interval(UPKEEP_EVERY);
            while until.run_until_cancelled(tick.tick()).await.is_some() {
                metrics::upkeep();
                counting.limits().sweep();
            }
        });
        Ok(Self { address, state, doors, accepting, background, work, serving })
    }

    /// Starts the work behind the scenes; the database is migrated by now.
    pub fn begin_work(&self) {
        self.state.is_migrated();
        let (services, until) = (self.state.services().clone(), self.background.clone());
        self.work.spawn(async move { services.run(until).await });
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    /// Each method and path that is answered.
    pub fn doors(&self) -> &[Address] {
        &self.doors
    }

    /// Stops in order: no new connections; sockets closed with 1012; requests ended within the
    /// time that the configuration gives them; the work behind the scenes.
    pub async fn stop(self) {
        self.state.is_stopping();
        self.accepting.cancel();
        if !self.state.sockets().close(SOCKETS_WITHIN).await {
            tracing::warn!("some sockets did not say goodbye");
        }
        let within = Duration::from_secs(self.state.config().server.shutdown_seconds);
        let abort = self.serving.abort_handle();
        match tokio::time::timeout(within, self.serving).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the server failed"),
            Err(_) => {
                tracing::warn!("some requests did not end in time");
                abort.abort();
            }
        }
        self.background.cancel();
        self.work.close();
        if tokio::time::timeout(within, self.work.wait()).await.is_err() {
            tracing::warn!("the work behind the scenes did not end in time; the next start goes on with it");
        }
    }
}

fn bounds(config: &Config) -> Bounds {
    let server = &config.server;
    // Behind a proxy, all connections come from there.
    let told_apart = config.limits.enabled && server.proxies == 0;
    Bounds {
        most: server.max_connections as usize,
        of_one_network: told_apart.then_some(server.max_connections_per_network as usize),
        write_within: Duration::from_secs(server.write_timeout_seconds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_of_a_proxy_are_not_taken_for_those_of_one_visitor() {
        let mut config = Config::default();
        assert_eq!(bounds(&config).of_one_network, Some(1_000));
        config.server.proxies = 1;
        assert_eq!(bounds(&config).of_one_network, None);
    }
}
