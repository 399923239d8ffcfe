//! Results as one JSON object: `results` first, as they come, then `summary`.

use std::io::{self, Write};

use super::{JsonSummary, Row};

/// Writes rows into an object that [`finish`](Self::finish) closes. One result a line.
pub(in crate::cli) struct JsonResults<W> {
    out: W,
    rows: u64,
}

impl<W: Write> JsonResults<W> {
    pub(in crate::cli) fn begin(mut out: W) -> io::Result<Self> {
        out.write_all(b"{\"results\":[")?;
        Ok(Self { out, rows: 0 })
    }

    pub(in crate::cli) fn row(&mut self, row: &Row) -> io::Result<()> {
        let separator: &[u8] = if self.rows == 0 { b"\n" } else { b",\n" };
        self.out.write_all(separator)?;
        self.rows += 1;
        Ok(serde_json::to_writer(&mut self.out, row)?)
    }

    pub(in crate::cli) fn finish(mut self, summary: &JsonSummary) -> io::Result<()> {
        self.out.write_all(b"\n],\n\"summary\":")?;
        serde_json::to_writer(&mut self.out, summary)?;
        self.out.write_all(b"}\n")?;
        self.out.flush()
    }
}
