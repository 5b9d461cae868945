{{/* Rules of network policies. */}}

{{/* Egress to peers at ports; without peers to anybody at them. Takes peers and ports. */}}
{{- define "compute.peerRule" -}}
- ports:
    {{- range .ports }}
    - { protocol: TCP, port: {{ . }} }
    {{- end }}
  {{- with .peers }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* Egress to the name servers. Takes peers and ports. */}}
{{- define "compute.dnsRule" -}}
- ports:
    {{- range .ports }}
    - { protocol: UDP, port: {{ . }} }
    - { protocol: TCP, port: {{ . }} }
    {{- end }}
  {{- with .peers }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* Egress to the Internet and to nothing else: the networks left out are those that the services refuse as well. Takes root. */}}
{{- define "compute.internetRule" -}}
{{- $networks := .Files.Get "files/not-public-networks.yaml" | fromYaml -}}
- to:
    - ipBlock:
        cidr: 0.0.0.0/0
        except:
          {{- toYaml $networks.ipv4 | nindent 10 }}
    - ipBlock:
        cidr: ::/0
        except:
          {{- toYaml $networks.ipv6 | nindent 10 }}
{{- end }}

{{/* Egress to private networks that the operator names, at any port. Takes a list of CIDRs. */}}
{{- define "compute.privateRule" -}}
{{- with . -}}
- to:
    {{- range . }}
    - ipBlock: { cidr: {{ . }} }
    {{- end }}
{{- end }}
{{- end }}

{{/* Ingress of a port from peers, or from anybody. Takes port and from. */}}
{{- define "compute.ingressRule" -}}
- ports:
    - { protocol: TCP, port: {{ .port }} }
  {{- with .from }}
  from:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
