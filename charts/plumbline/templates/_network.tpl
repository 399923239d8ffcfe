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

{{- /* The part that a ServiceMonitor's endpoint and a PodMonitor's have in common. */ -}}
{{- define "plumbline.endpoint" -}}
port: metrics
path: /metrics
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
