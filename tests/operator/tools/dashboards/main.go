// Loads each dashboard that is named with Grafana's own types: a field that they do not know, one that
// they miss and a value of the wrong type are refused.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

func main() {
	plugins.RegisterDefaultPlugins()
	failed := false
	for _, path := range os.Args[1:] {
		if err := load(path); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", path, err)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}

func load(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var loaded dashboard.Dashboard
	if err := found(loaded.UnmarshalJSONStrict(text)); err != nil {
		return err
	}
	return found(loaded.Validate())
}

// A list of errors without an error is none.
func found(err error) error {
	var list cog.BuildErrors
	if errors.As(err, &list) && len(list) == 0 {
		return nil
	}
	return err
}
