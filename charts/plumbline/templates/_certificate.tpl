{{- /*
A certificate of cert-manager for the Service:
(dict "root" $ "name" "…" "secretName" "…" "issuerRef" .Values.webhook.certManager.issuerRef).
*/ -}}
{{- define "plumbline.certificate" -}}
apiVersion: cert-manager.io/v1
kind: Certificate
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "plumbline.labels" .root | nindent 4 }}
spec:
  secretName: {{ .secretName }}
  dnsNames:
    - {{ include "plumbline.fullname" .root }}.{{ .root.Release.Namespace }}.svc
    - {{ include "plumbline.fullname" .root }}.{{ .root.Release.Namespace }}
  usages: [digital signature, server auth]
  privateKey: {algorithm: ECDSA, size: 256, rotationPolicy: Always}
  issuerRef:
    {{- toYaml .issuerRef | nindent 4 }}
{{- end -}}
