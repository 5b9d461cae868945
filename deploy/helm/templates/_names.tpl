{{/* Names and labels. Names leave room for `-worker-<cluster>`; selectors never change in the life of a release. */}}

{{- define "compute.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 24 | trimSuffix "-" -}}
{{- end }}

{{- define "compute.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $whole := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $whole .Values.fullnameOverride | trunc 24 | trimSuffix "-" -}}
{{- end }}

{{/* What the pods of a component are found by. Takes root and component, and cluster for a worker. */}}
{{- define "compute.selector" -}}
app.kubernetes.io/name: {{ include "compute.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- with .cluster }}
compute.cozystack.io/cluster: {{ . }}
{{- end }}
{{- end }}

{{/* The labels of an object. Takes the same. */}}
{{- define "compute.labels" -}}
{{ include "compute.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* registry/repository:tag, or @digest where one is given. Takes root and image. */}}
{{- define "compute.image" -}}
{{- $images := .root.Values.images -}}
{{- $image := get $images .image -}}
{{- $place := ternary $image.repository (printf "%s/%s" $images.registry $image.repository) (empty $images.registry) -}}
{{- if $image.digest -}}
{{ printf "%s@%s" $place $image.digest }}
{{- else -}}
{{ printf "%s:%s" $place (default .root.Chart.AppVersion $image.tag) }}
{{- end -}}
{{- end }}

{{/* Whether a worker of this release uses its pod's own account. */}}
{{- define "compute.hasWorkerInCluster" -}}
{{- range .Values.clusters }}{{ if not .kubeconfig }}yes{{ end }}{{ end -}}
{{- end }}

{{/* What of REST is for callers. The other paths are /healthz, /readyz and /metrics. */}}
{{- define "compute.publicPaths" -}}
- /v1
- /docs
- /errors
- /openapi.json
{{- end }}
