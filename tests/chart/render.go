// Package chart renders helm/sluice as Helm does, with text/template and Sprig, and holds the tests of what comes out.
package chart

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"sigs.k8s.io/yaml"
)

// Values as Helm holds them: what JSON knows.
type Values map[string]interface{}

// Chart is a chart's folder, parsed once and rendered often. Safe for concurrent use.
type Chart struct {
	folder    string
	templates *template.Template
	names     []string
	meta      map[string]interface{}
	values    []byte
}

// Release is what a user names on Helm's command line, and the cluster it meets.
type Release struct {
	Name, KubeVersion string
}

type files struct{ folder string }

// Get is .Files.Get of templates; a file that is missing is an error here, where Helm would render nothing.
func (f files) Get(name string) (string, error) {
	text, err := os.ReadFile(filepath.Join(f.folder, name))
	return string(text), err
}

func toYAML(value interface{}) (string, error) {
	text, err := yaml.Marshal(value)
	return strings.TrimSuffix(string(text), "\n"), err
}

func required(message string, value interface{}) (interface{}, error) {
	if text, isText := value.(string); value == nil || (isText && text == "") {
		return nil, errors.New(message)
	}
	return value, nil
}

// functions are those that Helm adds to Sprig's. `include` needs the templates, which need it to be parsed.
func functions(owner **template.Template) template.FuncMap {
	all := sprig.TxtFuncMap()
	delete(all, "env")
	delete(all, "expandenv")
	all["toYaml"] = toYAML
	all["required"] = required
	all["include"] = func(name string, data interface{}) (string, error) {
		var text bytes.Buffer
		err := (*owner).ExecuteTemplate(&text, name, data)
		return text.String(), err
	}
	return all
}

// Load parses all templates of the chart.
func Load(folder string) (*Chart, error) {
	chart := &Chart{folder: folder}
	// A value that is not in values.yaml is an error, where Helm would render nothing.
	chart.templates = template.New("").Option("missingkey=error").Funcs(functions(&chart.templates))
	paths, err := filepath.Glob(filepath.Join(folder, "templates", "*"))
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		name := filepath.Base(path)
		if _, err := chart.templates.New(name).Parse(string(text)); err != nil {
			return nil, err
		}
		if !strings.HasPrefix(name, "_") {
			chart.names = append(chart.names, name)
		}
	}
	if chart.values, err = os.ReadFile(filepath.Join(folder, "values.yaml")); err != nil {
		return nil, err
	}
	meta, err := os.ReadFile(filepath.Join(folder, "Chart.yaml"))
	if err != nil {
		return nil, err
	}
	return chart, yaml.Unmarshal(meta, &chart.meta)
}

// With is values.yaml, with `given` (JSON texts, the later before the earlier) laid over it as Helm lays --values.
func (c *Chart) With(given ...string) (Values, error) {
	var values Values
	if err := yaml.Unmarshal(c.values, &values); err != nil {
		return nil, err
	}
	for _, text := range given {
		var more Values
		if err := json.Unmarshal([]byte(text), &more); err != nil {
			return nil, fmt.Errorf("%s: %w", text, err)
		}
		lay(more, values)
	}
	return values, nil
}

func lay(over, under map[string]interface{}) {
	for key, value := range over {
		above, isMap := value.(map[string]interface{})
		below, wasMap := under[key].(map[string]interface{})
		if isMap && wasMap {
			lay(above, below)
		} else {
			under[key] = value
		}
	}
}

// Render gives the text of each template by its file's name.
func (c *Chart) Render(release Release, values Values) (map[string]string, error) {
	data := map[string]interface{}{
		"Values":       map[string]interface{}(values),
		"Release":      map[string]interface{}{"Name": release.Name, "Namespace": "shop", "Service": "Helm"},
		"Capabilities": map[string]interface{}{"KubeVersion": map[string]string{"Version": release.KubeVersion}},
		"Files":        files{c.folder},
		"Chart": map[string]interface{}{
			"Name": c.meta["name"], "Version": c.meta["version"], "AppVersion": c.meta["appVersion"],
		},
	}
	texts := map[string]string{}
	for _, name := range c.names {
		var text bytes.Buffer
		if err := c.templates.ExecuteTemplate(&text, name, data); err != nil {
			return nil, err
		}
		texts[name] = text.String()
	}
	return texts, nil
}
