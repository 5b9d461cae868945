package main

import (
	"context"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
)

const patience = 60 * time.Second

// runEtcd serves one member until a signal. Nothing is synced to the disk: the cluster lives as long as its test.
func runEtcd(args []string) error {
	flags := flag.NewFlagSet("etcd", flag.ExitOnError)
	dir := flags.String("dir", "", "folder of the data")
	port := flags.Int("port", 0, "port of clients")
	peerPort := flags.Int("peer-port", 0, "port of other members, of which there are none")
	if err := flags.Parse(args); err != nil {
		return err
	}
	server, err := embed.StartEtcd(configuration(*dir, *port, *peerPort))
	if err != nil {
		return err
	}
	select {
	case <-server.Server.ReadyNotify():
	case <-time.After(patience):
		return fmt.Errorf("etcd was not ready in %s", patience)
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	select {
	case <-signals:
		server.Close()
		return nil
	case err := <-server.Err():
		return err
	}
}

func configuration(dir string, port, peerPort int) *embed.Config {
	config := embed.NewConfig()
	config.Dir = dir
	config.Name = "test"
	config.LogLevel = "error"
	// Zero would log every request as slow.
	config.WarningUnaryRequestDuration = time.Second
	config.UnsafeNoFsync = true
	config.ListenClientUrls = loopback(port)
	config.AdvertiseClientUrls = config.ListenClientUrls
	config.ListenPeerUrls = loopback(peerPort)
	config.AdvertisePeerUrls = config.ListenPeerUrls
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	return config
}

func loopback(port int) []url.URL {
	return []url.URL{{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", port)}}
}

func compactEtcd(args []string) error {
	flags := flag.NewFlagSet("compact", flag.ExitOnError)
	port := flags.Int("port", 0, "port of clients")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{fmt.Sprintf("http://127.0.0.1:%d", *port)}, DialTimeout: patience})
	if err != nil {
		return err
	}
	defer client.Close()
	now, err := client.Get(ctx, "/registry", clientv3.WithPrefix(), clientv3.WithCountOnly())
	if err != nil {
		return err
	}
	_, err = client.Compact(ctx, now.Header.Revision, clientv3.WithCompactPhysical())
	return err
}
