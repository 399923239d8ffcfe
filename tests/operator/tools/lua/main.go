// Runs a health check as Argo CD does: in gopher-lua, with the libraries that Argo CD opens, and the
// object as `obj`. Takes the script's file as its argument and objects as lines of JSON on its
// standard input; prints what each check returns as a line of JSON.
//
// https://argo-cd.readthedocs.io/en/stable/operator-manual/health/#custom-health-checks
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"os"

	lua "github.com/yuin/gopher-lua"
)

func main() {
	script, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var object any
		if err := json.Unmarshal(lines.Bytes(), &object); err != nil {
			log.Fatal(err)
		}
		health, err := check(string(script), object)
		if err != nil {
			log.Fatal(err)
		}
		text, _ := json.Marshal(health)
		fmt.Println(string(text))
	}
}

func check(script string, object any) (map[string]string, error) {
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for _, library := range []struct {
		name string
		open lua.LGFunction
	}{
		{lua.LoadLibName, lua.OpenPackage},
		{lua.BaseLibName, lua.OpenBase},
		{lua.TabLibName, lua.OpenTable},
	} {
		opened := lua.P{Fn: state.NewFunction(library.open), NRet: 0, Protect: true}
		if err := state.CallByParam(opened, lua.LString(library.name)); err != nil {
			return nil, err
		}
	}
	state.SetGlobal("obj", value(state, object))
	if err := state.DoString(script); err != nil {
		return nil, err
	}
	returned, ok := state.Get(-1).(*lua.LTable)
	if !ok {
		return nil, fmt.Errorf("the check returns a %s, not a table", state.Get(-1).Type())
	}
	health := map[string]string{}
	returned.ForEach(func(key, value lua.LValue) { health[key.String()] = value.String() })
	return health, nil
}

func value(state *lua.LState, object any) lua.LValue {
	switch object := object.(type) {
	case bool:
		return lua.LBool(object)
	case float64:
		return lua.LNumber(object)
	case string:
		return lua.LString(object)
	case []any:
		table := state.CreateTable(len(object), 0)
		for _, item := range object {
			table.Append(value(state, item))
		}
		return table
	case map[string]any:
		table := state.CreateTable(0, len(object))
		for name, item := range object {
			table.RawSetString(name, value(state, item))
		}
		return table
	default:
		return lua.LNil
	}
}
