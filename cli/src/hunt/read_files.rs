//! Reads the files of a hunt, and reports missing input, without which the result "no incident" means nothing.

use std::io::Write;

use pivotwatch::detection::Rule;
use pivotwatch::notify::Notifier;
use pivotwatch::objects::OpenFault;
use pivotwatch::pipeline::{ObjectFault, Pipeline, Reasons, Runtime, Summary, UnsettledDays};
use pivotwatch::store::Store;

use super::report;
use crate::files::{self, FileFault, FoundFile, OneFile, Skipped};
use crate::log::{Log, counted};

/// The files of a hunt that were read.
#[derive(Default)]
pub(crate) struct ReadFiles {
    /// The counts of all files.
    pub(crate) total: Summary,
    /// Skipped files, by reason.
    pub(crate) skipped: Reasons,
    /// Whether a file could not be read or used. The log names it.
    pub(crate) has_trouble: bool,
    days: UnsettledDays,
}

impl ReadFiles {
    /// Reads files and records their facts.
    pub(super) async fn record<S: Store, N: Notifier, R: Runtime>(
        &mut self,
        pipeline: &Pipeline<S, N, R>,
        files: Vec<Result<FoundFile, FileFault>>,
        log: &mut Log<impl Write>,
    ) {
        for file in files {
            let FoundFile { path, key, skipped } = match file {
                Ok(file) => file,
                Err(fault) => {
                    self.set_trouble();
                    log.say(fault);
                    continue;
                }
            };
            let shown = path.to_string_lossy();
            if let Some(reason) = skipped {
                *self.skipped.entry(reason.name()).or_default() += 1;
                if let Skipped::Special(kind) = reason {
                    log.about(
                        &shown,
                        format_args!("it is no regular file ({kind}) and was skipped; name it to read it"),
                    );
                }
                continue;
            }
            let (object, address) = (OneFile(&path), files::address(key));
            let (summary, result) = pipeline.record_object(&object, &address, &mut self.days).await;
            if let Err(fault) = result {
                self.set_trouble();
                match fault {
                    // The library's message is about S3.
                    ObjectFault::Open(OpenFault::Unavailable(cause)) => {
                        log.about(&shown, format_args!("{cause} (file.unreadable)"));
                    }
                    fault => log.about(&shown, format_args!("{fault} ({})", fault.code())),
                }
            }
            if !summary.unusable.is_empty() {
                self.set_trouble();
                log.about(&shown, report::unusable(&summary));
            }
            let incomplete = report::incomplete_answers(&summary);
            if incomplete > 0 {
                self.set_trouble();
                let answers = counted(incomplete, "partial answer");
                log.about(&shown, format_args!("it has {answers} of an API; repeat the query"));
            }
            self.total.add(summary);
        }
    }

    /// Settles every address once, after all facts are recorded, so that the result does not depend on the order of
    /// files.
    pub(super) async fn settle<S: Store, N: Notifier, R: Runtime>(
        &mut self,
        pipeline: &Pipeline<S, N, R>,
        log: &mut Log<impl Write>,
    ) {
        let (summary, result) = pipeline.settle_all(std::mem::take(&mut self.days)).await;
        self.total.add(summary);
        if let Err(unfinished) = result {
            self.set_trouble();
            log.say(format_args!("{unfinished} ({})", unfinished.code()));
        }
    }

    /// Logs which kind of record is missing, without which no incident can be found. Both options accept both kinds of
    /// file, so the counts of all files decide.
    pub(super) fn report_missing_input(&mut self, rule: &Rule, log: &mut Log<impl Write>) {
        let kinds = self.total.kinds;
        if self.total.records == 0 {
            self.set_trouble();
            log.say("there is no record in any file that was read; see whether the paths are right");
            return;
        }
        if kinds.sign_ins == 0 {
            self.set_trouble();
            log.say(
                "there is no sign-in in any file that was read, so no incident can be found; see whether --entra is right",
            );
        } else if kinds.usable_sign_ins == 0 {
            self.set_trouble();
            log.say("no sign-in in any file that was read can be used, so no incident can be found");
        } else if rule.sources == Rule::default().sources
            && kinds.usable_sign_ins == report::of_other_sources(&self.total)
        {
            // Who chooses others than the default knows what is not counted.
            self.set_trouble();
            log.say(
                "the rule does not count the source of any sign-in that was read, so no incident can be found; see \
                 whether --entra has the sign-ins of users, or choose their --sources",
            );
        }
        if kinds.trail_records == 0 {
            self.set_trouble();
            log.say(
                "there is no CloudTrail record in any file that was read, so no incident can be found; see whether \
                 --cloudtrail is right",
            );
        } else if kinds.usable_trail_records == 0 {
            self.set_trouble();
            log.say("no CloudTrail record in any file that was read can be used, so no incident can be found");
        }
    }

    const fn set_trouble(&mut self) {
        self.has_trouble = true;
    }
}
