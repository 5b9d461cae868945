//go:build upstream

// Package upstream keeps in go.mod what only virt-api needs, which is built straight from KubeVirt's module.
package upstream

import _ "kubevirt.io/kubevirt/cmd/virt-api"
