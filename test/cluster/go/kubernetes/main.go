// kubernetes is the control plane of a real cluster in one binary, to be started as several processes on loopback:
//
//	kubernetes pki DIR                         certificates and keys of all parts; what is there stays
//	kubernetes etcd --dir=DIR --port=N --peer-port=N
//	kubernetes compact --port=N                compacts etcd at its newest revision, so that old watches get 410
//	kubernetes kube-apiserver [flags...]       upstream's, with its own flags
//	kubernetes kube-controller-manager [flags...]
//
// etcd is a process of its own, because a test kills the API server and expects the data to live on.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

func main() {
	if len(os.Args) < 2 {
		fail(fmt.Errorf("usage: kubernetes pki|etcd|compact|kube-apiserver|kube-controller-manager ..."))
	}
	mode, args := os.Args[1], os.Args[2:]
	switch mode {
	case "pki":
		fail(writePki(args))
	case "etcd":
		fail(runEtcd(args))
	case "compact":
		fail(compactEtcd(args))
	case "kube-apiserver":
		runUpstream(mode, apiserver.NewAPIServerCommand(), args)
	case "kube-controller-manager":
		runUpstream(mode, controllers.NewControllerManagerCommand(), args)
	default:
		fail(fmt.Errorf("unknown part %q", mode))
	}
}

// runUpstream hands the process over. Upstream reads its own name from os.Args.
func runUpstream(name string, command *cobra.Command, args []string) {
	os.Args = append([]string{name}, args...)
	command.SetArgs(args)
	os.Exit(cli.Run(command))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "kubernetes:", err)
		os.Exit(1)
	}
}
