//! Tables with times as the cultures of .NET and of browsers write them. A table is read exactly or refused by name; no
//! row ever gets a wrong date.

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};
use pivotwatch::entra::{Outcome, Rejected};
use pivotwatch_tests::facts::at;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::tools::read;

/// The expected outcome of a table in a culture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    /// Every time is read.
    Read,
    /// Every time is read if a date of the table excludes the other orders.
    ByFile,
    /// No time is read: another calendar, other digits, or an unknown word.
    Refused,
}

use Expected::{ByFile, Read, Refused};

/// A culture: its name, its pattern (as .NET writes patterns), AM and PM.
type Culture = (&'static str, &'static str, [&'static str; 2], Expected);

const NONE: [&str; 2] = ["", ""];
const CAPITALS: [&str; 2] = ["AM", "PM"];
const SMALL: [&str; 2] = ["am", "pm"];
const SPANISH: [&str; 2] = ["a.\u{a0}m.", "p.\u{a0}m."];
const DOTTED: [&str; 2] = ["a.m.", "p.m."];

const CULTURES: &[Culture] = &[
    // Export-Csv of Windows PowerShell 5 and of PowerShell 7: short date, blank, long time.
    ("invariant", "MM/dd/yyyy HH:mm:ss", NONE, ByFile),
    ("sortable", "yyyy-MM-ddTHH:mm:ss", NONE, Read),
    ("universal", "yyyy-MM-dd HH:mm:ssZ", NONE, Read),
    ("en-US", "M/d/yyyy h:mm:ss tt", CAPITALS, ByFile),
    ("en-GB", "dd/MM/yyyy HH:mm:ss", NONE, ByFile),
    ("en-AU on Windows", "d/MM/yyyy h:mm:ss tt", CAPITALS, ByFile),
    ("en-AU", "d/M/yyyy h:mm:ss tt", SMALL, ByFile),
    ("en-NZ", "d/MM/yyyy h:mm:ss tt", SMALL, ByFile),
    ("en-CA", "yyyy-MM-dd h:mm:ss tt", CAPITALS, Read),
    ("en-CA in PowerShell 7", "yyyy-MM-dd h:mm:ss tt", DOTTED, Read),
    ("en-ZA", "yyyy/MM/dd HH:mm:ss", NONE, Read),
    ("en-IN", "dd-MM-yyyy HH:mm:ss", NONE, ByFile),
    ("en-IE", "dd/MM/yyyy HH:mm:ss", NONE, ByFile),
    ("en-PH", "M/d/yyyy h:mm:ss tt", CAPITALS, ByFile),
    ("en-SG", "d/M/yyyy h:mm:ss tt", SMALL, ByFile),
    ("de-DE", "dd.MM.yyyy HH:mm:ss", NONE, Read),
    ("de-CH", "dd.MM.yyyy HH:mm:ss", NONE, Read),
    ("fr-FR", "dd/MM/yyyy HH:mm:ss", NONE, ByFile),
    ("fr-BE", "dd-MM-yy HH:mm:ss", NONE, ByFile),
    ("fr-CA", "yyyy-MM-dd HH:mm:ss", NONE, Read),
    ("fr-CA in PowerShell 7", "yyyy-MM-dd HH 'h' mm 'min' ss 's'", NONE, Read),
    ("it-IT", "dd/MM/yyyy HH:mm:ss", NONE, ByFile),
    ("it-IT before Windows 8", "dd/MM/yyyy H.mm.ss", NONE, Read),
    ("es-ES", "dd/MM/yyyy H:mm:ss", NONE, ByFile),
    ("es-MX", "dd/MM/yyyy hh:mm:ss tt", SPANISH, ByFile),
    ("es-CO", "d/MM/yyyy h:mm:ss tt", SPANISH, ByFile),
    ("es-PA", "MM/dd/yyyy h:mm:ss tt", SPANISH, ByFile),
    ("es-CL", "dd-MM-yyyy H:mm:ss", NONE, ByFile),
    ("pt-BR", "dd/MM/yyyy HH:mm:ss", NONE, ByFile),
    ("nl-NL", "d-M-yyyy HH:mm:ss", NONE, ByFile),
    ("nl-BE", "d/MM/yyyy H:mm:ss", NONE, ByFile),
    ("da-DK", "dd-MM-yyyy HH:mm:ss", NONE, ByFile),
    ("da-DK with dots", "dd-MM-yyyy HH.mm.ss", NONE, Read),
    ("da-DK in PowerShell 7", "dd.MM.yyyy HH.mm.ss", NONE, Read),
    ("nb-NO", "dd.MM.yyyy HH:mm:ss", NONE, Read),
    ("sv-SE", "yyyy-MM-dd HH:mm:ss", NONE, Read),
    ("fi-FI", "d.M.yyyy H.mm.ss", NONE, Read),
    ("is-IS", "d.M.yyyy HH:mm:ss", NONE, Read),
    ("et-EE", "dd.MM.yyyy HH:mm:ss", NONE, Read),
    ("lv-LV", "dd.MM.yyyy. HH:mm:ss", NONE, Read),
    ("lv-LV before Windows 8", "yyyy.MM.dd. HH:mm:ss", NONE, Read),
    ("lt-LT", "yyyy-MM-dd HH:mm:ss", NONE, Read),
    ("pl-PL", "dd.MM.yyyy HH:mm:ss", NONE, Read),
    ("cs-CZ", "dd.MM.yyyy H:mm:ss", NONE, Read),
    ("sk-SK", "d. M. yyyy H:mm:ss", NONE, Read),
    ("hu-HU", "yyyy. MM. dd. H:mm:ss", NONE, Read),
    ("sl-SI", "d. MM. yyyy HH:mm:ss", NONE, Read),
    ("hr-HR", "dd.MM.yyyy. HH:mm:ss", NONE, Read),
    ("sr-Latn-RS", "d.M.yyyy. HH:mm:ss", NONE, Read),
    ("bg-BG", "d.M.yyyy 'г.' HH:mm:ss 'ч.'", NONE, Read),
    ("ro-RO", "dd.MM.yyyy HH:mm:ss", NONE, Read),
    ("el-GR", "d/M/yyyy h:mm:ss tt", ["πμ", "μμ"], Read),
    ("el-GR in PowerShell 7", "d/M/yyyy h:mm:ss tt", ["π.μ.", "μ.μ."], Read),
    ("tr-TR", "d.MM.yyyy HH:mm:ss", NONE, Read),
    ("ru-RU", "dd.MM.yyyy H:mm:ss", NONE, Read),
    ("uk-UA", "dd.MM.yyyy HH:mm:ss", NONE, Read),
    ("he-IL", "dd/MM/yyyy HH:mm:ss", NONE, ByFile),
    ("ar-EG", "dd/MM/yyyy hh:mm:ss tt", ["ص", "م"], Read),
    ("hi-IN", "dd-MM-yyyy HH:mm:ss", NONE, ByFile),
    ("bn-BD", "dd-MM-yy HH.mm.ss", NONE, ByFile),
    ("vi-VN", "dd/MM/yyyy h:mm:ss tt", ["SA", "CH"], Read),
    ("id-ID", "dd/MM/yyyy HH.mm.ss", NONE, Read),
    ("ms-MY", "d/MM/yyyy h:mm:ss tt", ["PG", "PTG"], ByFile),
    ("zh-CN", "yyyy/M/d H:mm:ss", NONE, Read),
    ("zh-TW", "yyyy/M/d tt hh:mm:ss", ["上午", "下午"], Read),
    ("zh-HK", "d/M/yyyy h:mm:ss tt", ["上午", "下午"], Read),
    ("zh-SG", "d/M/yyyy tt h:mm:ss", ["上午", "下午"], Read),
    ("ja-JP", "yyyy/MM/dd H:mm:ss", NONE, Read),
    ("ko-KR", "yyyy-MM-dd tt h:mm:ss", ["오전", "오후"], Read),
    ("ko-KR in PowerShell 7", "yyyy. M. d. tt h:mm:ss", ["오전", "오후"], Read),
    ("sq-AL", "yyyy-MM-dd h:mm:ss.tt", ["PD", "MD"], Read),
    ("mt-MT", "M/d/yyyy HH:mm:ss", NONE, ByFile),
    ("mn-MN", "yy.MM.dd H:mm:ss", NONE, ByFile),
    ("th-TH", "d/M/BBBB H:mm:ss", NONE, Refused),
    ("fa-IR", "yyyP/MM/dd hh:mm:ss tt", ["ق.ظ", "ب.ظ"], Refused),
    ("ar-SA", "dd/MM/HHHJ hh:mm:ss tt", ["ص", "م"], Refused),
    ("mr-IN", "२/३/yyyy h:mm:ss tt", CAPITALS, Refused),
    ("hi-IN with words", "d/M/yyyy tt h:mm:ss", ["सुबह", "शाम"], Refused),
    // What browsers write, as the portal and the workbooks export it.
    ("en-US, browser", "M/d/yyyy, h:mm:ss.fff\u{202f}tt", CAPITALS, ByFile),
    ("en-GB, browser", "dd/MM/yyyy, HH:mm:ss", NONE, ByFile),
    ("en-AU, browser", "dd/MM/yyyy, h:mm:ss tt", SMALL, ByFile),
    ("en-CA, browser", "yyyy-MM-dd, h:mm:ss\u{202f}tt", DOTTED, Read),
    ("en-CA of ICU 72, browser", "M/d/yyyy, h:mm:ss\u{202f}tt", DOTTED, ByFile),
    ("de-DE, browser", "d.M.yyyy, HH:mm:ss", NONE, Read),
    ("da-DK, browser", "d.M.yyyy HH.mm.ss", NONE, Read),
    ("fi-FI, browser", "d.M.yyyy 'klo' H.mm.ss", NONE, Read),
    ("id-ID, browser", "d/M/yyyy, HH.mm.ss", NONE, Read),
    ("eu-ES, browser", "yyyy/M/d (HH:mm:ss)", NONE, Read),
    ("bs-BA, browser", "d. M. yyyy. 'u' HH:mm:ss", NONE, Read),
    ("ar-AE, browser", "d\u{200f}/M\u{200f}/yyyy، h:mm:ss\u{a0}tt", ["ص", "م"], Read),
    ("vi-VN, browser", "HH:mm:ss d/M/yyyy", NONE, ByFile),
    ("ee-TG, browser", "HH:mm:ss M/d/yyyy", NONE, ByFile),
    ("zh-SG, browser", "yyyy年M月d日 tth:mm:ss", ["上午", "下午"], Read),
    ("ko-KR of ICU 78, browser", "yyyy. M. d. tt h:mm:ss", CAPITALS, Read),
    ("kkj-CM, browser", "dd/MM yyyy HH:mm:ss", NONE, Refused),
    ("ar-EG, browser", "٢/٣/yyyy, h:mm:ss tt", ["ص", "م"], Refused),
    // Long forms, and forms that are the same in every culture.
    ("en-US, long", "'Monday', MMMM d, yyyy h:mm:ss tt", CAPITALS, Read),
    ("en-GB, long", "dd MMMM yyyy HH:mm:ss", NONE, Read),
    ("en-PK", "dd-MMM-yy h:mm:ss tt", CAPITALS, ByFile),
    ("RFC 1123", "'Mon', dd MMM yyyy HH:mm:ss 'GMT'", NONE, Read),
    ("de-DE, long", "d. 'März' yyyy HH:mm:ss", NONE, Refused),
];

/// The time in the format of a pattern.
fn written(time: DateTime<Utc>, pattern: &str, designators: [&str; 2]) -> String {
    let mut text = String::new();
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        if let Some((literal, after)) = rest.strip_prefix('\'').and_then(|rest| rest.split_once('\'')) {
            text += literal;
            rest = after;
            continue;
        }
        let (year, hour) = (time.year(), time.hour());
        let parts = [
            ("BBBB", format!("{}", year + 543)),
            ("yyyP", format!("{}", year - 622)),
            ("HHHJ", format!("{}", year - 579)),
            ("yyyy", format!("{year}")),
            ("yy", format!("{:02}", year % 100)),
            ("MMMM", time.format("%B").to_string()),
            ("MMM", time.format("%b").to_string()),
            ("MM", format!("{:02}", time.month())),
            ("M", format!("{}", time.month())),
            ("dd", format!("{:02}", time.day())),
            ("d", format!("{}", time.day())),
            ("HH", format!("{hour:02}")),
            ("H", format!("{hour}")),
            ("hh", format!("{:02}", (hour + 11) % 12 + 1)),
            ("h", format!("{}", (hour + 11) % 12 + 1)),
            ("mm", format!("{:02}", time.minute())),
            ("ss", format!("{:02}", time.second())),
            ("fff", "000".to_owned()),
            ("tt", designators[usize::from(hour >= 12)].to_owned()),
        ];
        let (part, value) =
            parts.into_iter().find(|(part, _)| rest.starts_with(part)).unwrap_or(("", first.to_string()));
        text += &value;
        rest = &rest[part.len().max(if part.is_empty() { first.len_utf8() } else { 0 })..];
    }
    text
}

/// The general form without seconds.
fn without_seconds(pattern: &str) -> String {
    [":ss.fff", ":ss", ".ss", " 'min' ss 's'"]
        .iter()
        .fold(pattern.to_owned(), |pattern, part| pattern.replace(part, ""))
}

/// The outcome of a table with a failure at each of these texts: the times in order, or the reason.
fn outcomes(texts: &[String]) -> Vec<Result<DateTime<Utc>, Rejected>> {
    let row = |(number, text): (usize, &String)| format!("\"{text}\",203.0.113.7,50126,{number}x\n");
    let rows: String = texts.iter().enumerate().map(row).collect();
    let (received, result) = read(format!("TimeGenerated,IPAddress,ResultType,Id\n{rows}").as_bytes());
    result.unwrap();
    let outcome = |outcome| match outcome {
        Outcome::Failure(failure) => Ok(failure.time),
        Outcome::Rejected(reason) => Err(reason),
        Outcome::Ignored(reason) => panic!("{reason:?}"),
    };
    received.outcomes.into_iter().map(outcome).collect()
}

/// Times within some days.
fn times() -> impl Strategy<Value = Vec<DateTime<Utc>>> {
    let days = select(vec![1, 12, 40]);
    let offsets = days.prop_flat_map(|days: i64| vec(0..days * 86_400, 1..8));
    (0..13 * 365 * 86_400_i64, offsets).prop_map(|(first, offsets)| {
        let time = |offset| at("2020-03-02T00:00:00Z") + TimeDelta::seconds(first + offset);
        offsets.into_iter().map(time).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn every_time_of_a_table_is_right_or_refused(culture in select(CULTURES), times in times(), has_seconds in any::<bool>()) {
        let (_, pattern, designators, expected) = culture;
        let pattern = if has_seconds { pattern.to_owned() } else { without_seconds(pattern) };
        let right = |time: DateTime<Utc>| if has_seconds { time } else { time - TimeDelta::seconds(i64::from(time.second())) };
        let texts: Vec<String> = times.iter().map(|time| written(*time, &pattern, designators)).collect();
        let found = outcomes(&texts);
        prop_assert_eq!(found.len(), times.len());
        // Rows that wait for evidence of their date order come later, in order.
        let read: Vec<DateTime<Utc>> = found.iter().filter_map(|outcome| outcome.ok()).collect();
        let mut expected_times: Vec<DateTime<Utc>> = times.iter().copied().map(right).collect();
        for time in &read {
            let place = expected_times.iter().position(|expected| expected == time);
            prop_assert!(place.is_some(), "{:?}: {:?} is none of the times", texts, time);
            expected_times.remove(place.unwrap_or_default());
        }
        let is_named = |outcome: &Result<_, Rejected>| match outcome {
            Ok(_) => expected != Refused,
            Err(Rejected::BadTime) => expected == Refused,
            Err(reason) => expected == ByFile && *reason == Rejected::AmbiguousTime,
        };
        prop_assert!(found.iter().all(is_named), "{:?} gave {:?}", texts, found);
        let has_late_day = times.iter().any(|time| time.day() > 12);
        if expected == ByFile && has_late_day && pattern.contains("yyyy") {
            prop_assert!(expected_times.is_empty(), "{:?} gave {:?}", texts, found);
        }
    }
}

#[test]
fn every_culture_is_read_or_refused_as_a_whole_once_a_day_decides() {
    for (name, pattern, designators, expected) in CULTURES {
        let times = [
            at("2026-03-02T00:00:00Z"),
            at("2026-03-02T12:30:05Z"),
            at("2026-12-11T11:59:59Z"),
            at("2026-03-25T23:00:00Z"),
        ];
        let texts = times.map(|time| written(time, pattern, *designators));
        let read = outcomes(&texts).iter().filter(|outcome| outcome.is_ok()).count();
        let all = if *expected == Refused { 0 } else { times.len() };
        assert!(read == all || !pattern.contains("yyyy"), "{name}: {texts:?} gave {read}");
    }
}

/// Abbreviated days of the week. Some of them are AM, PM or a month in another language. Arabic, Urdu and Persian
/// abbreviate a month or a day to one letter.
const SHORT_DAYS: [&str; 22] = [
    "Sa", "Sa.", "sa", "sa.", "SA", "Ch", "CH", "md", "md.", "Mar", "mar.", "MAR", "So", "Mo.", "Sat", "Sun.", "م",
    "ص", "am", "em", "vm.", "Lu",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_weekday_is_never_read_as_am_or_pm(
        day in select(&SHORT_DAYS[..]),
        place in 0..4_usize,
        blank in select(vec![" ", ", "]),
        is_dotted in any::<bool>(),
        hour in 0..24_u32,
    ) {
        let date = if is_dotted { "21.03.2026" } else { "21/03/2026" };
        let clock = format!("{hour:02}:30:00");
        let parts = match place {
            0 => [day, date, &clock],
            1 => [date, day, &clock],
            2 => [date, &clock, day],
            _ => [&clock, day, date],
        };
        // After the clock these letters are AM or PM in cultures of languages with such dates.
        let is_cultures = match (place, day) {
            (2 | 3, "SA" | "CH") | (3, "am") => !is_dotted,
            (2, "md" | "md." | "م" | "ص" | "am" | "em" | "vm.") | (1, "am") => true,
            _ => false,
        };
        let text = parts.join(blank);
        let right = at("2026-03-21T00:30:00Z") + TimeDelta::hours(hour.into());
        let found = outcomes(std::slice::from_ref(&text));
        prop_assert!(
            is_cultures || [Ok(right), Err(Rejected::BadTime)].contains(&found[0]),
            "{} gave {:?}", text, found
        );
    }
}
