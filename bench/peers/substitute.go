package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/valyala/fasttemplate"
)

// Tags of a JSON text filled in as the workflow controller does it: the text must be JSON before
// and after, values are inserted as Go quotes them, a name that is not known stays.
func replace(text []byte, values map[string]any) ([]byte, error) {
	var out bytes.Buffer

	if !json.Valid(text) {
		return nil, fmt.Errorf("no JSON before")
	}
	t, err := fasttemplate.NewTemplate(string(text), "{{", "}}")
	if err != nil {
		return nil, err
	}
	if _, err = t.ExecuteFunc(&out, func(w io.Writer, tag string) (int, error) {
		value, ok := values[strings.TrimSpace(tag)].(string)
		if !ok {
			return fmt.Fprintf(w, "{{%s}}", tag)
		}
		quoted := strconv.Quote(value)
		return w.Write([]byte(quoted[1 : len(quoted)-1]))
	}); err != nil {
		return nil, err
	}
	if !json.Valid(out.Bytes()) {
		return nil, fmt.Errorf("no JSON behind")
	}
	return out.Bytes(), nil
}

// The objects of the manifest, as far as it has any.
type manifest struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		Templates []step `json:"templates"`
	} `json:"spec"`
}

type step struct {
	Name      string `json:"name"`
	Container struct {
		Image   string     `json:"image"`
		Command []string   `json:"command"`
		Args    []string   `json:"args"`
		Env     []variable `json:"env"`
	} `json:"container"`
}

type variable struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// From an object to an object: the text between is made and read again.
func substituteObject(in *inputs) work {
	var before manifest

	return func(show bool) ([]byte, error) {
		var after manifest

		if before.Kind == "" {
			if err := json.Unmarshal(in.manifest, &before); err != nil {
				return nil, err
			}
		}
		text, err := json.Marshal(before)
		if err != nil {
			return nil, err
		}
		if text, err = replace(text, in.values); err != nil {
			return nil, err
		}
		if err = json.Unmarshal(text, &after); err != nil {
			return nil, err
		}
		return shown(after, show)
	}
}
