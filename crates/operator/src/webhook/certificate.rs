//! The certificate of the webhook, where the operator makes it itself.

use k8s_openapi::jiff::{SignedDuration, Timestamp, tz::TimeZone};
use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use time::OffsetDateTime;

/// How long a certificate is valid,
const VALID: SignedDuration = SignedDuration::from_hours(90 * 24);
/// and when another one takes its place: a cluster may stand still for a month.
const RENEWED: SignedDuration = SignedDuration::from_hours(60 * 24);

/// A certificate that is its own authority, and its key.
#[derive(Debug)]
pub(super) struct OwnCertificate {
    /// The certificate as PEM.
    pub(super) chain: String,
    /// The key as PEM.
    pub(super) key: String,
    /// When to make another.
    pub(super) renew_after: Timestamp,
}

impl OwnCertificate {
    /// Makes one for a Service.
    pub(super) fn make(
        service: &str,
        namespace: &str,
        now: Timestamp,
    ) -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate()?;
        // The API server asks for the first.
        let names = [format!("{service}.{namespace}.svc"), format!("{service}.{namespace}")];
        let mut parameters = CertificateParams::new(names)?;
        parameters.distinguished_name.push(DnType::CommonName, "plumbline webhook");
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        // Clocks of API servers may be behind.
        parameters.not_before = day_of(now - SignedDuration::from_hours(24));
        parameters.not_after = day_of(now + VALID);
        let certificate = parameters.self_signed(&key)?;
        Ok(Self { chain: certificate.pem(), key: key.serialize_pem(), renew_after: now + RENEWED })
    }
}

/// The beginning of a day, in UTC.
fn day_of(moment: Timestamp) -> OffsetDateTime {
    let day = moment.to_zoned(TimeZone::UTC).date();
    let part = |part: i8| u8::try_from(part).unwrap_or(1);
    date_time_ymd(i32::from(day.year()), part(day.month()), part(day.day()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use server::Certificate;

    #[test]
    fn it_can_be_served_and_is_renewed_a_month_before_it_ends() {
        let now: Timestamp = "2026-12-31T23:59:59Z".parse().unwrap();
        let made = OwnCertificate::make("plumbline", "security", now).unwrap();
        Certificate::default().serve(made.chain.as_bytes(), made.key.as_bytes()).unwrap();
        assert_eq!(made.renew_after.to_string(), "2027-03-01T23:59:59Z");
        let other = OwnCertificate::make("plumbline", "security", now).unwrap();
        let swapped =
            Certificate::default().serve(made.chain.as_bytes(), other.key.as_bytes()).unwrap_err();
        assert!(swapped.to_string().contains("cannot use the certificate"), "{swapped}");
    }
}
