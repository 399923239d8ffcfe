{{- /* Puts a policy in force: (dict "root" $ "policy" "approvals"). */ -}}
{{- define "plumbline.admissionBinding" -}}
{{- $name := printf "%s-%s" (include "plumbline.clusterName" .root) .policy -}}
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: {{ $name }}
  labels:
    {{- include "plumbline.labels" .root | nindent 4 }}
spec:
  policyName: {{ $name }}
  validationActions: [Deny]
{{- end -}}
