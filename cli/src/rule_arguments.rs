//! The rule of a deployment, as arguments.

use std::collections::BTreeSet;

use clap::Args;
use pivotwatch::detection::parameters::Order;
use pivotwatch::detection::parameters::{Ipv6Network, Threshold, Window};
use pivotwatch::detection::{Rule, Source};
use pivotwatch::settings;

/// The parameters of the deployment's rule.
#[derive(Args)]
#[command(next_help_heading = "Rule of the deployment")]
#[expect(clippy::struct_field_names, reason = "they are the names of the options")]
pub(crate) struct RuleArguments {
    /// The deployment's threshold.
    #[arg(long, value_name = "N", default_value = "5")]
    rule_threshold: Threshold,

    /// The deployment's window.
    #[arg(long, value_name = "WINDOW", default_value = "24h")]
    rule_window: Window,

    /// The deployment's order: `any` or `failures_first`.
    #[arg(long, value_name = "ORDER", default_value = "any")]
    rule_order: Order,

    /// The deployment's sources, separated by commas.
    #[arg(long, value_name = "SOURCES", default_value = "interactive,non_interactive", value_parser = settings::sources)]
    rule_sources: BTreeSet<Source>,

    /// The deployment's bits of IPv6 networks, or none.
    #[arg(long, value_name = "BITS", default_value_t)]
    rule_ipv6_network: Ipv6Network,
}

impl RuleArguments {
    pub(crate) fn rule(&self) -> Rule {
        Rule {
            threshold: self.rule_threshold.get(),
            window: self.rule_window.length(),
            order: self.rule_order,
            sources: self.rule_sources.clone(),
            ipv6_network: self.rule_ipv6_network,
            ..Rule::default()
        }
    }
}
