// controller runs CDI's controllers as one plain process against any API server: no pod, no service account, no leader
// election. With -webhooks it also serves CDI's admission of DataVolumes, which signs the tokens that clones between namespaces
// need; without, DataVolumes are taken as they come.
//
// Importer, cloner and uploader pods are made with image names that need not exist: somebody else plays the kubelet.
// Certificates and the key of the tokens live in memory only, so all tokens end with the process.
package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"flag"
	"fmt"
	"math/big"
	"os"
	"time"

	"github.com/go-logr/logr"
	snapshotv1 "github.com/kubernetes-csi/external-snapshotter/client/v6/apis/volumesnapshot/v1"
	openshiftconfig "github.com/openshift/api/config/v1"
	routev1 "github.com/openshift/api/route/v1"
	extensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	cdiv1 "kubevirt.io/containerized-data-importer-api/pkg/apis/core/v1beta1"
	cdi "kubevirt.io/containerized-data-importer/pkg/controller"
	"kubevirt.io/containerized-data-importer/pkg/controller/datavolume"
	"kubevirt.io/containerized-data-importer/pkg/controller/populators"
	"kubevirt.io/containerized-data-importer/pkg/util/cert/fetcher"
	"kubevirt.io/containerized-data-importer/pkg/util/cert/generator"
)

const (
	// CDI's own client takes 20 requests a second, which a suite of stories side by side would wait for.
	requestsPerSecond = 200
	keyBits           = 2048
	pullPolicy        = "IfNotPresent"
	importerImage     = "images.invalid/cdi-importer:test"
	clonerImage       = "images.invalid/cdi-cloner:test"
	uploaderImage     = "images.invalid/cdi-uploadserver:test"
)

func main() {
	klog.InitFlags(nil)
	webhooks := flag.String("webhooks", "", "address of the admission of DataVolumes; empty for none")
	certFile := flag.String("cert", "", "certificate of the admission")
	keyFile := flag.String("key", "", "its key")
	flag.Parse()
	ctrl.SetLogger(klog.NewKlogr())

	config, err := ctrl.GetConfig() // -kubeconfig is a flag of controller-runtime
	fail(err)
	tokens, err := rsa.GenerateKey(rand.Reader, keyBits)
	fail(err)
	mgr := newManager(config)
	ctx := ctrl.SetupSignalHandler()
	fail(datavolume.CreateCommonIndexes(mgr))
	fail(populators.CreateCommonPopulatorIndexes(mgr))
	addFacts(mgr)
	addDataVolumes(ctx, mgr, tokens)
	addPopulators(ctx, mgr, tokens)
	addPods(mgr, tokens)
	if *webhooks != "" {
		go func() { fail(serveAdmission(config, mgr, tokens, *webhooks, *certFile, *keyFile)) }()
	}
	fail(mgr.Start(ctx))
}

// newManager knows OpenShift's and the snapshotter's kinds as well: the controllers name them, the cluster may lack them.
func newManager(config *rest.Config) manager.Manager {
	throttled := rest.CopyConfig(config)
	throttled.QPS, throttled.Burst = requestsPerSecond, 2*requestsPerSecond
	// Built-in kinds go as protobuf otherwise, which our own API server does not take for them.
	throttled.ContentType = runtime.ContentTypeJSON
	scheme := clientscheme.Scheme
	for _, add := range []func(*runtime.Scheme) error{
		cdiv1.AddToScheme, extensions.AddToScheme, snapshotv1.AddToScheme, openshiftconfig.Install, routev1.Install,
	} {
		fail(add(scheme))
	}
	options := ctrl.Options{Scheme: scheme, Metrics: server.Options{BindAddress: "0"}, HealthProbeBindAddress: "0"}
	mgr, err := ctrl.NewManager(throttled, options)
	fail(err)
	return mgr
}

// What the cluster has: CDI's configuration, storage profiles, named sources.
func addFacts(mgr manager.Manager) {
	added(cdi.NewConfigController(mgr, logOf("config"), "cdi-uploadproxy", "config", labels()))
	added(cdi.NewStorageProfileController(mgr, logOf("storage-profile"), labels()))
	added(cdi.NewDataSourceController(mgr, logOf("data-source"), labels()))
}

// DataVolume to PersistentVolumeClaim.
func addDataVolumes(ctx context.Context, mgr manager.Manager, tokens *rsa.PrivateKey) {
	added(datavolume.NewImportController(ctx, mgr, logOf("data-volume-import"), labels()))
	added(datavolume.NewUploadController(ctx, mgr, logOf("data-volume-upload"), labels()))
	added(datavolume.NewPvcCloneController(ctx, mgr, logOf("data-volume-clone"), clonerImage, importerImage, pullPolicy, &tokens.PublicKey, tokens, labels()))
	added(datavolume.NewPopulatorController(ctx, mgr, logOf("data-volume-populator"), labels()))
}

// PersistentVolumeClaim to the claim that is filled in its place.
func addPopulators(ctx context.Context, mgr manager.Manager, tokens *rsa.PrivateKey) {
	added(populators.NewImportPopulator(ctx, mgr, logOf("import-populator"), labels()))
	added(populators.NewUploadPopulator(ctx, mgr, logOf("upload-populator"), labels()))
	added(populators.NewClonePopulator(ctx, mgr, logOf("clone-populator"), clonerImage, pullPolicy, labels(), &tokens.PublicKey))
}

// Annotated claim to pod.
func addPods(mgr manager.Manager, tokens *rsa.PrivateKey) {
	serverCerts, serverBundle := newIssuer("uploadserver")
	clientCerts, clientBundle := newIssuer("uploadclient")
	added(cdi.NewImportController(mgr, logOf("import"), importerImage, pullPolicy, "1", labels()))
	added(cdi.NewCloneController(mgr, logOf("clone"), clonerImage, pullPolicy, "1", clientCerts, serverBundle, &tokens.PublicKey, labels()))
	added(cdi.NewUploadController(mgr, logOf("upload"), uploaderImage, pullPolicy, "1", serverCerts, clientBundle, labels()))
}

// newIssuer is one side of the upload protocol: an authority, and the bundle that trusts it. CDI's generator signs with RSA only.
func newIssuer(name string) (generator.CertGenerator, fetcher.CertBundleFetcher) {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	fail(err)
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(time.Now().UnixNano()),
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().AddDate(1, 0, 0),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	fail(err)
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	private := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	return &generator.FetchCertGenerator{Fetcher: &fetcher.MemCertFetcher{Cert: certificate, Key: private}},
		&fetcher.MemCertBundleFetcher{Bundle: certificate}
}

func added(_ controller.Controller, err error) { fail(err) }

func labels() map[string]string { return map[string]string{} }

func logOf(name string) logr.Logger { return klog.NewKlogr().WithName(name) }

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "cdi:", err)
		os.Exit(1)
	}
}
