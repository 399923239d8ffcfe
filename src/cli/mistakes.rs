//! Mistakes in files, each shown with the lines it stands in.

use std::io::{self, IsTerminal, Write};

use miette::{GraphicalReportHandler, GraphicalTheme};

use super::output;
use crate::api::document::Diagnostic;

/// Writes each mistake with its place and what to do about it.
pub(super) fn write(out: &mut dyn Write, mistakes: &[Diagnostic]) -> io::Result<()> {
    let coloured = io::stderr().is_terminal() && output::colours_allowed();
    let theme =
        if coloured { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_links(false).with_width(100);
    for mistake in mistakes {
        let mut text = String::new();
        handler.render_report(&mut text, mistake).map_err(io::Error::other)?;
        write!(out, "{text}")?;
    }
    Ok(())
}
