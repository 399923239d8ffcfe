//! The credential report of IAM: a row for the root user and each user, in CSV ("Understanding the
//! report format", IAM User Guide, <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html>).
//!
//! A report with a row that does not say whose it is, or with two rows of one user, is not understood.
//! Of a row in which a value is missing or not understood, nothing is known but whose it is.

use std::collections::HashMap;

use crate::facts::{AccessKey, CredentialRow, Credentials};
use cel::Timestamp;
use model::AccountId;

/// The name of the root user's row.
const ROOT: &str = "<root_account>";

/// The rows of a report of an account.
pub(super) fn rows(text: &[u8], account: &AccountId) -> Result<Vec<CredentialRow>, String> {
    let mut reader = csv::ReaderBuilder::new().flexible(false).from_reader(text);
    let columns = columns(reader.headers().map_err(|error| error.to_string())?)?;
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let row = CsvRow { columns: &columns, record: &record };
        rows.push(row.read(account)?);
    }
    let mut names: Vec<&str> = rows.iter().map(|row| row.user.as_deref().unwrap_or(ROOT)).collect();
    names.sort_unstable();
    if let Some([twice, _]) = names.windows(2).find(|pair| pair.first() == pair.last()) {
        return Err(format!("the credential report has two rows of {twice}"));
    }
    Ok(rows)
}

/// The place of each column.
fn columns(header: &csv::StringRecord) -> Result<HashMap<String, usize>, String> {
    let mut columns = HashMap::new();
    for (at, name) in header.iter().enumerate() {
        if columns.insert(name.to_owned(), at).is_some() {
            return Err(format!("the credential report has two columns {name}"));
        }
    }
    Ok(columns)
}

/// A row while it is read.
struct CsvRow<'r> {
    columns: &'r HashMap<String, usize>,
    record: &'r csv::StringRecord,
}

impl CsvRow<'_> {
    fn read(&self, account: &AccountId) -> Result<CredentialRow, String> {
        let (user, arn) = (self.value("user")?, self.value("arn")?);
        if arn.split(':').nth(4) != Some(account.as_str()) || user.is_empty() {
            return Err(format!("the row of `{user}` in the credential report is of {arn}"));
        }
        let is_root = user == ROOT;
        Ok(CredentialRow {
            user: (!is_root).then(|| user.to_owned()),
            arn: arn.to_owned(),
            credentials: self.credentials(is_root),
        })
    }

    fn credentials(&self, is_root: bool) -> Result<Credentials, String> {
        let creation = self.time("user_creation_time", &[])?;
        let creation = creation.ok_or("user_creation_time is empty")?;
        let enabled = match self.value("password_enabled")? {
            "not_supported" if is_root => None,
            _ => Some(self.flag("password_enabled")?),
        };
        // Who has no password has no times of it; of the root user some are never reported.
        let (never_used, never_changed): (&[&str], &[&str]) = match enabled {
            Some(true) if !is_root => (&["no_information"], &[]),
            _ => (&["no_information", "N/A", "not_supported"], &["N/A", "not_supported"]),
        };
        Ok(Credentials {
            user_creation_time: creation,
            password_enabled: enabled,
            password_last_used: self.time("password_last_used", never_used)?,
            password_last_changed: self.time("password_last_changed", never_changed)?,
            mfa_active: self.flag("mfa_active")?,
            keys: vec![self.access_key(1)?, self.access_key(2)?],
        })
    }

    fn access_key(&self, number: u8) -> Result<AccessKey, String> {
        let column = |name: &str| format!("access_key_{number}_{name}");
        let active = self.flag(&column("active"))?;
        // An active key was made at some time.
        let rotated: &[&str] = if active { &[] } else { &["N/A"] };
        let service = self.value(&column("last_used_service"))?;
        Ok(AccessKey {
            number,
            active,
            last_rotated: self.time(&column("last_rotated"), rotated)?,
            last_used: self.time(&column("last_used_date"), &["N/A"])?,
            last_used_service: (service != "N/A").then(|| service.to_owned()),
        })
    }

    fn value(&self, column: &str) -> Result<&str, String> {
        let at = self.columns.get(column);
        let value = at.and_then(|at| self.record.get(*at));
        value.ok_or_else(|| format!("the credential report has no column {column}"))
    }

    fn flag(&self, column: &str) -> Result<bool, String> {
        match self.value(column)? {
            value if value.eq_ignore_ascii_case("true") => Ok(true),
            value if value.eq_ignore_ascii_case("false") => Ok(false),
            value => Err(format!("{column} is `{value}`")),
        }
    }

    /// A time; nothing where the column has one of the words that stand for none there.
    fn time(&self, column: &str, none: &[&str]) -> Result<Option<String>, String> {
        let value = self.value(column)?;
        if none.contains(&value) {
            return Ok(None);
        }
        match Timestamp::parse(value) {
            Some(_) => Ok(Some(value.to_owned())),
            None => Err(format!("{column} is `{value}`")),
        }
    }
}

#[cfg(test)]
mod tests;
