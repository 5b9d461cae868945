{{/* What a worker has around it, and the doctor who looks at it from the same place. Each takes root and cluster. */}}

{{- define "compute.workerEnvironment" -}}
{{- include "compute.commonVariables" (dict "root" .root "component" "worker") }}
{{- include "compute.serviceVariables" .root | nindent 0 }}
{{- include "compute.workerVariables" . | nindent 0 }}
{{- include "compute.settings" (list .root.Values.settings .root.Values.worker.settings (default (dict) .cluster.settings)) }}
{{- end }}

{{- define "compute.workerMounts" -}}
{{- include "compute.commonMounts" .root }}
{{- include "compute.filesMount" .root }}
{{- if .cluster.kubeconfig }}
- name: kubeconfig
  mountPath: /etc/compute/kubeconfig
  readOnly: true
{{- end }}
{{- end }}

{{- define "compute.workerVolumes" -}}
{{- include "compute.commonVolumes" (dict "root" .root "component" "worker") }}
{{- include "compute.filesVolume" .root }}
{{- with .cluster.kubeconfig }}
- name: kubeconfig
  secret:
    secretName: {{ .name }}
    defaultMode: 0440
    items:
      - { key: {{ .key | quote }}, path: config }
{{- end }}
{{- end }}
