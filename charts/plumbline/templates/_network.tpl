{{- /* The port of a URL. */ -}}
{{- define "plumbline.portOf" -}}
{{- $url := urlParse . -}}
{{- $port := regexFind ":[0-9]+$" $url.host | trimPrefix ":" -}}
{{- $port | default (ternary "443" "80" (eq $url.scheme "https")) -}}
{{- end -}}

{{- /*
What is called without a proxy: the cluster's own names, and the services that give credentials, which
answer only to their own node.
*/ -}}
{{- define "plumbline.noProxy" -}}
{{- $own := list "localhost" "127.0.0.1" "::1" "169.254.169.254" "169.254.170.23" "fd00:ec2::254" "fd00:ec2::23" ".svc" ".cluster.local" -}}
{{- concat $own (.Values.proxy.noProxy | default list) | join "," -}}
{{- end -}}

{{- /* The Secret with the certificate of the metrics; nothing where they are served without TLS. */ -}}
{{- define "plumbline.metricsSecret" -}}
{{- with (.Values.metrics).tls -}}
{{- if and .enabled .certManager.enabled -}}
{{- .secretName | default (printf "%s-metrics" (include "plumbline.fullname" $)) -}}
{{- else if .enabled -}}
{{- required "metrics.tls.enabled needs a certificate: set metrics.tls.secretName to a Secret of type kubernetes.io/tls, or metrics.tls.certManager.enabled." .secretName -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* Says something where whoever reads the metrics needs a right. */ -}}
{{- define "plumbline.metricsAuthorization" -}}
{{- if ((.Values.metrics).authorization).enabled -}}
{{- if not ((.Values.metrics).tls).enabled -}}
{{- fail "metrics.authorization.enabled needs metrics.tls.enabled, so that nobody on the network reads the token of Prometheus." -}}
{{- end -}}
true
{{- end -}}
{{- end -}}

{{- /*
The part that a ServiceMonitor's endpoint and a PodMonitor's have in common:
(dict "root" $ "monitor" .Values.podMonitor).
*/ -}}
{{- define "plumbline.endpoint" -}}
{{- $root := .root -}}
{{- with .monitor -}}
port: metrics
path: /metrics
{{- $monitor := . }}
{{- with include "plumbline.metricsSecret" $root }}
scheme: https
tlsConfig:
  {{- $name := printf "%s.%s.svc" (include "plumbline.fullname" $root) $root.Release.Namespace }}
  {{- $default := dict "ca" (dict "secret" (dict "name" . "key" "ca.crt")) "serverName" $name }}
  {{- toYaml ($monitor.tlsConfig | default $default) | nindent 2 }}
{{- end }}
interval: {{ .interval }}
scrapeTimeout: {{ .scrapeTimeout }}
# A metric's own namespace label names that of the baseline, not that of the operator's pod.
honorLabels: true
{{- with .relabelings }}
relabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .metricRelabelings }}
metricRelabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- with (($root.Values.metrics).authorization).credentials }}
authorization:
  type: Bearer
  credentials: {{- toYaml . | nindent 4 }}
{{- end }}
{{- end -}}

{{- /* The metadata that both have in common: (dict "root" $ "monitor" .Values.podMonitor). */ -}}
{{- define "plumbline.monitorMetadata" -}}
name: {{ include "plumbline.fullname" .root }}
namespace: {{ .monitor.namespace | default .root.Release.Namespace }}
labels:
  {{- include "plumbline.labelsOf" (dict "root" .root "component" "operator" "labels" .monitor.labels) | nindent 2 }}
{{- with .monitor.annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- /* The pods that both select, wherever the monitor itself is. */ -}}
{{- define "plumbline.monitorSelector" -}}
namespaceSelector: {matchNames: [{{ .Release.Namespace }}]}
selector:
  matchLabels:
    {{- include "plumbline.selectorLabels" . | nindent 4 }}
{{- end -}}
