{{/* What no schema of single values can say. Each message names the values and what to do. */}}
{{- define "compute.checks" -}}
{{- $ids := list }}
{{- $inCluster := 0 }}
{{- range .Values.clusters }}
{{- if has .id $ids }}{{ fail (printf "clusters: the id %q is there twice; one entry drives a cluster with all its replicas." .id) }}{{ end }}
{{- $ids = append $ids .id }}
{{- if not .kubeconfig }}{{ $inCluster = add $inCluster 1 }}{{ end }}
{{- end }}
{{- if gt (int $inCluster) 1 }}{{ fail "clusters: two entries have no kubeconfig, but this cluster is only one; give the others kubeconfig.name and kubeconfig.key." }}{{ end }}
{{- with .Values.api }}
{{- if and .grpcClientCa.secretName (not .tls.secretName) }}{{ fail "api.grpcClientCa needs api.tls.secretName: without TLS no client shows a certificate." }}{{ end }}
{{- end }}
{{- if and .Values.gateway.kube.hostnames (not .Values.api.kubeTls.secretName) }}{{ fail "gateway.kube needs api.kubeTls.secretName: nothing is served for kubectl without a certificate." }}{{ end }}
{{- if and (or .Values.gateway.rest.hostnames .Values.gateway.grpc.hostnames .Values.gateway.kube.hostnames) (not .Values.gateway.parentRefs) }}{{ fail "gateway.parentRefs names no Gateway, so no route would be taken." }}{{ end }}
{{- if and (eq .Values.worker.autoscaling.kind "keda") (not .Values.worker.autoscaling.prometheusUrl) }}{{ fail "worker.autoscaling.kind keda needs worker.autoscaling.prometheusUrl, where the queue's age is asked." }}{{ end }}
{{- if and (eq .Values.importerPolicy.kind "NetworkPolicy") (not .Values.importerPolicy.namespaces) }}{{ fail "importerPolicy.kind NetworkPolicy needs importerPolicy.namespaces: such a policy holds in one namespace. CiliumClusterwideNetworkPolicy holds in all of them." }}{{ end }}
{{- end }}
