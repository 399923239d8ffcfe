//! The words by which names are known that hold secrets.

/// Words that make a name that of a secret, wherever they stand in it. `_`, `-`, `.` and blanks
/// may stand between the parts of a word.
pub(super) const SECRET_WORDS: &str = "passwor[dt]|pass[_. -]?w[_. -]?d|pass[_. -]?phrase\
    |pass[_. -]?code|pwd|secret|token|credential|jwt|cookie|bearer|webhook|auth[_. -]?header|kennwort\
    |(?:api|access|private|secret|shared|signing|encryption|auth|account|client|ssh|license|deploy|tls|ssl\
    |rsa|aes|hmac|pgp|gpg|pem|session|symmetric|storage)[_. -]?key|key[_. -]?material\
    |authorization[_. -]?header|connection[_. -]?str(?:ing)?|conn[_. -]?str|external[_. -]?id\
    |(?:database|connection|jdbc|redis|mongo(?:db)?|postgres|mysql|amqp|broker|db)[_. -]?ur[li]\
    |user[_. -]?data|custom[_. -]?data|customer[_. -]?gateway[_. -]?configuration\
    |header[_. -]?value|parameter[_. -]?value|output[_. -]?value|build[_. -]?spec|search[_. -]?string\
    |query[_. -]?string[_. -]?parameters|header[_. -]?parameters";

/// Short words that make a name that of a secret as its last word, and where a name in small letters
/// ends with them: `adminPass`, `dbpass`, `pw`.
pub(super) const ENDINGS: [&str; 2] = ["pass", "pw"];

/// Words that end so and are no secret.
pub(super) const NO_ENDINGS: [&str; 8] =
    ["bypass", "compass", "encompass", "overpass", "surpass", "trespass", "underpass", "byPass"];

/// Headers of HTTP with `X-` that are no secret: anybody may know them. Of others, which who runs a
/// service makes up, the value is what tells a content delivery network from anybody else.
pub(super) const KNOWN_HEADERS: [&str; 14] = [
    "x-amz-",
    "x-amzn-",
    "x-amazon-",
    "x-cache",
    "x-content-type-options",
    "x-dns-prefetch-control",
    "x-download-options",
    "x-edge-",
    "x-forwarded-",
    "x-frame-options",
    "x-permitted-cross-domain-policies",
    "x-powered-by",
    "x-request-id",
    "x-xss-protection",
];

/// The last word of a name that describes a secret or tells where it is.
pub(super) const REFERENCES: [&str; 66] = [
    "age",
    "algorithm",
    "arn",
    "arns",
    "at",
    "aud",
    "audience",
    "changed",
    "count",
    "created",
    "date",
    "days",
    "description",
    "duration",
    "enabled",
    "encrypted",
    "endpoint",
    "exists",
    "expiration",
    "expires",
    "expiry",
    "format",
    "hint",
    "hops",
    "hours",
    "id",
    "ids",
    "iss",
    "issuer",
    "length",
    "lifetime",
    "limit",
    "minutes",
    "mode",
    "name",
    "names",
    "parameter",
    "path",
    "policy",
    "prevention",
    "provider",
    "region",
    "required",
    "reuse",
    "rotated",
    "rotation",
    "rule",
    "rules",
    "seconds",
    "source",
    "spec",
    "stage",
    "stages",
    "state",
    "status",
    "sub",
    "time",
    "ttl",
    "type",
    "types",
    "uri",
    "url",
    "usage",
    "used",
    "validity",
    "version",
];

pub(super) const ENVIRONMENTS: [&str; 3] = ["environment", "env", "containerenvironment"];

/// Where AWS's resources keep names and values of whoever runs them: environments of Lambda, ECS,
/// `CodeBuild`, Batch, App Runner, stages of API Gateway, and commands, which are given secrets too.
/// In small letters and without `_`, `-` and blanks.
pub(super) const VALUES: [&str; 26] = [
    "variables",
    "environmentvariables",
    "environmentvariable",
    "environmentvariablesoverride",
    "environmentfiles",
    "envvars",
    "envvar",
    "envvariables",
    "envvariable",
    "envs",
    "stagevariables",
    "stagevariable",
    "runtimeenvironmentvariables",
    "runtimeenvironmentsecrets",
    "secrets",
    "secretoptions",
    "buildargs",
    "command",
    "commands",
    "entrypoint",
    "args",
    "arguments",
    "defaultarguments",
    "nonoverridablearguments",
    "dockerlabels",
    "hyperparameters",
];
