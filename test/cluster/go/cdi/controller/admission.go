package main

import (
	"crypto/rsa"
	"net/http"
	"time"

	snapshots "github.com/kubernetes-csi/external-snapshotter/client/v6/clientset/versioned"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"kubevirt.io/containerized-data-importer/pkg/apiserver/webhooks"
	cdiclient "kubevirt.io/containerized-data-importer/pkg/client/clientset/versioned"
)

// serveAdmission serves what CDI's API server registers for DataVolumes, under the same paths. It ends only with an error.
func serveAdmission(config *rest.Config, mgr manager.Manager, tokens *rsa.PrivateKey, address, certFile, keyFile string) error {
	core, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	data, err := cdiclient.NewForConfig(config)
	if err != nil {
		return err
	}
	snapshot, err := snapshots.NewForConfig(config)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/datavolume-mutate", webhooks.NewDataVolumeMutatingWebhook(core, data, tokens))
	mux.Handle("/datavolume-validate", webhooks.NewDataVolumeValidatingWebhook(core, data, snapshot, mgr.GetClient()))
	mux.HandleFunc("/healthz", func(answer http.ResponseWriter, _ *http.Request) { answer.WriteHeader(http.StatusOK) })
	server := &http.Server{Addr: address, Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	return server.ListenAndServeTLS(certFile, keyFile)
}
