{{- /*
The groups of rules, with their thresholds: files/rules.yaml is their source, here and for
deploy/prometheus/.
*/ -}}
{{- define "plumbline.ruleGroups" -}}
{{- $rule := .Values.prometheusRule -}}
{{- $text := .Files.Get "files/rules.yaml" | replace "${runbooks}" $rule.runbooks -}}
{{- range $name, $value := $rule.thresholds -}}
{{- $text = $text | replace (printf "${%s}" $name) (toString $value) -}}
{{- end -}}
{{- $groups := list -}}
{{- range (fromYaml $text).groups -}}
{{- $rules := list -}}
{{- range .rules -}}
{{- if not (has .alert $rule.disabled) -}}
{{- if .alert -}}
{{- $_ := set . "labels" (merge (dict) .labels $rule.alertLabels) -}}
{{- end -}}
{{- $rules = append $rules . -}}
{{- end -}}
{{- end -}}
{{- if $rules -}}
{{- $groups = append $groups (dict "name" .name "rules" $rules) -}}
{{- end -}}
{{- end -}}
{{- toYaml $groups -}}
{{- end -}}
