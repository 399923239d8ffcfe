{{- /* The chart's name, or what stands in for it. */ -}}
{{- define "plumbline.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- /* The name of what is not in a namespace: releases of one name may be in several. */ -}}
{{- define "plumbline.clusterName" -}}
{{- printf "%s-%s" .Release.Namespace (include "plumbline.fullname" .) -}}
{{- end -}}

{{- /* The name of what a release makes. A release named like the chart does not say it twice. */ -}}
{{- define "plumbline.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "plumbline.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "plumbline.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (include "plumbline.fullname" .) -}}
{{- end -}}

{{- /* The labels of every object, whatever it is part of. */ -}}
{{- define "plumbline.releaseLabels" -}}
app.kubernetes.io/name: {{ include "plumbline.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name (.Chart.Version | replace "+" "_") }}
{{- end -}}

{{- /* The labels by which the operator's pods are found. They never change: a Deployment's may not. */ -}}
{{- define "plumbline.selectorLabels" -}}
app.kubernetes.io/name: {{ include "plumbline.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end -}}

{{- /*
The labels of an object: (dict "root" $ "component" "operator" "labels" .Values.podLabels). The chart's
own take precedence over the others.
*/ -}}
{{- define "plumbline.labelsOf" -}}
{{- $own := include "plumbline.releaseLabels" .root | fromYaml -}}
{{- $_ := set $own "app.kubernetes.io/component" .component -}}
{{- toYaml (mergeOverwrite (dict) (.root.Values.commonLabels | default dict) (.labels | default dict) $own) -}}
{{- end -}}

{{- define "plumbline.labels" -}}
{{- include "plumbline.labelsOf" (dict "root" . "component" "operator") -}}
{{- end -}}

{{- define "plumbline.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{- /*
Fails where the cluster does not serve a kind that a value asks for:
(dict "root" $ "value" "serviceMonitor.enabled" "kind" "monitoring.coreos.com/v1/ServiceMonitor" "from" "the Prometheus operator").
*/ -}}
{{- define "plumbline.needs" -}}
{{- if not (.root.Capabilities.APIVersions.Has .kind) -}}
{{- fail (printf "%s needs the kind %s, which this cluster does not serve. Install the CRDs of %s first, or remove the value. For `helm template`, add --api-versions %s." .value .kind .from .kind) -}}
{{- end -}}
{{- end -}}
