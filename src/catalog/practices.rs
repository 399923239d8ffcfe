//! The security practices that the built-in controls carry out, by id.

use crate::api::Domain;

use PracticeKind::{Attestation, Native, Rule};

/// A security practice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Practice {
    /// Its id, which controls name.
    pub id: &'static str,
    /// The field of security that it belongs to.
    pub domain: Domain,
    /// How it can be checked.
    pub kind: PracticeKind,
}

/// How a practice can be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PracticeKind {
    /// From configuration items.
    Native,
    /// Only by a managed rule of AWS Config: no item holds the facts.
    Rule,
    /// Only by evidence of a procedure.
    Attestation,
}

/// The practice of that id.
pub fn practice(id: &str) -> Option<&'static Practice> {
    PRACTICES.iter().find(|practice| practice.id == id)
}

const fn of(domain: Domain, kind: PracticeKind, id: &'static str) -> Practice {
    Practice { id, domain, kind }
}

/// Every practice, by domain.
#[rustfmt::skip] // a table: one line each
pub const PRACTICES: &[Practice] = &[
    of(Domain::IdentityAccess, Rule, "iam-root-no-access-keys"),
    of(Domain::IdentityAccess, Rule, "iam-root-mfa"),
    of(Domain::IdentityAccess, Rule, "iam-root-unused"),
    of(Domain::IdentityAccess, Rule, "iam-user-mfa"),
    of(Domain::IdentityAccess, Rule, "iam-access-key-rotation"),
    of(Domain::IdentityAccess, Rule, "iam-unused-credentials"),
    of(Domain::IdentityAccess, Rule, "iam-password-policy"),
    of(Domain::IdentityAccess, Native, "iam-policies-on-groups-or-roles"),
    of(Domain::IdentityAccess, Native, "iam-users-in-groups"),
    of(Domain::IdentityAccess, Native, "iam-no-admin-statements"),
    of(Domain::IdentityAccess, Native, "iam-no-full-service-access"),
    of(Domain::IdentityAccess, Native, "iam-no-inline-policies"),
    of(Domain::IdentityAccess, Native, "iam-roles-over-long-term-keys"),
    of(Domain::IdentityAccess, Native, "iam-conditions"),
    of(Domain::IdentityAccess, Native, "iam-trust-not-public"),
    of(Domain::IdentityAccess, Native, "iam-unused-policies"),
    of(Domain::IdentityAccess, Native, "iam-access-analyzer"),
    of(Domain::IdentityAccess, Attestation, "iam-access-review"),
    of(Domain::DataProtection, Native, "data-s3-encryption"),
    of(Domain::DataProtection, Native, "data-ebs-encryption"),
    of(Domain::DataProtection, Rule, "data-ebs-encryption-by-default"),
    of(Domain::DataProtection, Native, "data-rds-encryption"),
    of(Domain::DataProtection, Native, "data-dynamodb-encryption"),
    of(Domain::DataProtection, Native, "data-redshift-encryption"),
    of(Domain::DataProtection, Native, "data-efs-encryption"),
    of(Domain::DataProtection, Native, "data-queue-topic-encryption"),
    of(Domain::DataProtection, Native, "data-log-encryption"),
    of(Domain::DataProtection, Native, "data-kms-rotation"),
    of(Domain::DataProtection, Native, "data-kms-sole-control"),
    of(Domain::DataProtection, Native, "data-kms-no-pending-deletion"),
    of(Domain::DataProtection, Native, "data-s3-tls-only"),
    of(Domain::DataProtection, Native, "data-elb-tls"),
    of(Domain::DataProtection, Native, "data-cloudfront-tls"),
    of(Domain::DataProtection, Native, "data-acm-expiry"),
    of(Domain::DataProtection, Native, "data-opensearch-tls-encryption"),
    of(Domain::DataProtection, Native, "data-s3-public-access"),
    of(Domain::DataProtection, Rule, "data-snapshots-private"),
    of(Domain::DataProtection, Native, "data-databases-private"),
    of(Domain::DataProtection, Native, "data-s3-versioning"),
    of(Domain::DataProtection, Native, "data-s3-mfa-delete"),
    of(Domain::DataProtection, Native, "data-s3-object-lock"),
    of(Domain::DataProtection, Native, "data-s3-disposal"),
    of(Domain::DataProtection, Native, "data-secrets-rotation"),
    of(Domain::DataProtection, Native, "data-no-plaintext-credentials"),
    of(Domain::DataProtection, Rule, "data-macie"),
    of(Domain::DataProtection, Native, "data-residency"),
    of(Domain::DataProtection, Attestation, "data-client-side-encryption"),
    of(Domain::AssetManagement, Native, "asset-tags"),
    of(Domain::AssetManagement, Native, "asset-data-classification"),
    of(Domain::AssetManagement, Native, "asset-inventory-recorded"),
    of(Domain::AssetManagement, Native, "asset-unused"),
    of(Domain::NetworkSecurity, Native, "net-sg-admin-ports"),
    of(Domain::NetworkSecurity, Native, "net-sg-common-ports"),
    of(Domain::NetworkSecurity, Native, "net-sg-default-closed"),
    of(Domain::NetworkSecurity, Native, "net-sg-egress"),
    of(Domain::NetworkSecurity, Native, "net-nacl"),
    of(Domain::NetworkSecurity, Native, "net-subnets-private"),
    of(Domain::NetworkSecurity, Native, "net-instances-private"),
    of(Domain::NetworkSecurity, Native, "net-routes"),
    of(Domain::NetworkSecurity, Native, "net-flow-logs"),
    of(Domain::NetworkSecurity, Native, "net-vpn-or-direct-connect"),
    of(Domain::NetworkSecurity, Native, "net-waf"),
    of(Domain::NetworkSecurity, Rule, "net-shield"),
    of(Domain::NetworkSecurity, Native, "net-firewall"),
    of(Domain::NetworkSecurity, Native, "net-vpc-endpoints"),
    of(Domain::LoggingMonitoring, Native, "log-cloudtrail-all-regions"),
    of(Domain::LoggingMonitoring, Native, "log-cloudtrail-validation"),
    of(Domain::LoggingMonitoring, Native, "log-cloudtrail-encrypted"),
    of(Domain::LoggingMonitoring, Native, "log-cloudtrail-bucket-logging"),
    of(Domain::LoggingMonitoring, Native, "log-cloudtrail-bucket-restricted"),
    of(Domain::LoggingMonitoring, Native, "log-cloudtrail-cloudwatch"),
    of(Domain::LoggingMonitoring, Native, "log-cloudtrail-data-events"),
    of(Domain::LoggingMonitoring, Native, "log-s3-access"),
    of(Domain::LoggingMonitoring, Native, "log-elb-access"),
    of(Domain::LoggingMonitoring, Native, "log-cloudwatch-alarms"),
    of(Domain::LoggingMonitoring, Rule, "log-retention"),
    of(Domain::LoggingMonitoring, Native, "log-config-recorder"),
    of(Domain::LoggingMonitoring, Native, "log-guardduty"),
    of(Domain::LoggingMonitoring, Rule, "log-security-hub"),
    of(Domain::LoggingMonitoring, Native, "log-database-logs"),
    of(Domain::VulnerabilityManagement, Rule, "vuln-inspector"),
    of(Domain::VulnerabilityManagement, Native, "vuln-patch-compliance"),
    of(Domain::VulnerabilityManagement, Native, "vuln-managed-engines"),
    of(Domain::VulnerabilityManagement, Native, "vuln-image-scanning"),
    of(Domain::VulnerabilityManagement, Attestation, "vuln-assessment"),
    of(Domain::ConfigurationManagement, Native, "cfg-ssm-managed"),
    of(Domain::ConfigurationManagement, Native, "cfg-imdsv2"),
    of(Domain::ConfigurationManagement, Native, "cfg-stack-drift"),
    of(Domain::ConfigurationManagement, Native, "cfg-os-access"),
    of(Domain::ConfigurationManagement, Native, "cfg-consistent-posture"),
    of(Domain::Governance, Rule, "gov-organizations"),
    of(Domain::Governance, Attestation, "gov-scp"),
    of(Domain::Governance, Attestation, "gov-control-tower"),
    of(Domain::Governance, Native, "gov-service-catalog"),
    of(Domain::Governance, Native, "gov-audit-manager"),
    of(Domain::Governance, Attestation, "gov-documentation"),
    of(Domain::Governance, Attestation, "gov-certifications"),
    of(Domain::Governance, Attestation, "gov-least-privilege-review"),
    of(Domain::RiskManagement, Attestation, "risk-assessment"),
    of(Domain::RiskManagement, Attestation, "risk-trusted-advisor"),
    of(Domain::RiskManagement, Attestation, "risk-continual-improvement"),
    of(Domain::RiskManagement, Attestation, "risk-well-architected"),
    of(Domain::DeviceManagement, Native, "device-workspaces-encryption"),
    of(Domain::DeviceManagement, Attestation, "device-policy"),
    of(Domain::IncidentResponse, Attestation, "ir-plan"),
    of(Domain::IncidentResponse, Attestation, "ir-exercise"),
    of(Domain::IncidentResponse, Rule, "ir-contacts"),
    of(Domain::IncidentResponse, Attestation, "ir-forensics"),
    of(Domain::IncidentResponse, Native, "ir-automation"),
    of(Domain::BusinessContinuity, Native, "bc-backup-plans"),
    of(Domain::BusinessContinuity, Rule, "bc-backup-coverage"),
    of(Domain::BusinessContinuity, Native, "bc-backup-locked"),
    of(Domain::BusinessContinuity, Native, "bc-rds-backup"),
    of(Domain::BusinessContinuity, Native, "bc-multi-az"),
    of(Domain::BusinessContinuity, Native, "bc-replication"),
    of(Domain::BusinessContinuity, Native, "bc-dynamodb-pitr"),
    of(Domain::BusinessContinuity, Native, "bc-deletion-protection"),
    of(Domain::BusinessContinuity, Attestation, "bc-dr-test"),
    of(Domain::ApplicationSecurity, Native, "app-api-authorization"),
    of(Domain::ApplicationSecurity, Native, "app-api-logging"),
    of(Domain::ApplicationSecurity, Native, "app-lambda-not-public"),
    of(Domain::ApplicationSecurity, Native, "app-codebuild"),
    of(Domain::ApplicationSecurity, Attestation, "app-code-review"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_practice_stands_once() {
        let ids: BTreeSet<&str> = PRACTICES.iter().map(|practice| practice.id).collect();
        assert_eq!(ids.len(), PRACTICES.len());
        assert_eq!(practice("log-guardduty").unwrap().domain, Domain::LoggingMonitoring);
        assert_eq!(practice("log-guard"), None);
    }
}
