//! What a hunt has read, and whether "no incident" would mean anything.

use std::io::Write;

use pivotwatch::notify::Notifier;
use pivotwatch::pipeline::{Days, Pipeline, Reasons, Runtime, Summary};
use pivotwatch::store::Store;

use super::report;
use crate::files::{self, FileFault, Found, OneFile, Skipped};
use crate::log::Log;

/// The files of a hunt, read.
#[derive(Default)]
pub(super) struct AllRead {
    pub(super) total: Summary,
    /// Files that were not read, by reason.
    pub(super) skipped: Reasons,
    /// Whether something could not be read or used, which the log names.
    pub(super) has_trouble: bool,
    days: Days,
}

impl AllRead {
    /// Reads files and records their facts.
    pub(super) async fn record<S: Store, N: Notifier, R: Runtime>(
        &mut self,
        pipeline: &Pipeline<S, N, R>,
        files: Vec<Result<Found, FileFault>>,
        log: &mut Log<impl Write>,
    ) {
        for file in files {
            let Found { path, key, skipped } = match file {
                Ok(file) => file,
                Err(fault) => {
                    self.trouble();
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
                        format_args!("it is no regular file ({kind}), and was skipped; name it to read it"),
                    );
                }
                continue;
            }
            let (object, address) = (OneFile(&path), files::address(key));
            let (summary, result) = pipeline.record_object(&object, &address, &mut self.days).await;
            if let Err(fault) = result {
                self.trouble();
                log.about(&shown, format_args!("{fault} ({})", fault.code()));
            }
            if !summary.unusable.is_empty() {
                self.trouble();
                log.about(&shown, report::unusable(&summary));
            }
            self.total.add(summary);
        }
    }

    /// Settles every address once, when all facts are recorded: the result does not depend on the order of the files.
    pub(super) async fn settle<S: Store, N: Notifier, R: Runtime>(
        &mut self,
        pipeline: &Pipeline<S, N, R>,
        log: &mut Log<impl Write>,
    ) {
        let (summary, result) = pipeline.settle_all(std::mem::take(&mut self.days)).await;
        self.total.add(summary);
        if let Err(unfinished) = result {
            self.trouble();
            log.say(format_args!("{unfinished} ({})", unfinished.code()));
        }
    }

    /// Says what is missing without which no incident can be found. Either option takes both kinds of file, so what counts
    /// is what there was in all of them.
    pub(super) fn judge(&mut self, log: &mut Log<impl Write>) {
        let seen = self.total.seen;
        if self.total.records == 0 {
            self.trouble();
            log.say("there is no record in any file that was read; see whether the paths are right");
            return;
        }
        if seen.sign_ins == 0 {
            self.trouble();
            log.say("there is no sign-in in any file that was read, so no incident can be found; see whether --entra is right");
        } else if seen.usable_sign_ins == 0 {
            self.trouble();
            log.say("no sign-in in any file that was read can be used, so no incident can be found");
        }
        if seen.trail_records == 0 {
            self.trouble();
            log.say(
                "there is no CloudTrail record in any file that was read, so no incident can be found; see whether \
                 --cloudtrail is right",
            );
        } else if seen.usable_trail_records == 0 {
            self.trouble();
            log.say("no CloudTrail record in any file that was read can be used, so no incident can be found");
        }
    }

    const fn trouble(&mut self) {
        self.has_trouble = true;
    }
}
