package chart

import (
	"encoding/json"
	"os/exec"
	"regexp"
	"sort"
	"strings"
	"sync"
	"testing"

	"github.com/xeipuuv/gojsonschema"
	"sigs.k8s.io/yaml"
)

var (
	loadSchema  sync.Once
	schema      *gojsonschema.Schema
	schemaError error
)

// schemaProblems is what values.schema.json has against the values.
func schemaProblems(values Values) ([]string, error) {
	loadSchema.Do(func() {
		schema, schemaError = gojsonschema.NewSchema(gojsonschema.NewReferenceLoader("file://" + absolute(folder+"/values.schema.json")))
	})
	if schemaError != nil {
		return nil, schemaError
	}
	text, err := json.Marshal(values)
	if err != nil {
		return nil, err
	}
	result, err := schema.Validate(gojsonschema.NewBytesLoader(text))
	if err != nil {
		return nil, err
	}
	var problems []string
	for _, problem := range result.Errors() {
		problems = append(problems, problem.String())
	}
	return problems, nil
}

func TestWrongValuesAreRefusedByTheSchema(t *testing.T) {
	chart, err := Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []string{
		`{"mode": "both"}`,
		`{"replicas": 2}`,
		`{"primary": {"adress": "db1:3306"}}`,
		`{"primary": {"address": "mysql://db1"}}`,
		`{"settings": {"listen": "0.0.0.0:3306"}}`,
		`{"settings": {"max_connections": "many"}}`,
		`{"secret": {"name": ""}}`,
		`{"secret": {"password": "in clear"}}`,
		`{"service": {"port": 0}}`,
		`{"service": {"type": "ExternalName"}}`,
		`{"sidecar": {"primaryPort": 3307}}`,
		`{"sidecar": {"mysql": {"database": "a` + "`" + `b"}}}`,
		`{"tls": {"clients": {"mode": "verify-ca"}}}`,
		`{"drain": {"timeoutSeconds": -1}}`,
		`{"podDisruptionBudget": {"maxUnavailable": 2}}`,
		`{"metrics": {"serviceMonitor": {"interval": "often"}}}`,
		`{"podLabels": {"a": 1}}`,
	} {
		values, err := chart.With(gateway, wrong)
		if err != nil {
			t.Fatal(err)
		}
		if problems := refused(values); len(problems) == 0 {
			t.Errorf("%s is taken", wrong)
		}
	}
}

// The settings that the schema allows and those that the chart writes are those that the program has.
func TestSettingsAreThoseOfTheProgram(t *testing.T) {
	help, err := exec.Command(binary(t), "serve", "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	var ofProgram []string
	for _, flag := range regexp.MustCompile(`(?m)^ +--([a-z-]+) `).FindAllStringSubmatch(string(help), -1) {
		if flag[1] != "help" && flag[1] != "config" {
			ofProgram = append(ofProgram, strings.ReplaceAll(flag[1], "-", "_"))
		}
	}
	var read struct {
		Properties struct {
			Settings struct {
				Properties map[string]interface{} `json:"properties"`
			} `json:"settings"`
		} `json:"properties"`
	}
	if err := yaml.Unmarshal([]byte(readFile(t, folder+"/values.schema.json")), &read); err != nil {
		t.Fatal(err)
	}
	ofChart := []string{"listen", "primary", "http", "user", "password_file", "token_file", "http_certificate", "http_key",
		"client_tls", "certificate", "key", "server_tls", "ca", "drain_timeout_seconds", "log_format"}
	for name := range read.Properties.Settings.Properties {
		ofChart = append(ofChart, name)
	}
	sort.Strings(ofProgram)
	sort.Strings(ofChart)
	if strings.Join(ofProgram, " ") != strings.Join(ofChart, " ") {
		t.Errorf("the program has %v, the chart %v", ofProgram, ofChart)
	}
}
