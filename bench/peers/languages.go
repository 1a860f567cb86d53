package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"
	"github.com/itchyny/gojq"
	"github.com/tidwall/gjson"
	"sigs.k8s.io/yaml"
)

// What bench_languages.c wrote.
type inputs struct {
	event, nodes, manifest, yaml, program []byte
	expressions, templates, paths         []string
	values                                map[string]any
	env, document                         map[string]any
}

func read(folder string) (*inputs, error) {
	in := &inputs{}
	texts := map[string]*[]byte{"event.json": &in.event, "nodes.json": &in.nodes,
		"manifest.json": &in.manifest, "manifests.yaml": &in.yaml, "program.jq": &in.program}
	lists := map[string]*[]string{"expressions": &in.expressions, "templates": &in.templates,
		"paths": &in.paths}
	maps := map[string]*map[string]any{"values.json": &in.values, "env.json": &in.env,
		"event.json": &in.document}

	for name, to := range texts {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return nil, err
		}
		*to = text
	}
	for name, to := range lists {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return nil, err
		}
		*to = strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	}
	for name, to := range maps {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(text, to); err != nil {
			return nil, err
		}
	}
	return in, nil
}

// Each of many, one behind the other, a line each when it is to be seen.
func each[T any](of []T, one func(T, bool) ([]byte, error)) work {
	return func(show bool) ([]byte, error) {
		var all []byte

		for _, thing := range of {
			made, err := one(thing, show)
			if err != nil {
				return nil, err
			}
			if show {
				all = append(append(all, made...), '\n')
			}
		}
		return all, nil
	}
}

func shown(value any, show bool) ([]byte, error) {
	if !show {
		return nil, nil
	}
	return json.Marshal(value)
}

// The environment as the workflow controller makes it for each evaluation.
var sprigFunctions = sprig.GenericFuncMap()

func asInt(value any) (int, error) {
	switch v := value.(type) {
	case string:
		return strconv.Atoi(v)
	case float64:
		return int(v), nil
	}
	return 0, fmt.Errorf("asInt of %T", value)
}

func toJSON(value any) (string, error) {
	text, err := json.Marshal(value)
	return string(text), err
}

func environment(names map[string]any) map[string]any {
	env := make(map[string]any, len(names)+3)
	for name, value := range names {
		env[name] = value
	}
	env["asInt"], env["toJson"], env["sprig"] = asInt, toJSON, sprigFunctions
	return env
}

func expressions(in *inputs, works map[string]work) error {
	var programs []*vm.Program

	for _, text := range in.expressions {
		program, err := expr.Compile(text, expr.Env(environment(in.env)))
		if err != nil {
			return err
		}
		programs = append(programs, program)
	}
	works["expr_run"] = each(programs, func(program *vm.Program, show bool) ([]byte, error) {
		value, err := expr.Run(program, environment(in.env))
		if err != nil {
			return nil, err
		}
		return shown(value, show)
	})
	works["expr_eval"] = each(in.expressions, func(text string, show bool) ([]byte, error) {
		env := environment(in.env)
		program, err := expr.Compile(text, expr.Env(env))
		if err != nil {
			return nil, err
		}
		value, err := expr.Run(program, env)
		if err != nil {
			return nil, err
		}
		return shown(value, show)
	})
	return nil
}

func templates(in *inputs, works map[string]work) error {
	var compiled []*template.Template
	dot := map[string]any{"Input": in.document}

	render := func(t *template.Template, _ bool) ([]byte, error) {
		var out bytes.Buffer

		err := t.Execute(&out, dot)
		return out.Bytes(), err
	}
	for _, text := range in.templates {
		t, err := template.New("param").Funcs(sprig.FuncMap()).Parse(text)
		if err != nil {
			return err
		}
		compiled = append(compiled, t)
	}
	works["template_run"] = each(compiled, render)
	works["template_eval"] = each(in.templates, func(text string, show bool) ([]byte, error) {
		t, err := template.New("param").Funcs(sprig.FuncMap()).Parse(text)
		if err != nil {
			return nil, err
		}
		return render(t, show)
	})
	return nil
}

func paths(in *inputs, works map[string]work) {
	event := string(in.event)
	works["gjson_get"] = each(in.paths, func(path string, _ bool) ([]byte, error) {
		return []byte(gjson.Get(event, path).String()), nil
	})
}

func compileJq(text string) (*gojq.Code, error) {
	query, err := gojq.Parse(text)
	if err != nil {
		return nil, err
	}
	return gojq.Compile(query)
}

func first(code *gojq.Code, document any) (any, error) {
	value, _ := code.Run(document).Next()
	if err, failed := value.(error); failed {
		return nil, err
	}
	return value, nil
}

func jq(in *inputs, works map[string]work) error {
	code, err := compileJq(string(in.program))
	if err != nil {
		return err
	}
	works["jq_run"] = func(show bool) ([]byte, error) {
		value, err := first(code, in.document)
		if err != nil {
			return nil, err
		}
		return shown(value, show)
	}
	works["jq_eval"] = func(bool) ([]byte, error) {
		var document any

		if err := json.Unmarshal(in.event, &document); err != nil {
			return nil, err
		}
		code, err := compileJq(string(in.program))
		if err != nil {
			return nil, err
		}
		value, err := first(code, document)
		if err != nil {
			return nil, err
		}
		return json.Marshal(value)
	}
	return nil
}

func languages(folder string) (map[string]work, error) {
	in, err := read(folder)
	if err != nil {
		return nil, err
	}
	works := map[string]work{
		"yaml_to_json": func(bool) ([]byte, error) { return yaml.YAMLToJSON(in.yaml) },
		"json_parse_print": func(bool) ([]byte, error) {
			var document any

			if err := json.Unmarshal(in.nodes, &document); err != nil {
				return nil, err
			}
			return json.Marshal(document)
		},
		"subst_text":   func(bool) ([]byte, error) { return replace(in.manifest, in.values) },
		"subst_object": substituteObject(in),
	}
	paths(in, works)
	for _, add := range []func(*inputs, map[string]work) error{expressions, templates, jq} {
		if err := add(in, works); err != nil {
			return nil, err
		}
	}
	return works, nil
}
