{{/* Environment of the containers. Settings are plain words in the values; whatever is secret comes from a Secret. */}}

{{/* A value as the services read it. Helm reads numbers as floats, which would print 12000000 as 1.2e+07. */}}
{{- define "compute.settingText" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) -}}{{ int64 . }}{{- else -}}{{ . }}{{- end -}}
{{- end }}

{{/* Takes a list of maps of variables; what a later one says holds, `false` and `0` too, which Helm's merge would lose. */}}
{{- define "compute.settings" -}}
{{- $all := dict }}
{{- range . }}{{ range $variable, $value := . }}{{ $_ := set $all $variable $value }}{{ end }}{{ end }}
{{- range $variable, $value := $all }}
- name: {{ $variable }}
  value: {{ include "compute.settingText" $value | quote }}
{{- end }}
{{- end }}

{{/* Which variable a Secret of the values is for, by component. */}}
{{- define "compute.secretVariables" -}}
{{- $variables := dict "database" "DATABASE_URL" "secretsKey" "SECRETS_KEY" "otherSecretsKeys" "OTHER_SECRETS_KEYS" "traces" "OTEL_EXPORTER_OTLP_ENDPOINT" }}
{{- if eq .component "worker" }}
{{- $variables = merge $variables (dict "redis" "REDIS_URL" "prometheus" "PROMETHEUS_URL") }}
{{- else if eq .component "migrations" }}
{{- $own := .root.Values.secrets.migrationDatabase.name }}
{{- $variables = dict (ternary "migrationDatabase" "database" (not (empty $own))) "DATABASE_URL" }}
{{- end }}
{{- range $value, $variable := $variables }}
{{- $ref := get $.root.Values.secrets $value }}
{{- if $ref.name }}
{{ $variable }}: { name: {{ $ref.name | quote }}, key: {{ $ref.key | quote }} }
{{- end }}
{{- end }}
{{- end }}

{{/* Secrets are read from files: an environment is shown by many tools, and a file follows its Secret. Takes root, component. */}}
{{- define "compute.secretFileVariables" -}}
{{- range $variable, $ref := include "compute.secretVariables" . | fromYaml }}
- name: {{ $variable }}_FILE
  value: /etc/compute/secrets/{{ $variable }}
{{- end }}
{{- end }}

{{/* What all containers read. Takes root, component. */}}
{{- define "compute.commonVariables" -}}
{{- include "compute.secretFileVariables" . }}
{{- if .root.Values.extraCa.configMapName }}
- name: NODE_EXTRA_CA_CERTS
  value: /etc/compute/extra-ca/ca.crt
{{- end }}
{{- end }}

{{/* What both services read. Takes the root. */}}
{{- define "compute.serviceVariables" -}}
- name: BIND_HOST
  value: {{ .Values.bindHost | quote }}
{{- if .Values.catalogue }}
- name: CATALOGUE_FILE
  value: /etc/compute/files/catalogue.json
{{- end }}
{{- end }}

{{/* Takes the root. */}}
{{- define "compute.commonMounts" -}}
- name: secrets
  mountPath: /etc/compute/secrets
  readOnly: true
{{- if .Values.extraCa.configMapName }}
- name: extra-ca
  mountPath: /etc/compute/extra-ca
  readOnly: true
{{- end }}
{{- end }}

{{/* Takes root, component. */}}
{{- define "compute.commonVolumes" -}}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      {{- range $variable, $ref := include "compute.secretVariables" . | fromYaml }}
      - secret:
          name: {{ $ref.name }}
          items:
            - { key: {{ $ref.key | quote }}, path: {{ $variable }} }
      {{- end }}
{{- with .root.Values.extraCa }}
{{- if .configMapName }}
- name: extra-ca
  configMap:
    name: {{ .configMapName }}
    items:
      - { key: {{ .key | quote }}, path: ca.crt }
{{- end }}
{{- end }}
{{- end }}

{{/* The files of the values `catalogue` and `quotaDefaults`. Takes the root. */}}
{{- define "compute.filesMount" }}
{{- if include "compute.hasFiles" . }}
- name: files
  mountPath: /etc/compute/files
  readOnly: true
{{- end }}
{{- end }}

{{- define "compute.filesVolume" }}
{{- if include "compute.hasFiles" . }}
- name: files
  configMap:
    name: {{ include "compute.fullname" . }}-files
{{- end }}
{{- end }}

{{/* Takes name, tls (secretName, certificate, key). */}}
{{- define "compute.certificateVolume" -}}
- name: {{ .name }}
  secret:
    secretName: {{ .tls.secretName }}
    defaultMode: 0440
    items:
      - key: {{ .tls.certificate }}
        path: tls.crt
      - key: {{ .tls.key }}
        path: tls.key
{{- end }}

{{- define "compute.hasFiles" -}}
{{- if or .Values.catalogue (kindIs "map" .Values.quotaDefaults | and .Values.quotaDefaults) }}yes{{ end -}}
{{- end }}

{{/* What only the API reads and the chart decides. Takes the root. */}}
{{- define "compute.apiVariables" -}}
{{- $api := .Values.api -}}
- name: REST_PORT
  value: {{ $api.ports.rest | quote }}
- name: GRPC_PORT
  value: {{ $api.ports.grpc | quote }}
{{- if $api.tls.secretName }}
- name: TLS_CERT_FILE
  value: /etc/compute/tls/tls.crt
- name: TLS_KEY_FILE
  value: /etc/compute/tls/tls.key
{{- end }}
{{- if $api.grpcClientCa.secretName }}
- name: GRPC_CLIENT_CA_FILE
  value: /etc/compute/grpc-client-ca/ca.crt
{{- end }}
{{- if $api.kubeTls.secretName }}
- name: KUBE_PORT
  value: {{ $api.ports.kube | quote }}
- name: KUBE_TLS_CERT_FILE
  value: /etc/compute/kube-tls/tls.crt
- name: KUBE_TLS_KEY_FILE
  value: /etc/compute/kube-tls/tls.key
{{- end }}
{{- if kindIs "string" .Values.quotaDefaults }}
- name: QUOTA_DEFAULTS_FILE
  value: {{ .Values.quotaDefaults }}
{{- else if .Values.quotaDefaults }}
- name: QUOTA_DEFAULTS_FILE
  value: /etc/compute/files/quota-defaults.json
{{- end }}
{{- end }}

{{/* What only a worker reads and the chart decides. Takes root and cluster. */}}
{{- define "compute.workerVariables" -}}
- name: CLUSTER_ID
  value: {{ .cluster.id | quote }}
- name: METRICS_PORT
  value: {{ .root.Values.worker.metricsPort | quote }}
{{- if .cluster.kubeconfig }}
- name: KUBECONFIG
  value: /etc/compute/kubeconfig/config
{{- end }}
{{- end }}
