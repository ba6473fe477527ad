//! What is wrong with the command line, in one line.
//!
//! A value may hold a credential, even where it does not belong, so no value is repeated.

use std::error::Error as _;
use std::io::Write as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::outcome::Outcome;
use crate::output;

/// Shows what clap says: help and version as they are, anything else as one line.
pub(crate) fn report(error: &clap::Error) -> Outcome {
    use ErrorKind::{DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion};
    match error.kind() {
        DisplayHelp | DisplayVersion => {
            let _ = error.print();
            Outcome::Done
        }
        DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
            Outcome::Usage
        }
        _ => {
            let text = message(error).replace(char::is_control, " ");
            let _ = writeln!(anstream::stderr(), "{}: {text}", output::error_label());
            Outcome::Usage
        }
    }
}

fn message(error: &clap::Error) -> String {
    let argument = context(error, ContextKind::InvalidArg).unwrap_or_default();
    match error.kind() {
        ErrorKind::UnknownArgument => unknown(error, &argument),
        ErrorKind::InvalidSubcommand => {
            format!("there is no such command{}", hint(error, ContextKind::SuggestedSubcommand))
        }
        ErrorKind::MissingRequiredArgument => format!("missing: {argument}"),
        ErrorKind::ArgumentConflict => {
            let other = context(error, ContextKind::PriorArg).unwrap_or_default();
            if other == argument {
                return format!("{argument} may be given once only");
            }
            format!("{argument} cannot be used with {other}")
        }
        kind => format!("{argument}: {}", reason(error, kind)),
    }
}

fn reason(error: &clap::Error, kind: ErrorKind) -> String {
    if let Some(source) = error.source() {
        return source.to_string();
    }
    let reason = match kind {
        ErrorKind::TooManyValues => "it takes no value",
        _ => "a value is missing or cannot be used",
    };
    match context(error, ContextKind::ValidValue).filter(|values| !values.is_empty()) {
        Some(values) => format!("{reason}; it takes one of {values}"),
        None => reason.to_owned(),
    }
}

/// An option's name is shown only if it can be nothing else.
fn unknown(error: &clap::Error, argument: &str) -> String {
    let is_plain = |name: &str| name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    let hint = hint(error, ContextKind::SuggestedArg);
    if argument.strip_prefix("--").is_some_and(is_plain) {
        return format!("there is no option {argument}{hint}");
    }
    let behind = "what begins with a hyphen and is no option stands behind --";
    format!("an argument too many, or an unknown option{hint}; {behind}")
}

fn hint(error: &clap::Error, kind: ContextKind) -> String {
    context(error, kind).map_or_else(String::new, |name| format!("; did you mean {name}?"))
}

fn context(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => Some(texts.join(", ")),
        _ => None,
    }
}
