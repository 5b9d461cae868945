// virt-controller is KubeVirt's own, unchanged.
package main

import "kubevirt.io/kubevirt/pkg/virt-controller/watch"

func main() { watch.Execute() }
