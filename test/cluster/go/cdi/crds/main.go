// crds writes CDI's custom resource definitions into a folder, one YAML file each, as CDI's operator would apply them.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"kubevirt.io/containerized-data-importer/pkg/operator/resources"
)

func main() {
	if len(os.Args) != 2 {
		fail(fmt.Errorf("usage: crds DIR"))
	}
	dir := os.Args[1]
	fail(os.MkdirAll(dir, 0o755))
	for name, text := range resources.CDICRDs {
		fail(os.WriteFile(filepath.Join(dir, name+".yaml"), []byte(text), 0o644))
	}
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "crds:", err)
		os.Exit(1)
	}
}
