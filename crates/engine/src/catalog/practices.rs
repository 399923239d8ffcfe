//! The security practices that the built-in controls carry out, by id.

use api::Domain;

use PracticeKind::{Attestation, Native, Rule};

/// A security practice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Practice {
    /// Its id, which controls name.
    pub id: &'static str,
    /// What holds where it is kept.
    pub title: &'static str,
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
    /// From account facts or a managed rule of AWS Config: no item of AWS Config holds them.
    Rule,
    /// Only by evidence of a procedure.
    Attestation,
}

/// The practice of that id.
pub fn practice(id: &str) -> Option<&'static Practice> {
    PRACTICES.iter().find(|practice| practice.id == id)
}

const fn of(domain: Domain, kind: PracticeKind, id: &'static str, title: &'static str) -> Practice {
    Practice { id, title, domain, kind }
}

/// Every practice, by domain.
#[rustfmt::skip] // a table: one line each
pub const PRACTICES: &[Practice] = &[
    of(Domain::IdentityAccess, Rule, "iam-root-no-access-keys", "The root user has no access keys"),
    of(Domain::IdentityAccess, Rule, "iam-root-mfa", "The root user signs in with MFA (hardware MFA as a stricter option)"),
    of(Domain::IdentityAccess, Rule, "iam-root-unused", "The root user is not used for daily work; use raises an alarm"),
    of(Domain::IdentityAccess, Rule, "iam-user-mfa", "Every user, console users first, has MFA"),
    of(Domain::IdentityAccess, Rule, "iam-access-key-rotation", "Access keys are at most 90 days old (60 as a stricter parameter)"),
    of(Domain::IdentityAccess, Rule, "iam-unused-credentials", "Keys and passwords unused for a set time are disabled or removed"),
    of(Domain::IdentityAccess, Rule, "iam-password-policy", "The account password policy sets length, classes, reuse and expiry"),
    of(Domain::IdentityAccess, Native, "iam-policies-on-groups-or-roles", "Policies attach to groups or roles, never to single users"),
    of(Domain::IdentityAccess, Native, "iam-users-in-groups", "Every user belongs to a group"),
    of(Domain::IdentityAccess, Native, "iam-no-admin-statements", "No customer policy allows every action on every resource (least privilege)"),
    of(Domain::IdentityAccess, Native, "iam-no-full-service-access", "No customer policy grants a whole service with a wildcard"),
    of(Domain::IdentityAccess, Native, "iam-no-inline-policies", "No inline policies on users, groups or roles"),
    of(Domain::IdentityAccess, Native, "iam-roles-over-long-term-keys", "Workloads use roles: every EC2 instance has an instance profile"),
    of(Domain::IdentityAccess, Native, "iam-conditions", "Cross-account trust and sensitive policies carry conditions (source address, time, ExternalId, MFA)"),
    of(Domain::IdentityAccess, Native, "iam-trust-not-public", "No role trusts every principal"),
    of(Domain::IdentityAccess, Native, "iam-unused-policies", "Customer policies that attach to nothing are reviewed"),
    of(Domain::IdentityAccess, Native, "iam-access-analyzer", "IAM Access Analyzer runs in every region in use"),
    of(Domain::IdentityAccess, Attestation, "iam-access-review", "Access rights are reviewed on a schedule"),
    of(Domain::DataProtection, Native, "data-s3-encryption", "S3 buckets encrypt at rest, with KMS where asked"),
    of(Domain::DataProtection, Native, "data-ebs-encryption", "EBS volumes encrypt at rest"),
    of(Domain::DataProtection, Rule, "data-ebs-encryption-by-default", "New EBS volumes encrypt by default"),
    of(Domain::DataProtection, Native, "data-rds-encryption", "RDS instances, clusters and snapshots encrypt at rest"),
    of(Domain::DataProtection, Native, "data-dynamodb-encryption", "DynamoDB tables encrypt with a KMS key where asked"),
    of(Domain::DataProtection, Native, "data-redshift-encryption", "Redshift clusters encrypt at rest"),
    of(Domain::DataProtection, Native, "data-efs-encryption", "EFS file systems encrypt at rest"),
    of(Domain::DataProtection, Native, "data-queue-topic-encryption", "SQS queues and SNS topics encrypt at rest"),
    of(Domain::DataProtection, Native, "data-log-encryption", "Log groups and log files encrypt at rest with KMS"),
    of(Domain::DataProtection, Native, "data-kms-rotation", "Customer keys rotate"),
    of(Domain::DataProtection, Native, "data-kms-sole-control", "Key policies trust no principal outside the accounts named"),
    of(Domain::DataProtection, Native, "data-kms-no-pending-deletion", "No key in use is scheduled for deletion"),
    of(Domain::DataProtection, Native, "data-s3-tls-only", "Bucket policies refuse requests without TLS"),
    of(Domain::DataProtection, Native, "data-elb-tls", "Load balancers listen with TLS and redirect HTTP, under a current policy"),
    of(Domain::DataProtection, Native, "data-cloudfront-tls", "CloudFront viewers and origins use TLS"),
    of(Domain::DataProtection, Native, "data-acm-expiry", "Certificates renew before a set number of days"),
    of(Domain::DataProtection, Native, "data-opensearch-tls-encryption", "OpenSearch domains encrypt at rest, between nodes and to clients"),
    of(Domain::DataProtection, Native, "data-s3-public-access", "No bucket is public: account and bucket blocks, policy and ACL"),
    of(Domain::DataProtection, Rule, "data-snapshots-private", "EBS and RDS snapshots are not public"),
    of(Domain::DataProtection, Native, "data-databases-private", "Databases and warehouses are not publicly reachable"),
    of(Domain::DataProtection, Native, "data-s3-versioning", "S3 buckets keep versions"),
    of(Domain::DataProtection, Native, "data-s3-mfa-delete", "Buckets that hold logs or confidential data require MFA to delete"),
    of(Domain::DataProtection, Native, "data-s3-object-lock", "Buckets marked for integrity have object lock"),
    of(Domain::DataProtection, Native, "data-s3-disposal", "Data is disposed of when no longer needed: lifecycle rules"),
    of(Domain::DataProtection, Native, "data-secrets-rotation", "Secrets rotate on schedule and are in use"),
    of(Domain::DataProtection, Native, "data-no-plaintext-credentials", "No credentials stand in \
        plain text in code or configuration"),
    of(Domain::DataProtection, Rule, "data-macie", "Macie discovers sensitive data"),
    of(Domain::DataProtection, Native, "data-residency", "Resources stand only in the regions \
        (jurisdictions) allowed"),
    of(Domain::DataProtection, Attestation, "data-client-side-encryption", "Confidential data is encrypted before it is sent, where required"),
    of(Domain::AssetManagement, Native, "asset-tags", "Assets carry the required tags (owner, environment)"),
    of(Domain::AssetManagement, Native, "asset-data-classification", "Data stores carry a classification from the allowed list, and confidential ones the stricter controls"),
    of(Domain::AssetManagement, Native, "asset-inventory-recorded", "AWS Config records every type that the baseline speaks of"),
    of(Domain::AssetManagement, Native, "asset-unused", "Orphan assets are removed: unattached volumes, idle addresses, stopped instances"),
    of(Domain::NetworkSecurity, Native, "net-sg-admin-ports", "SSH and RDP are not open to the world"),
    of(Domain::NetworkSecurity, Native, "net-sg-common-ports", "Common service ports (FTP, SMTP, MongoDB, MSSQL, MySQL, PostgreSQL, Redis, …) open only to required sources"),
    of(Domain::NetworkSecurity, Native, "net-sg-default-closed", "Default security groups allow nothing"),
    of(Domain::NetworkSecurity, Native, "net-sg-egress", "Outbound rules are limited where asked"),
    of(Domain::NetworkSecurity, Native, "net-nacl", "Network ACLs do not admit the world \
        to admin ports"),
    of(Domain::NetworkSecurity, Native, "net-subnets-private", "Subnets assign no public addresses by default"),
    of(Domain::NetworkSecurity, Native, "net-instances-private", "Instances have no public address unless exempt"),
    of(Domain::NetworkSecurity, Native, "net-routes", "Route tables of private subnets hold no default route to an internet gateway; gateways attach only to authorised VPCs"),
    of(Domain::NetworkSecurity, Native, "net-flow-logs", "Every VPC has flow logs"),
    of(Domain::NetworkSecurity, Native, "net-vpn-or-direct-connect", "Hybrid links run over VPN (both tunnels up) or Direct Connect"),
    of(Domain::NetworkSecurity, Native, "net-waf", "Public web entry points stand behind a web \
        ACL, which logs"),
    of(Domain::NetworkSecurity, Rule, "net-shield", "Shield Advanced protects where required"),
    of(Domain::NetworkSecurity, Native, "net-firewall", "VPCs that need fine-grained inspection have a Network Firewall with a stateful policy"),
    of(Domain::NetworkSecurity, Native, "net-vpc-endpoints", "Private traffic to AWS services goes through VPC endpoints"),
    of(Domain::LoggingMonitoring, Native, "log-cloudtrail-all-regions", "A multi-region trail records the account and is logging"),
    of(Domain::LoggingMonitoring, Native, "log-cloudtrail-validation", "Trails validate log files"),
    of(Domain::LoggingMonitoring, Native, "log-cloudtrail-encrypted", "Trails encrypt with KMS"),
    of(Domain::LoggingMonitoring, Native, "log-cloudtrail-bucket-logging", "The trail's bucket logs access"),
    of(Domain::LoggingMonitoring, Native, "log-cloudtrail-bucket-restricted", "The trail's bucket is private and needs MFA to delete"),
    of(Domain::LoggingMonitoring, Native, "log-cloudtrail-cloudwatch", "Trails deliver to CloudWatch Logs"),
    of(Domain::LoggingMonitoring, Rule, "log-cloudtrail-data-events", "S3 data events are recorded where asked"),
    of(Domain::LoggingMonitoring, Native, "log-s3-access", "Buckets log access"),
    of(Domain::LoggingMonitoring, Native, "log-elb-access", "Load balancers log access"),
    of(Domain::LoggingMonitoring, Native, "log-cloudwatch-alarms", "Alarms exist and have actions for the security metrics"),
    of(Domain::LoggingMonitoring, Rule, "log-retention", "Log groups keep their logs for the required time"),
    of(Domain::LoggingMonitoring, Native, "log-config-recorder", "AWS Config records all supported types, global ones once"),
    of(Domain::LoggingMonitoring, Native, "log-guardduty", "GuardDuty runs in every region in use"),
    of(Domain::LoggingMonitoring, Rule, "log-security-hub", "Security Hub runs in every region in use"),
    of(Domain::LoggingMonitoring, Native, "log-database-logs", "Databases export their logs"),
    of(Domain::VulnerabilityManagement, Rule, "vuln-inspector", "Inspector assesses instances, images and functions"),
    of(Domain::VulnerabilityManagement, Native, "vuln-patch-compliance", "Instances are patched"),
    of(Domain::VulnerabilityManagement, Native, "vuln-managed-engines", "Managed engines take minor upgrades by themselves; runtimes are supported versions"),
    of(Domain::VulnerabilityManagement, Native, "vuln-image-scanning", "Container images are scanned on push"),
    of(Domain::VulnerabilityManagement, Attestation, "vuln-assessment", "Vulnerabilities are assessed and third-party tests done on a schedule"),
    of(Domain::ConfigurationManagement, Native, "cfg-ssm-managed", "Instances are managed by Systems Manager and their associations comply"),
    of(Domain::ConfigurationManagement, Native, "cfg-imdsv2", "Instances require IMDSv2"),
    of(Domain::ConfigurationManagement, Native, "cfg-stack-drift", "CloudFormation stacks have not drifted"),
    of(Domain::ConfigurationManagement, Native, "cfg-os-access", "Operating-system access goes through Session Manager: no SSH key pair where barred"),
    of(Domain::ConfigurationManagement, Native, "cfg-consistent-posture", "The same controls hold in every account and region of a baseline; an outlier shows"),
    of(Domain::Governance, Rule, "gov-organizations", "The account is in the organisation"),
    of(Domain::Governance, Attestation, "gov-scp", "Service control policies set the guardrails"),
    of(Domain::Governance, Attestation, "gov-control-tower", "Accounts are set up and governed by Control Tower or an equal landing zone"),
    of(Domain::Governance, Rule, "gov-service-catalog", "Catalogue products and portfolios are shared inside the organisation only"),
    of(Domain::Governance, Native, "gov-audit-manager", "Audit Manager holds an active assessment"),
    of(Domain::Governance, Attestation, "gov-documentation", "Controls and procedures are documented"),
    of(Domain::Governance, Attestation, "gov-certifications", "The certifications that apply are known and kept"),
    of(Domain::Governance, Attestation, "gov-least-privilege-review", "Teams account for the services that they secure"),
    of(Domain::RiskManagement, Attestation, "risk-assessment", "Risks are assessed on a schedule and measures taken (ISMS)"),
    of(Domain::RiskManagement, Attestation, "risk-trusted-advisor", "Trusted Advisor's findings are reviewed"),
    of(Domain::RiskManagement, Attestation, "risk-continual-improvement", "The ISMS is reviewed and improved"),
    of(Domain::RiskManagement, Attestation, "risk-well-architected", "Workloads pass a Well-Architected review; controls map to its security pillar"),
    of(Domain::DeviceManagement, Native, "device-workspaces-encryption", "WorkSpaces encrypt root and user volumes"),
    of(Domain::DeviceManagement, Attestation, "device-policy", "Devices that reach AWS are encrypted, patched and protected from malware"),
    of(Domain::IncidentResponse, Attestation, "ir-plan", "An incident response plan names roles and communication"),
    of(Domain::IncidentResponse, Attestation, "ir-exercise", "The plan is exercised (tabletop) on a schedule"),
    of(Domain::IncidentResponse, Rule, "ir-contacts", "The account has a security contact"),
    of(Domain::IncidentResponse, Attestation, "ir-forensics", "Evidence can be kept: forensic account, snapshots, isolation"),
    of(Domain::IncidentResponse, Native, "ir-automation", "Findings trigger a response: an event rule with a live target"),
    of(Domain::BusinessContinuity, Native, "bc-backup-plans", "Backup plans exist with the required frequency and retention"),
    of(Domain::BusinessContinuity, Rule, "bc-backup-coverage", "Volumes, databases, tables and file systems are in a backup plan"),
    of(Domain::BusinessContinuity, Native, "bc-backup-locked", "Recovery points are encrypted and cannot be deleted by hand"),
    of(Domain::BusinessContinuity, Native, "bc-rds-backup", "Databases keep automatic backups for the required days"),
    of(Domain::BusinessContinuity, Native, "bc-multi-az", "Databases, load balancers and groups span zones"),
    of(Domain::BusinessContinuity, Native, "bc-replication", "Data replicates across regions where asked"),
    of(Domain::BusinessContinuity, Native, "bc-dynamodb-pitr", "DynamoDB tables have point-in-time recovery"),
    of(Domain::BusinessContinuity, Native, "bc-deletion-protection", "Databases and load balancers have deletion protection"),
    of(Domain::BusinessContinuity, Attestation, "bc-dr-test", "Disaster recovery is planned and tested on a schedule"),
    of(Domain::ApplicationSecurity, Rule, "app-api-authorization", "API endpoints require authorisation"),
    of(Domain::ApplicationSecurity, Native, "app-api-logging", "API stages log, trace and encrypt their cache"),
    of(Domain::ApplicationSecurity, Native, "app-lambda-not-public", "Functions are not invocable by everyone"),
    of(Domain::ApplicationSecurity, Native, "app-codebuild", "Build projects hold no source credentials in their URL and log"),
    of(Domain::ApplicationSecurity, Attestation, "app-code-review", "Code is reviewed for hard-coded credentials and unsecured endpoints"),
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
