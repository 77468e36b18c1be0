package main

import "context"

// A benchCmd is lathe bench. It is not in the help.
type benchCmd struct {
	Suite string `arg:"" optional:""`
	JSON  bool   `name:"json"`
}

func (c *benchCmd) run(context.Context, *env) error {
	return usagef("bench is not there yet; lathe run FILE ENTRY --random 1 --repeat N times a model")
}
