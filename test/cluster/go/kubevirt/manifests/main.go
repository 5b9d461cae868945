// manifests writes what KubeVirt's operator would put into a cluster, as JSON:
//
//	manifests crds DIR                          one file for each definition
//	manifests webhooks https://127.0.0.1:PORT CA.crt
//
// The second prints a list: virt-api's webhooks with an address of this machine in the place of a Service, a Service of type
// ExternalName (localhost) and the APIServices of the subresources that point at it. kube-apiserver must run without
// --enable-aggregator-routing, which knows no ExternalName.
package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	admission "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	extensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"kubevirt.io/kubevirt/pkg/virt-operator/resource/generate/components"
)

const namespace = "kubevirt"

func main() {
	switch {
	case len(os.Args) == 3 && os.Args[1] == "crds":
		fail(writeDefinitions(os.Args[2]))
	case len(os.Args) == 4 && os.Args[1] == "webhooks":
		fail(printWebhooks(os.Args[2], os.Args[3]))
	default:
		fail(fmt.Errorf("usage: manifests crds DIR | webhooks https://127.0.0.1:PORT CA.crt"))
	}
}

var definitions = []func() (*extensions.CustomResourceDefinition, error){
	components.NewVirtualMachineInstanceCrd,
	components.NewVirtualMachineCrd,
	components.NewPresetCrd,
	components.NewReplicaSetCrd,
	components.NewVirtualMachineInstanceMigrationCrd,
	components.NewKubeVirtCrd,
	components.NewVirtualMachinePoolCrd,
	components.NewVirtualMachineSnapshotCrd,
	components.NewVirtualMachineSnapshotContentCrd,
	components.NewVirtualMachineRestoreCrd,
	components.NewVirtualMachineExportCrd,
	components.NewVirtualMachineBackupCrd,
	components.NewVirtualMachineBackupTrackerCrd,
	components.NewVirtualMachineInstancetypeCrd,
	components.NewVirtualMachineClusterInstancetypeCrd,
	components.NewVirtualMachinePreferenceCrd,
	components.NewVirtualMachineClusterPreferenceCrd,
	components.NewMigrationPolicyCrd,
	components.NewVirtualMachineCloneCrd,
}

func writeDefinitions(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, make := range definitions {
		definition, err := make()
		if err != nil {
			return err
		}
		definition.APIVersion, definition.Kind = "apiextensions.k8s.io/v1", "CustomResourceDefinition"
		text, err := withoutStatus(definition)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, definition.Name+".json"), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// withoutStatus drops what belongs to the server.
func withoutStatus(object any) ([]byte, error) {
	text, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, err
	}
	delete(fields, "status")
	return json.Marshal(fields)
}

func printWebhooks(address, caFile string) error {
	base, err := url.Parse(address)
	if err != nil {
		return err
	}
	number, err := strconv.ParseInt(base.Port(), 10, 32)
	if err != nil {
		return err
	}
	port := int32(number)
	ca, err := os.ReadFile(caFile)
	if err != nil {
		return err
	}
	mutating := components.NewVirtAPIMutatingWebhookConfiguration(namespace)
	for i := range mutating.Webhooks {
		pointAt(&mutating.Webhooks[i].ClientConfig, *base, ca)
	}
	validating := components.NewVirtAPIValidatingWebhookConfiguration(namespace)
	for i := range validating.Webhooks {
		pointAt(&validating.Webhooks[i].ClientConfig, *base, ca)
	}
	items := []any{mutating, validating, localService(port)}
	for _, service := range components.NewVirtAPIAPIServices(namespace) {
		service.Spec.Service.Port, service.Spec.CABundle = &port, ca
		items = append(items, service)
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{"apiVersion": "v1", "kind": "List", "items": items})
}

func pointAt(config *admission.WebhookClientConfig, base url.URL, ca []byte) {
	if config.Service != nil && config.Service.Path != nil {
		base.Path = *config.Service.Path
	}
	address := base.String()
	*config = admission.WebhookClientConfig{URL: &address, CABundle: ca}
}

func localService(port int32) *corev1.Service {
	return &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: components.VirtApiServiceName},
		Spec: corev1.ServiceSpec{
			Type:         corev1.ServiceTypeExternalName,
			ExternalName: "localhost",
			Ports:        []corev1.ServicePort{{Port: port}},
		},
	}
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "manifests:", err)
		os.Exit(1)
	}
}
